"""Verdicts."""

from pivotal_sandbox.check.case import failed, passed, skipped, vacuous
from pivotal_sandbox.check.model import Exchange

EXCHANGE = Exchange(b"", 0, 200, None, b"", 1.0)


def test_a_verdict_keeps_what_decided_it() -> None:
    assert passed("fine", EXCHANGE).deciding == (EXCHANGE,)
    verdict = failed("bad", EXCHANGE, severity="should", topic="crash")
    assert (verdict.outcome, verdict.severity, verdict.topic) == ("failed", "should", "crash")
    assert vacuous("?", EXCHANGE).outcome == "vacuous"
    assert skipped("not tested", topic="no-probe").topic == "no-probe"
