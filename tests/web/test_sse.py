"""The stream: messages in order, once each, and what was missed on coming back."""

import asyncio
from collections.abc import AsyncIterator

import httpx

from pivotal_sandbox.feed import ChaosChanged, ClockChanged, Feed
from pivotal_sandbox.web.sse import Stream

Message = tuple[str, str, str]  # id, event, data


async def read(frames: AsyncIterator[bytes], count: int) -> list[Message]:
    """Return the first messages of a stream."""
    found: list[Message] = []
    while len(found) < count:
        chunk = await asyncio.wait_for(anext(frames), 10)
        for block in chunk.decode().split("\n\n"):
            lines = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
            if "event" in lines:
                found.append((lines["id"], lines["event"], lines["data"]))
    return found


def told(feed: Feed, *moments: int) -> None:
    for moment in moments:
        feed.publish(ClockChanged(moment, 1.0))


async def test_what_happens_is_told_in_order() -> None:
    feed = Feed()
    stream = Stream(feed)
    frames = stream.follow(None)
    assert await anext(frames) == b"retry: 1000\n\n"
    told(feed, 0, 1000)
    messages = await read(frames, 2)
    assert [event for _, event, _ in messages] == ["clock", "clock"]
    assert [data for _, _, data in messages] == [
        '{"now":"1970-01-01T00:00:00.000Z","speed":1.0}',
        '{"now":"1970-01-01T00:00:01.000Z","speed":1.0}',
    ]


async def test_coming_back_gets_what_was_missed_and_nothing_twice() -> None:
    feed = Feed()
    stream = Stream(feed)
    told(feed, *range(5))
    first = stream.follow(None)
    await anext(first)
    told(feed, 5)
    [(last, _, _)] = await read(first, 1)
    told(feed, 6, 7)
    again = await read(stream.follow(last), 2)
    assert [data.partition(".")[2][:4] for _, _, data in again] == ["006Z", "007Z"]
    number = int(last.partition("-")[2])
    assert [int(id.partition("-")[2]) for id, _, _ in again] == [number + 1, number + 2]


async def test_what_cannot_be_made_up_for_is_a_reset() -> None:
    feed = Feed()
    stream = Stream(feed)
    told(feed, 1)
    for unknown in ("other-1", "nonsense", "-", f"{'0' * 8}-99"):
        [(_, event, _)] = await read(stream.follow(unknown), 1)
        assert event == "reset"
    early = stream.follow(None)
    await anext(early)
    told(feed, 2)
    [(first, _, _)] = await read(early, 1)
    told(feed, *range(5000))
    [(_, event, _)] = await read(stream.follow(first), 1)
    assert event == "reset"
    [(_, event, _)] = await read(early, 1)  # and for whoever reads too slowly
    assert event == "reset"


async def test_closing_ends_it_for_all() -> None:
    stream = Stream(Feed())
    frames = stream.follow(None)
    await anext(frames)
    waiting = asyncio.ensure_future(anext(frames, None))
    await _run_loop_once()
    stream.close()
    assert await asyncio.wait_for(waiting, 10) is None


async def test_a_trigger_a_capture_and_a_change_of_an_endpoint_are_seen(
    client: httpx.AsyncClient,
) -> None:
    async with client.stream("GET", "/api/stream") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        frames = answer.aiter_bytes()
        await anext(frames)
        triggered = (await client.post("/api/events", json={"type": "task.created"})).json()
        messages = await read(frames, 3)
        assert [event for _, event, _ in messages] == ["delivery", "capture", "attempt"]
        assert triggered["deliveries"][0]["id"] in messages[2][2]
        assert '"body"' not in messages[1][2]
        endpoint = triggered["deliveries"][0]["endpoint_id"]
        await client.patch(f"/api/endpoints/{endpoint}", json={"enabled": False})
        [(_, event, data)] = await read(frames, 1)
        assert event == "endpoint"
        assert "whsec" not in data


async def _run_loop_once() -> None:
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    loop.call_soon(future.set_result, None)
    await future


async def test_other_chaos_is_told() -> None:
    feed = Feed()
    stream = Stream(feed)
    frames = stream.follow(None)
    await anext(frames)
    feed.publish(ChaosChanged("5xx=10%"))
    [(_, event, data)] = await read(frames, 1)
    assert (event, data) == ("chaos", '{"spec":"5xx=10%"}')
