"""Broken receivers that the checks of contract.py have to notice."""

from tests.check.broken import MUTANTS
from tests.check.receiver import Receiver
from tests.check.receivers import run_one
from tests.check.server import Answer

from pivotal_sandbox.check.options import Waits


def test_probe_that_misses_the_first_event_is_an_error() -> None:
    waits = Waits(settle_ms=50)
    report = run_one(Receiver(), probe=lambda id: 0, only=["idempotency"], waits=waits)
    by_id = {result.id: result for result in report.results}
    assert by_id["valid-accepted"].outcome == "error"
    assert "the probe shows 0" in by_id["valid-accepted"].observed
    assert by_id["retry-identical"].outcome == "skipped"
    assert not report.passed


def test_wrong_receiver_clock_is_reported() -> None:
    class Late(Receiver):
        def done(self) -> Answer:
            return Answer(200, headers={"date": "Mon, 01 Jan 2024 00:00:00 GMT"})

    [result] = run_one(Late(), only=["valid-accepted"]).results
    assert "behind this one" in result.observed


def test_advice_for_a_refused_control_follows_the_answer() -> None:
    advice = {
        name: next(
            result.advice
            for result in run_one(MUTANTS[name].make(), only=["valid-accepted"]).results
            if result.id == "valid-accepted"
        )
        for name in ("csrf", "wrong-path", "plain-dumps", "compares-hex")
    }
    assert "CSRF" in advice["csrf"]
    assert "path" in advice["wrong-path"]
    assert "bytes of the request body" in advice["plain-dumps"]
    assert "base64" in advice["compares-hex"]
