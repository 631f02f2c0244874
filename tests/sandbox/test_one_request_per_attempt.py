"""Every sender sends one request per attempt, even if the receiver closes reused connections."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from tests.check.test_client import build_request

from pivotal_sandbox.check.client import HttpReceiverClient
from pivotal_sandbox.clock import Clock
from pivotal_sandbox.common.durations import HOUR
from pivotal_sandbox.domain.bins import Bin
from pivotal_sandbox.load.runner import Load, run
from pivotal_sandbox.load.stats import LoadStats
from pivotal_sandbox.sandbox.sandbox import Sandbox
from pivotal_sandbox.sender.egress import AddressGuard
from pivotal_sandbox.store.captures import CaptureFilter
from pivotal_sandbox.store.deliveries import DeliveryFilter
from pivotal_sandbox.web.server import Running


class ClosingReceiver:
    """Responds to the first request of a connection; reads the second one whole, and closes."""

    def __init__(self) -> None:
        self.url = ""
        self.requests = 0
        self.lost = 0

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._read_request(reader)
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            await self._read_request(reader)
            self.lost += 1
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _read_request(self, reader: asyncio.StreamReader) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        await reader.readexactly(int(length))
        self.requests += 1


@pytest.fixture
async def receiver() -> AsyncIterator[ClosingReceiver]:
    receiver = ClosingReceiver()
    async with await asyncio.start_server(receiver.handle, "127.0.0.1", 0) as server:
        receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
        yield receiver


async def test_deliveries_and_replays_send_one_request_per_attempt(
    receiver: ClosingReceiver,
) -> None:
    async with Sandbox(clock=Clock.manual(), seed=7) as sandbox:
        await sandbox.add_endpoint(receiver.url)
        for _ in range(5):
            triggered = await sandbox.trigger("task.created")
            await sandbox.dispatcher.settle()
        await sandbox.advance(HOUR)
        await sandbox.replay([triggered.deliveries[0].id] * 4)
        await sandbox.advance(HOUR)
        deliveries, _ = await sandbox.deliveries.page(DeliveryFilter(), limit=100)
        assert {delivery.status for delivery in deliveries} == {"delivered"}
        assert sum(delivery.attempt_count for delivery in deliveries) == receiver.requests
        errors = [
            attempt.outcome.error
            for delivery in deliveries
            for attempt in await sandbox.deliveries.attempts(delivery.id)
            if not attempt.outcome.ok
        ]
    assert errors == ["connection_reset"] * receiver.lost
    assert receiver.lost > 0


async def test_forwarding_sends_one_request_per_capture(
    receiver: ClosingReceiver, running: Running, client: httpx.AsyncClient
) -> None:
    await running.sandbox.receiver.set_bin(Bin("fw", forward_to=receiver.url))
    statuses = [(await client.post("/in/fw", content=b"{}")).status_code for _ in range(6)]
    captures, _ = await running.sandbox.captures.page(CaptureFilter(bin="fw"), limit=100)
    assert statuses == [200, 502] * 3
    assert len(captures) == receiver.requests == 6
    errors = [capture.forwarded.outcome.error for capture in captures if capture.forwarded]
    assert errors.count("connection_reset") == 3


@pytest.mark.parametrize("rate", [50.0, None])
async def test_a_load_sends_one_request_per_result(
    receiver: ClosingReceiver, rate: float | None
) -> None:
    results: dict[str, int] = {}

    def collect(stats: LoadStats) -> None:
        for result, count in stats.answers.items():
            results[result] = results.get(result, 0) + count

    load = Load(receiver.url, "whsec_x", rate, 400, 2)
    await run(load, collect, asyncio.Event())
    assert sum(results.values()) == receiver.requests
    assert results["connection_reset"] == receiver.lost > 0


async def test_a_check_sends_one_request_per_exchange(receiver: ClosingReceiver) -> None:
    check_client = HttpReceiverClient(receiver.url, AddressGuard(), timeout_ms=5_000)
    first = build_request(receiver.url)
    exchanges = [
        *await check_client.follow(first, first),
        await check_client.send(first),
        *await check_client.send_concurrently([first, first]),
    ]
    assert [exchange.failure for exchange in exchanges] == [None, "connection_reset", *[None] * 3]
    assert len(exchanges) == receiver.requests
