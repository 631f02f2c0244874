"""Limits, pace, effects, and death."""

from collections.abc import Sequence

import pytest

from pivotal_sandbox.check.model import Exchange
from pivotal_sandbox.check.request import CheckRequest
from pivotal_sandbox.check.session import REQUESTS_MOST, OverError, Session, Settings
from pivotal_sandbox.domain.models import ErrorCode

SHOT = CheckRequest("x", b"POST / HTTP/1.1\r\n\r\n", b"", "evt_1", True, 0)
SETTINGS = Settings("http://127.0.0.1:1/", "s", 1, 1_000)


def answer(shot: CheckRequest, status: int | None, failure: ErrorCode | None = None) -> Exchange:
    return Exchange(shot.sent, 0, status, None, b"", 1.0, label=shot.label, failure=failure)


class Script:
    """A line whose answers are written down; the last one goes on."""

    def __init__(self, *answers: int | ErrorCode) -> None:
        self.answers = list(answers)
        self.sent: list[CheckRequest] = []

    async def send(
        self,
        shot: CheckRequest,
        *,
        piece: int = 0,
        pause_ms: float = 0,
        timeout_ms: float | None = None,
    ) -> Exchange:
        self.sent.append(shot)
        now = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return answer(shot, now) if isinstance(now, int) else answer(shot, None, now)

    async def send_concurrently(self, shots: Sequence[CheckRequest]) -> list[Exchange]:
        return [await self.send(shot) for shot in shots]

    async def follow(self, first: CheckRequest, second: CheckRequest) -> list[Exchange]:
        return [await self.send(first), await self.send(second)]

    async def send_partial(self, shot: CheckRequest, size: int) -> Exchange:
        return await self.send(shot)


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
    line = Script(200)
    session = Session(SETTINGS, line, 0)
    for _ in range(REQUESTS_MOST // 2):
        await session.follow("x", SHOT, SHOT)
    with pytest.raises(OverError, match="limit of 300"):
        await session.send("x", SHOT, hostile=False)
    assert len(line.sent) == REQUESTS_MOST


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
    assert session.death is None


@pytest.mark.parametrize("failure", ["connection_refused", "timeout"])
async def test_who_answers_no_more_is_dead_and_gets_nothing_more(failure: ErrorCode) -> None:
    line = Script(200, "connection_reset", failure)
    session = Session(SETTINGS, line, 0)
    await session.send("one", SHOT, hostile=False)
    with pytest.raises(OverError, match="had died"):
        await session.send("two", SHOT, hostile=True)
    assert session.death is not None
    assert session.death.case_id == "two"
    count = len(line.sent)
    with pytest.raises(OverError, match="had died"):
        await session.send("three", SHOT, hostile=False)
    assert len(line.sent) == count


async def test_the_hostile_request_under_way_is_blamed() -> None:
    class Crossing(Script):
        """While the hostile request is under way, another one notices."""

        async def send(
            self,
            shot: CheckRequest,
            *,
            piece: int = 0,
            pause_ms: float = 0,
            timeout_ms: float | None = None,
        ) -> Exchange:
            if shot.label == "hostile":
                with pytest.raises(OverError):
                    await session.send("innocent", SHOT, hostile=False)
                return answer(shot, None, "connection_reset")
            return await super().send(shot)

    session = Session(SETTINGS, Crossing(200, "connection_reset", "connection_refused"), 0)
    await session.send("first", SHOT, hostile=False)
    hostile = CheckRequest("hostile", b"POST /x", b"", "", False, 0)
    with pytest.raises(OverError):
        await session.send("guilty", hostile, hostile=True)
    assert session.death is not None
    assert session.death.case_id == "guilty"
    assert session.death.exchange.label == "hostile"
    assert session.death.exchange.sent == hostile.sent


async def test_who_never_answered_is_not_called_dead() -> None:
    session = Session(SETTINGS, Script("connection_reset"), 0)
    exchange = await session.send("one", SHOT, hostile=False)
    assert exchange.failure == "connection_reset"
    assert session.death is None
