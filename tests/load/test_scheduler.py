"""What a whole load does is tested in test_runner.py; here, how it uses its connections."""

import asyncio
import random

import pytest
from tests.load.receiver import NO_CONTENT, Answering, answering, connections_of

from pivotal_sandbox.clock import sleep
from pivotal_sandbox.common.urls import parse_url
from pivotal_sandbox.domain.catalog_loader import load_catalog
from pivotal_sandbox.load.connection import LoadConnection
from pivotal_sandbox.load.request_factory import RequestFactory
from pivotal_sandbox.load.scheduler import Done, Sending
from pivotal_sandbox.load.stats import LoadStats
from pivotal_sandbox.sender.egress import AddressGuard
from pivotal_sandbox.sender.failures import Failure
from pivotal_sandbox.sender.pool import Pool


def sending_to(url: str, *, rate: float | None, duration_ms: int = 200, slots: int = 4) -> Sending:
    pool = Pool(AddressGuard())

    async def connect(done: Done) -> LoadConnection | Failure:
        return await pool.connect(
            parse_url(url),
            asyncio.get_running_loop().time() + 5,
            5_000,
            make=lambda peer: LoadConnection(peer, known={}, done=done, timeout_ms=5_000),
        )

    make = RequestFactory(url, "whsec_1", load_catalog(), random.Random(7)).next
    return Sending(
        make, connect, rate=rate, duration_ms=duration_ms, slots=slots, slice_ms=duration_ms
    )


async def sent(
    answer: Answering, rate: float | None, duration_ms: int = 200
) -> tuple[LoadStats, int]:
    """Return what was counted, and how many connections that took."""
    async with answering(answer) as url:
        sending = sending_to(url, rate=rate, duration_ms=duration_ms)
        assert await sending.open() is None
        sending.start()
        await asyncio.wait_for(sending.finished.wait(), 20)
        await sending.close()
        return sending.rest(), connections_of(url)


async def no_content(head: bytes, body: bytes) -> bytes:
    return NO_CONTENT


async def test_where_one_connection_is_enough_no_other_is_opened() -> None:
    tally, connections = await sent(no_content, 5, duration_ms=600)
    assert (tally.answers, connections) == ({"204": 3}, 1)


async def test_as_fast_as_answers_come_takes_all_of_them() -> None:
    tally, connections = await sent(no_content, None)
    assert tally.answers["204"] > 20
    assert connections == 4


@pytest.mark.parametrize("rate", [20, None])
async def test_a_request_on_a_connection_that_closes_is_counted_as_reset_and_not_sent_again(
    rate: float | None,
) -> None:
    requests = 0

    async def close_every_third(head: bytes, body: bytes) -> bytes:
        nonlocal requests
        requests += 1
        return NO_CONTENT if requests % 3 else b""

    stats, _ = await sent(close_every_third, rate, duration_ms=300)
    assert sum(stats.answers.values()) == requests
    assert stats.answers["connection_reset"] == requests // 3 > 0


async def test_a_connection_idle_for_longer_than_servers_keep_it_is_not_reused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pivotal_sandbox.sender.http1._MAX_IDLE_S", 0.0)
    stats, connections = await sent(no_content, 20, duration_ms=300)
    assert stats.answers == {"204": 6}
    assert connections >= 6


async def test_a_receiver_that_closes_after_each_answer_is_connected_to_anew() -> None:
    async def answer(head: bytes, body: bytes) -> bytes:
        return b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"

    tally, connections = await sent(answer, 10, 500)
    assert (tally.answers, connections) == ({"200": 5}, 5)


async def test_what_is_open_is_used_before_another_is_opened() -> None:
    """The first connection is slow, so there is a second; then the first one closes."""
    closing = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
    turn = iter([(150, closing)])

    async def answer(head: bytes, body: bytes) -> bytes:
        pause_ms, said = next(turn, (0, NO_CONTENT))
        await sleep(pause_ms)
        return said

    tally, connections = await sent(answer, 10, 1_000)
    assert (tally.answers, connections) == ({"200": 1, "204": 9}, 2)


async def test_no_first_connection_is_a_failure() -> None:
    async with answering(no_content) as url:
        pass
    sending = sending_to(url, rate=1)
    assert isinstance(await sending.open(), Failure)
    await sending.close()


async def test_closing_waits_for_no_answer_and_for_no_connection() -> None:
    async def never(head: bytes, body: bytes) -> bytes:
        await asyncio.Event().wait()
        return NO_CONTENT

    async with answering(never) as url:
        sending = sending_to(url, rate=None, duration_ms=60_000)
        assert await sending.open() is None
        sending.start()
        await asyncio.wait_for(sending.close(), 5)
        sending.stop()
        assert not sending.finished.is_set()
        assert sending.took_ms < 10_000
