"""Verdicts."""

from pivotal_sandbox.check.model import Exchange
from pivotal_sandbox.check.verdicts import failed, inconclusive, passed, skipped

EXCHANGE = Exchange(b"", 0, 200, None, b"", 1.0)


def test_verdict_keeps_the_deciding_exchange() -> None:
    assert passed("fine", EXCHANGE).deciding == (EXCHANGE,)
    verdict = failed("bad", EXCHANGE, severity="should", topic="crash")
    assert (verdict.outcome, verdict.severity, verdict.topic) == ("failed", "should", "crash")
    assert inconclusive("?", EXCHANGE).outcome == "vacuous"
    assert skipped("not tested", topic="no-probe").topic == "no-probe"
