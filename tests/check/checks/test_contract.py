"""Broken receivers that the checks of contract.py have to notice."""

from tests.check.broken import MUTANTS
from tests.check.receiver import Receiver
from tests.check.receivers import run_one
from tests.check.server import Answer

from pivotal_sandbox.check.options import Waits


def test_a_probe_that_does_not_show_the_first_event_is_an_error() -> None:
    waits = Waits(settle_ms=50)
    report = run_one(Receiver(), probe=lambda id: 0, only=["idempotency"], waits=waits)
    by_id = {result.id: result for result in report.results}
    assert by_id["valid-accepted"].outcome == "error"
    assert "the probe shows 0" in by_id["valid-accepted"].observed
    assert by_id["retry-identical"].outcome == "skipped"
    assert not report.passed


def test_a_clock_that_is_wrong_is_said() -> None:
    class Late(Receiver):
        def done(self) -> Answer:
            return Answer(200, headers={"date": "Mon, 01 Jan 2024 00:00:00 GMT"})

    [result] = run_one(Late(), only=["valid-accepted"]).results
    assert "behind this one" in result.observed


def test_a_refusal_calls_for_the_advice_that_the_answer_tells() -> None:
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
