import asyncio
import json
from pathlib import Path

import pytest
from tests.load.receiver import NO_CONTENT, answering

from pivotal_sandbox.clock import sleep
from pivotal_sandbox.errors import InputError, UnreachableError
from pivotal_sandbox.load.runner import Ended, Load, run
from pivotal_sandbox.load.stats import LoadStats

FAILED = b"HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n"


async def no_content(head: bytes, body: bytes) -> bytes:
    return NO_CONTENT


async def sent(load: Load, stop: asyncio.Event | None = None) -> tuple[Ended, LoadStats]:
    total = LoadStats(load.slice_ms)
    ended = await run(load, total.merge, stop or asyncio.Event())
    return ended, total


def load_of(url: str, rate: float | None, duration_ms: int, connections: int = 8) -> Load:
    return Load(url, "whsec_1", rate, duration_ms, connections)


async def test_at_a_rate_exactly_as_many_are_sent_as_fall_due() -> None:
    async with answering(no_content) as url:
        ended, tally = await sent(load_of(url, 100, 500))
    assert (tally.answers, tally.unsent) == ({"204": 50}, 0)
    assert ended.took_ms == pytest.approx(500)
    assert not ended.stopped


async def test_a_stall_counts_from_when_each_request_was_due() -> None:
    """One connection, one answer of 300 ms: those due meanwhile waited, and it is seen."""
    slow = iter([300])

    async def answer(head: bytes, body: bytes) -> bytes:
        await sleep(next(slow, 0))
        return NO_CONTENT

    async with answering(answer) as url:
        _, tally = await sent(load_of(url, 100, 600, connections=1))
    latencies = tally.latencies()
    assert len(tally) == 60
    # Measured from the sending, only one of sixty would have taken long.
    assert latencies.percentile(75) > 60
    assert latencies.most_ms >= 300


async def test_what_was_due_and_found_no_connection_is_counted() -> None:
    async def never(head: bytes, body: bytes) -> bytes:
        await sleep(60_000)
        return NO_CONTENT

    async with answering(never) as url:
        load = Load(url, "whsec_1", 50, 200, 2, timeout_ms=300)
        _, tally = await sent(load)
    assert tally.answers == {"timeout": 2}
    assert tally.unsent == 8


async def test_without_a_rate_the_next_follows_each_answer() -> None:
    async with answering(no_content) as url:
        ended, tally = await sent(load_of(url, None, 300, connections=4))
    assert len(tally) > 20
    assert set(tally.answers) == {"204"}
    assert not ended.stopped


async def test_each_kind_of_answer_is_counted_by_itself() -> None:
    answers = [NO_CONTENT, FAILED, b""]

    async def answer(head: bytes, body: bytes) -> bytes:
        return answers[hash(json.loads(body)["id"]) % 3]

    async with answering(answer) as url:
        _, tally = await sent(load_of(url, 200, 500))
    assert set(tally.answers) == {"204", "500", "connection_reset"}
    assert len(tally) + tally.unsent == 100
    assert tally.troubled.total() == tally.answers["500"] + tally.answers["connection_reset"]


@pytest.mark.parametrize("rate", [None, 50.0])
async def test_a_stop_ends_it_with_what_came_so_far(rate: float | None) -> None:
    stop = asyncio.Event()

    async def answer(head: bytes, body: bytes) -> bytes:
        asyncio.get_running_loop().call_later(0.2, stop.set)
        return NO_CONTENT

    async with answering(answer) as url:
        ended, tally = await sent(load_of(url, rate, 60_000), stop)
    assert ended.stopped
    assert ended.took_ms < 30_000
    assert len(tally) > 0
    assert tally.unsent == 0


async def test_after_a_stop_an_answer_that_does_not_come_is_not_waited_for() -> None:
    stop = asyncio.Event()

    async def never(head: bytes, body: bytes) -> bytes:
        stop.set()
        await sleep(60_000)
        return NO_CONTENT

    async with answering(never) as url:
        async with asyncio.timeout(8):
            ended, tally = await sent(load_of(url, None, 60_000), stop)
    assert (ended.stopped, len(tally)) == (True, 0)


async def test_where_nobody_listens_any_more_it_goes_on_without_haste() -> None:
    async with answering(no_content) as url:
        stop = asyncio.Event()
        total = LoadStats(100)
        running = asyncio.create_task(run(load_of(url, None, 1_500, 2), total.merge, stop))
        while not len(total):
            await sleep(10)
    await running
    assert 0 < total.answers["connection_refused"] < 200


async def test_no_connection_in_the_first_place_is_unreachable() -> None:
    async with answering(no_content) as url:
        pass
    with pytest.raises(UnreachableError, match="connection refused"):
        await sent(load_of(url, 10, 1_000))


async def test_beyond_loopback_nothing_is_sent_unless_allowed() -> None:
    with pytest.raises(UnreachableError, match="--allow-host"):
        await sent(load_of("http://192.0.2.1/hook", 10, 1_000))


async def test_a_catalog_of_ones_own_is_what_is_sent(tmp_path: Path) -> None:
    types: set[str] = set()

    async def answer(head: bytes, body: bytes) -> bytes:
        types.add(json.loads(body)["type"])
        return NO_CONTENT

    event = {"id": "e", "type": "invoice.paid", "created_at": "2026-01-01T00:00:00Z", "data": {}}
    entry = {"name": "invoice.paid", "object": "invoice", "schema": {}, "example": event}
    file = tmp_path / "catalog.json"
    file.write_text(json.dumps({"event_types": [entry]}))
    async with answering(answer) as url:
        await sent(Load(url, "whsec_1", 50, 100, 2, catalog=file))
    assert types == {"invoice.paid"}


@pytest.mark.parametrize(
    ("rate", "duration_ms", "connections", "pointer"),
    [(0, 1, 1, "/rate"), (-5, 1, 1, "/rate"), (1, 0, 1, "/duration"), (1, 1, 0, "/connections")],
)
def test_a_load_of_nothing_is_refused(
    rate: float, duration_ms: int, connections: int, pointer: str
) -> None:
    with pytest.raises(InputError) as refused:
        load_of("http://127.0.0.1/", rate, duration_ms, connections)
    assert refused.value.pointer == pointer
