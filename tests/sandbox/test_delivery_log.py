"""Attempts that a stop interrupted are in the log after the next start."""

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from tests.store.unreliable import UnreliableDatabase

from pivotal_sandbox.clock import MANUAL_START, Clock
from pivotal_sandbox.common.durations import HOUR, SECOND
from pivotal_sandbox.domain.models import Attempt, Delivery
from pivotal_sandbox.errors import StoreError
from pivotal_sandbox.sandbox.sandbox import Sandbox
from pivotal_sandbox.store.deliveries import DeliveryFilter
from pivotal_sandbox.store.in_flight import InFlightAttempts, StartedAttempt

ROOT = Path(__file__).parents[2]
URL = "http://127.0.0.1:1/"
STARTED = StartedAttempt("msg_1", 1, 7, (("host", "a.test"), ("x-a", "ö")))


async def the_only_delivery(sandbox: Sandbox) -> tuple[Delivery, list[Attempt]]:
    [delivery], _ = await sandbox.deliveries.page(DeliveryFilter(), limit=10)
    return delivery, await sandbox.deliveries.attempts(delivery.id)


class HangingReceiver:
    """Counts requests, and responds to none of them until `opened` is set."""

    def __init__(self) -> None:
        self.requests = 0
        self.arrived = asyncio.Event()
        self.opened = asyncio.Event()

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests += 1
        self.arrived.set()
        await self.opened.wait()
        return httpx.Response(200)


async def test_an_attempt_interrupted_by_a_stop_is_logged_and_retried_by_the_policy(
    tmp_path: Path,
) -> None:
    path, receiver = tmp_path / "sandbox.db", HangingReceiver()
    transport = httpx.MockTransport(receiver)
    async with Sandbox(path, clock=Clock.manual(), seed=7, transport=transport) as sandbox:
        await sandbox.add_endpoint(URL)
        await asyncio.wait_for(receiver.arrived.wait(), 5)
        assert (tmp_path / "sandbox.db-inflight").exists()
    assert not (tmp_path / "sandbox.db-inflight").exists()

    receiver.opened.set()
    async with Sandbox(path, clock=Clock.manual(), seed=7, transport=transport) as sandbox:
        await sandbox.dispatcher.settle()
        delivery, [attempt] = await the_only_delivery(sandbox)
        assert receiver.requests == 1
        assert (attempt.number, attempt.started_at) == (1, MANUAL_START)
        assert (attempt.outcome.error, attempt.outcome.response) == ("interrupted", None)
        assert dict(attempt.request_headers)["pivotal-delivery-id"] == delivery.id
        assert (delivery.status, delivery.attempt_count) == ("retrying", 1)
        assert delivery.last_status_code is None
        assert delivery.next_attempt_at is not None
        assert 30 * SECOND <= delivery.next_attempt_at - MANUAL_START <= 33 * SECOND
        await sandbox.advance(HOUR)
        delivery, attempts = await the_only_delivery(sandbox)
        assert [attempt.outcome.error for attempt in attempts] == ["interrupted", None]
        assert (delivery.status, receiver.requests) == ("delivered", 2)


async def test_a_finished_attempt_is_not_interrupted_by_a_stop(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.db"
    ok = httpx.MockTransport(lambda request: httpx.Response(200))
    async with Sandbox(path, clock=Clock.manual(), transport=ok) as sandbox:
        await sandbox.add_endpoint(URL)
        await sandbox.dispatcher.settle()
        delivery, [attempt] = await the_only_delivery(sandbox)
        # The note of a finished attempt stays in its slot, as after a crash.
        notes = (tmp_path / "sandbox.db-inflight").read_bytes()
        assert delivery.id.encode() in notes
    (tmp_path / "sandbox.db-inflight").write_bytes(notes)
    async with Sandbox(path, clock=Clock.manual(), transport=ok) as sandbox:
        await sandbox.dispatcher.settle()
        assert await the_only_delivery(sandbox) == (delivery, [attempt])


async def test_an_attempt_in_flight_at_kill_9_is_logged_as_interrupted(tmp_path: Path) -> None:
    """The attempt starts in a process of its own, which is killed once its request arrived."""
    arrived = asyncio.Event()
    requests: list[bytes] = []

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            requests.append(await reader.readuntil(b"\r\n\r\n"))
            arrived.set()
            await reader.read()
        writer.close()

    path = tmp_path / "sandbox.db"
    async with await asyncio.start_server(hang, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        program = f"""
import asyncio
from pathlib import Path
from pivotal_sandbox.clock import Clock
from pivotal_sandbox.sandbox.sandbox import Sandbox

async def main():
    async with Sandbox(Path({str(path)!r}), clock=Clock.manual()) as sandbox:
        await sandbox.add_endpoint({url!r})
        await asyncio.Event().wait()

asyncio.run(main())
"""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, cwd=ROOT, stderr=subprocess.DEVNULL
        )
        await asyncio.wait_for(arrived.wait(), 20)
        os.kill(process.pid, signal.SIGKILL)
        await process.wait()
        async with Sandbox(path, clock=Clock.manual()) as sandbox:
            await sandbox.dispatcher.settle()
            delivery, [attempt] = await the_only_delivery(sandbox)
    assert (attempt.number, attempt.started_at) == (1, MANUAL_START)
    assert attempt.outcome.error == "interrupted"
    assert f"pivotal-delivery-id: {delivery.id}".encode() in requests[0]
    assert delivery.status == "retrying"
    assert len(requests) == 1


async def test_notes_stay_if_the_store_fails_while_stopping(tmp_path: Path) -> None:
    receiver = HangingReceiver()

    class FileSandbox(Sandbox):
        def open_database(self) -> UnreliableDatabase:
            self.database = UnreliableDatabase(self._path)
            return self.database

    path, transport = tmp_path / "sandbox.db", httpx.MockTransport(receiver)
    async with FileSandbox(path, clock=Clock.manual(), transport=transport) as sandbox:
        await sandbox.add_endpoint(URL)
        await asyncio.wait_for(receiver.arrived.wait(), 5)
        sandbox.database.error = StoreError("The disk is full.")
    assert (tmp_path / "sandbox.db-inflight").exists()
    async with Sandbox(path, clock=Clock.manual(), transport=transport) as restarted:
        _, [attempt] = await the_only_delivery(restarted)
    assert attempt.outcome.error == "interrupted"
    assert not (tmp_path / "sandbox.db-inflight").exists()


def test_notes_are_read_by_the_next_process(tmp_path: Path) -> None:
    notes = InFlightAttempts(tmp_path / "a.db")
    notes.open()
    large = StartedAttempt("msg_2", 1, 8, (("x-large", "x" * 5000),))
    first = notes.start(StartedAttempt("msg_0", 1, 1, ()))
    notes.start(large)
    notes.finish(first)
    notes.start(STARTED)
    notes.close()
    left = InFlightAttempts(tmp_path / "a.db")
    assert left.read() == [STARTED, StartedAttempt("msg_2", 1, 8, ())]
    left.open()
    assert left.read() == []
    left.close(remove=True)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("data", [b"", b"\x05", b"\0" * 5000, b"\x09\0\0\0[1,2]" + b"x" * 1018])
def test_damaged_notes_are_skipped(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.db-inflight").write_bytes(data)
    assert InFlightAttempts(tmp_path / "a.db").read() == []


def test_notes_need_no_file(tmp_path: Path) -> None:
    for notes in (InFlightAttempts(None), InFlightAttempts(tmp_path / "missing" / "a.db")):
        notes.open()
        notes.finish(notes.start(STARTED))
        notes.close()
        assert notes.read() == []
