"""First causes."""

from typing import Any

from pivotal_sandbox.check.model import Outcome, Result, Severity
from pivotal_sandbox.check.root_causes import cause_of


def result(
    id: str, severity: Severity = "must", outcome: Outcome = "failed", **more: Any
) -> Result:
    facts = {"group": "authenticity", "fate": "", **more}
    return Result(
        id=id,
        title="",
        severity=severity,
        outcome=outcome,
        expected="",
        observed="",
        reason="",
        advice="",
        duration_ms=0.0,
        **facts,
    )


def cause(result: Result, *others: Result) -> str | None:
    return cause_of(result, {other.id: other for other in (result, *others)})


def test_missing_verification_explains_every_accepted_forgery() -> None:
    unverified = result("sig-wrong-secret")
    assert cause(result("sig-empty"), unverified) == "sig-wrong-secret"
    assert cause(result("replay-stale"), unverified) == "sig-wrong-secret"
    assert cause(unverified) is None


def test_should_does_not_explain_a_must() -> None:
    crash = result("sig-wrong-secret", "should")
    assert cause(result("sig-empty"), crash) is None
    assert cause(result("sig-empty", "should"), crash) == "sig-wrong-secret"


def test_crashing_parser_explains_only_crashes() -> None:
    crash = result("sig-malformed", "should")
    assert cause(result("sig-truncated", "should"), crash) == "sig-malformed"
    assert cause(result("sig-truncated"), crash) is None
    assert cause(result("sig-truncated", "should"), result("sig-malformed")) is None


def test_refused_control_explains_genuine_and_inconclusive_results() -> None:
    control = result("valid-accepted", group="contract", fate="LOST")
    assert cause(result("body-64k", group="raw-body"), control) == "valid-accepted"
    assert cause(result("sig-empty", outcome="vacuous"), control) == "valid-accepted"
    assert cause(result("sig-empty"), control) is None
    assert cause(result("sig-empty", "should"), control) is None
    crashing = result("valid-accepted", group="contract", fate="retried")
    assert cause(result("sig-empty", "should"), crashing) == "valid-accepted"


def test_redirect_explains_the_refused_control() -> None:
    redirect = result("no-redirect", group="contract")
    control = result("valid-accepted", group="contract")
    assert cause(control, redirect) == "no-redirect"
    assert cause(redirect, control) is None


def test_passed_result_has_no_cause() -> None:
    assert cause(result("sig-empty", outcome="passed"), result("sig-wrong-secret")) is None
