"""What is good to know is measured, and never weighs."""

import time

import pytest
from tests.check.correct import NoChunks, Refuses400
from tests.check.receiver import Receiver, Refused
from tests.check.receivers import run_one
from tests.check.server import Answer, Request

from pivotal_sandbox.check.model import Result
from pivotal_sandbox.check.registry import CASES

IDS = [case.id for case in CASES if case.severity == "info" and not case.needs]


def result_of(receiver: Receiver, id: str, **options: bool) -> Result:
    report = run_one(receiver, only=[id], **options)
    return next(result for result in report.results if result.id == id)


@pytest.mark.parametrize("id", IDS)
def test_correct_receiver_passes(id: str) -> None:
    assert result_of(Receiver(), id).outcome == "passed"


class FirstSignatureOnly(Receiver):
    def holds(self, body: bytes, header: str) -> bool:
        return header.count("sig=") == 1 and super().holds(body, header)


class Lenient(Receiver):
    def same(self, expected: str, given: str) -> bool:
        return super().same(expected.rstrip("="), given.rstrip("="))


class NeedsUserAgent(Receiver):
    def route(self, request: Request) -> None:
        if request.get("user-agent") is None:
            raise Refused(403)


class AnyMethod(Receiver):
    def route(self, request: Request) -> None:
        pass


class Confused(Receiver):
    """After a refusal the connection is out of step."""

    async def __call__(self, request: Request) -> Answer:
        answer = await super().__call__(request)
        if answer.status == 401:
            self.state["confused"] = True
        elif self.state.pop("confused", False):
            return Answer(400)
        return answer


class NoExpectation(Receiver):
    def route(self, request: Request) -> None:
        if request.get("expect"):
            raise Refused(417)


@pytest.mark.parametrize(
    ("receiver", "id"),
    [
        (FirstSignatureOnly, "rotation-overlap"),
        (Lenient, "sig-encoding-malleable"),
        (NeedsUserAgent, "minimal-headers"),
        (AnyMethod, "method-not-post"),
        (Confused, "keepalive-reuse"),
        (NoExpectation, "expect-continue"),
    ],
)
def test_surprising_behavior_is_reported_as_info(receiver: type[Receiver], id: str) -> None:
    result = result_of(receiver(), id)
    assert (result.outcome, result.severity) == ("failed", "info")


def test_crash_on_two_signatures_gets_rotation_advice() -> None:
    class TakesThreeParts(Receiver):
        def holds(self, body: bytes, header: str) -> bool:
            _, _, _ = header.split(",")
            return super().holds(body, header)

    result = result_of(TakesThreeParts(), "rotation-overlap")
    assert "500" in result.observed
    assert result.advice.startswith("Keep a list of secrets")


def test_unreadable_chunked_body_fails() -> None:
    assert result_of(NoChunks(), "chunked-body", reads_chunks=False).outcome == "failed"


def test_tolerance_is_measured_into_past_and_future() -> None:
    class Lopsided(Receiver):
        def fresh(self, t: int) -> bool:
            return -120 <= time.time() - t <= 600  # noqa: TID251

    observed = result_of(Lopsided(), "tolerance-measured").observed
    old, ahead = (int(word) for word in observed.split() if word.isdigit())
    assert abs(old - 600) <= 20
    assert abs(ahead - 120) <= 20

    class Endless(Receiver):
        def fresh(self, t: int) -> bool:
            return True

    assert "an hour old and more" in result_of(Endless(), "tolerance-measured").observed


def test_any_refusal_status_passes() -> None:
    assert result_of(Refuses400(), "keepalive-reuse").outcome == "passed"
