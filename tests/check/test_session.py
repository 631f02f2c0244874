"""The limits of a session, effects seen by a probe, and receivers that crash."""

from collections.abc import Sequence

import pytest

from pivotal_sandbox.check.model import Exchange
from pivotal_sandbox.check.options import CheckOptions, Waits
from pivotal_sandbox.check.request import CheckRequest
from pivotal_sandbox.check.session import MAX_REQUESTS, OverError, Session, Settings
from pivotal_sandbox.domain.models import ErrorCode

REQUEST = CheckRequest("x", b"POST / HTTP/1.1\r\n\r\n", b"", "evt_1", True, 0)
WAITS = Waits(settle_ms=1_000, quiet_ms=5, gone_pause_ms=1)
SETTINGS = Settings("http://127.0.0.1:1/", "s", 1, CheckOptions(timeout=1.0, waits=WAITS))


def answer(request: CheckRequest, status: int | None, failure: ErrorCode | None = None) -> Exchange:
    return Exchange(request.sent, 0, status, None, b"", 1.0, label=request.label, failure=failure)


class Script:
    """A client with scripted answers; the last one repeats."""

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
        scripted = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(scripted, int):
            return answer(request, scripted)
        return answer(request, None, scripted)

    async def send_concurrently(self, requests: Sequence[CheckRequest]) -> list[Exchange]:
        return [await self.send(request) for request in requests]

    async def follow(self, first: CheckRequest, second: CheckRequest) -> list[Exchange]:
        return [await self.send(first), await self.send(second)]

    async def send_partial(self, request: CheckRequest, size: int) -> Exchange:
        return await self.send(request)


class Counts:
    """A probe with scripted counts; the last one repeats."""

    def __init__(self, *counts: int) -> None:
        self.remaining = list(counts)

    async def counts(self, ids: Sequence[str]) -> dict[str, int]:
        return dict.fromkeys(
            ids, self.remaining.pop(0) if len(self.remaining) > 1 else self.remaining[0]
        )


async def test_log_keeps_each_exchange_with_the_id_of_its_check() -> None:
    session = Session(SETTINGS, Script(200), 0)
    await session.send("one", REQUEST, hostile=False)
    await session.send_concurrently("two", [REQUEST, REQUEST])
    await session.follow("three", REQUEST, REQUEST)
    await session.send_partial(REQUEST, 1)  # not logged, because it has no answer
    assert [trace.case_id for trace in session.log] == ["one", "two", "two", "three", "three"]


async def test_session_stops_at_the_request_limit() -> None:
    client = Script(200)
    session = Session(SETTINGS, client, 0)
    for _ in range(MAX_REQUESTS // 2):
        await session.follow("x", REQUEST, REQUEST)
    with pytest.raises(OverError, match="limit of 300"):
        await session.send("x", REQUEST, hostile=False)
    assert len(client.sent) == MAX_REQUESTS


async def test_counts_wait_for_the_effect_and_then_look_for_a_second_one() -> None:
    session = Session(SETTINGS, Script(200), 0, Counts(0, 0, 1, 2))
    assert await session.counts(["evt_1"]) == {"evt_1": 2}


async def test_first_effect_measures_the_lag() -> None:
    session = Session(SETTINGS, Script(200), 0, Counts(0, 0, 0, 1))
    assert await session.measure_first_effect("evt_1") == 1
    assert session.lag_ms > 50
    assert session.probe is not None


async def test_probe_with_a_wrong_first_count_is_dropped() -> None:
    session = Session(SETTINGS, Script(200), 0, Counts(2))
    assert await session.measure_first_effect("evt_1") == 2
    assert session.probe is None


async def test_receiver_that_answers_again_has_not_crashed() -> None:
    session = Session(SETTINGS, Script(200, "connection_reset", "connection_refused", 200), 0)
    await session.send("one", REQUEST, hostile=False)
    exchange = await session.send("two", REQUEST, hostile=True)
    assert exchange.status is None
    assert session.crash is None


@pytest.mark.parametrize("failure", ["connection_refused", "timeout"])
async def test_crashed_receiver_gets_no_more_requests(
    failure: ErrorCode,
) -> None:
    client = Script(200, "connection_reset", failure)
    session = Session(SETTINGS, client, 0)
    await session.send("one", REQUEST, hostile=False)
    with pytest.raises(OverError, match="had died"):
        await session.send("two", REQUEST, hostile=True)
    assert session.crash is not None
    assert session.crash.case_id == "two"
    count = len(client.sent)
    with pytest.raises(OverError, match="had died"):
        await session.send("three", REQUEST, hostile=False)
    assert len(client.sent) == count


async def test_crash_is_attributed_to_the_hostile_request_in_flight() -> None:
    class Crossing(Script):
        """Send an innocent request while the hostile one is in flight."""

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
                    await session.send("innocent", REQUEST, hostile=False)
                return answer(request, None, "connection_reset")
            return await super().send(request)

    session = Session(SETTINGS, Crossing(200, "connection_reset", "connection_refused"), 0)
    await session.send("first", REQUEST, hostile=False)
    hostile = CheckRequest("hostile", b"POST /x", b"", "", False, 0)
    with pytest.raises(OverError):
        await session.send("guilty", hostile, hostile=True)
    assert session.crash is not None
    assert session.crash.case_id == "guilty"
    assert session.crash.exchange.label == "hostile"
    assert session.crash.exchange.sent == hostile.sent


async def test_receiver_that_never_answered_is_not_a_crash() -> None:
    session = Session(SETTINGS, Script("connection_reset"), 0)
    exchange = await session.send("one", REQUEST, hostile=False)
    assert exchange.failure == "connection_reset"
    assert session.crash is None
