"""Limits, pace, effects, and crash."""

from collections.abc import Sequence

import pytest

from pivotal_sandbox.check.model import Exchange
from pivotal_sandbox.check.request import CheckRequest
from pivotal_sandbox.check.session import REQUESTS_MOST, OverError, Session, Settings
from pivotal_sandbox.domain.models import ErrorCode

SHOT = CheckRequest("x", b"POST / HTTP/1.1\r\n\r\n", b"", "evt_1", True, 0)
SETTINGS = Settings("http://127.0.0.1:1/", "s", 1, 1_000)


def answer(request: CheckRequest, status: int | None, failure: ErrorCode | None = None) -> Exchange:
    return Exchange(request.sent, 0, status, None, b"", 1.0, label=request.label, failure=failure)


class Script:
    """A client whose answers are written down; the last one goes on."""

    def __init__(self, *answers: int | ErrorCode) -> None:
        self.answers = list(answers)
        self.sent: list[CheckRequest] = []

    async def send(
        self,
        request: CheckRequest,
        *,
        piece: int = 0,
        pause_ms: float = 0,
        timeout_ms: float | None = None,
    ) -> Exchange:
        self.sent.append(request)
        now = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return answer(request, now) if isinstance(now, int) else answer(request, None, now)

    async def send_concurrently(self, requests: Sequence[CheckRequest]) -> list[Exchange]:
        return [await self.send(request) for request in requests]

    async def follow(self, first: CheckRequest, second: CheckRequest) -> list[Exchange]:
        return [await self.send(first), await self.send(second)]

    async def send_partial(self, request: CheckRequest, size: int) -> Exchange:
        return await self.send(request)


class Counts:
    """A probe that sees one more each time it is asked."""

    def __init__(self, *counts: int) -> None:
        self.left = list(counts)

    async def counts(self, ids: Sequence[str]) -> dict[str, int]:
        return dict.fromkeys(ids, self.left.pop(0) if len(self.left) > 1 else self.left[0])


async def test_what_was_sent_is_kept_with_whose_it_was() -> None:
    session = Session(SETTINGS, Script(200), 0)
    await session.send("one", SHOT, hostile=False)
    await session.send_concurrently("two", [SHOT, SHOT])
    await session.follow("three", SHOT, SHOT)
    await session.send_partial(SHOT, 1)  # nobody answers that
    assert [trace.case_id for trace in session.log] == ["one", "two", "two", "three", "three"]


async def test_no_more_is_sent_than_is_allowed() -> None:
    client = Script(200)
    session = Session(SETTINGS, client, 0)
    for _ in range(REQUESTS_MOST // 2):
        await session.follow("x", SHOT, SHOT)
    with pytest.raises(OverError, match="limit of 300"):
        await session.send("x", SHOT, hostile=False)
    assert len(client.sent) == REQUESTS_MOST


async def test_effects_are_waited_for_and_then_watched() -> None:
    session = Session(SETTINGS, Script(200), 0, Counts(0, 0, 1, 2))
    assert await session.counts(["evt_1"]) == {"evt_1": 2}


async def test_the_first_effect_teaches_how_long_effects_take() -> None:
    session = Session(SETTINGS, Script(200), 0, Counts(0, 0, 0, 1))
    assert await session.wire("evt_1") == 1
    assert session.lag_ms > 50
    assert session.probe is not None


async def test_a_probe_that_counts_wrongly_is_not_asked_again() -> None:
    session = Session(SETTINGS, Script(200), 0, Counts(2))
    assert await session.wire("evt_1") == 2
    assert session.probe is None


async def test_who_answers_the_next_time_is_not_dead() -> None:
    session = Session(SETTINGS, Script(200, "connection_reset", "connection_refused", 200), 0)
    await session.send("one", SHOT, hostile=False)
    exchange = await session.send("two", SHOT, hostile=True)
    assert exchange.status is None
    assert session.crash is None


@pytest.mark.parametrize("failure", ["connection_refused", "timeout"])
async def test_who_answers_no_more_is_dead_and_gets_nothing_more(failure: ErrorCode) -> None:
    client = Script(200, "connection_reset", failure)
    session = Session(SETTINGS, client, 0)
    await session.send("one", SHOT, hostile=False)
    with pytest.raises(OverError, match="had died"):
        await session.send("two", SHOT, hostile=True)
    assert session.crash is not None
    assert session.crash.case_id == "two"
    count = len(client.sent)
    with pytest.raises(OverError, match="had died"):
        await session.send("three", SHOT, hostile=False)
    assert len(client.sent) == count


async def test_the_hostile_request_under_way_is_blamed() -> None:
    class Crossing(Script):
        """While the hostile request is under way, another one notices."""

        async def send(
            self,
            request: CheckRequest,
            *,
            piece: int = 0,
            pause_ms: float = 0,
            timeout_ms: float | None = None,
        ) -> Exchange:
            if request.label == "hostile":
                with pytest.raises(OverError):
                    await session.send("innocent", SHOT, hostile=False)
                return answer(request, None, "connection_reset")
            return await super().send(request)

    session = Session(SETTINGS, Crossing(200, "connection_reset", "connection_refused"), 0)
    await session.send("first", SHOT, hostile=False)
    hostile = CheckRequest("hostile", b"POST /x", b"", "", False, 0)
    with pytest.raises(OverError):
        await session.send("guilty", hostile, hostile=True)
    assert session.crash is not None
    assert session.crash.case_id == "guilty"
    assert session.crash.exchange.label == "hostile"
    assert session.crash.exchange.sent == hostile.sent


async def test_who_never_answered_is_not_called_dead() -> None:
    session = Session(SETTINGS, Script("connection_reset"), 0)
    exchange = await session.send("one", SHOT, hostile=False)
    assert exchange.failure == "connection_reset"
    assert session.crash is None
