"""Results in the words of the report."""

from tests.check.test_session import REQUEST, SETTINGS, Script

from pivotal_sandbox.check.model import Exchange
from pivotal_sandbox.check.registry import CASES
from pivotal_sandbox.check.results import MAX_KEPT_BYTES, FinishedCheck, build_result
from pivotal_sandbox.check.session import Session, Trace
from pivotal_sandbox.check.verdicts import Verdict, failed, passed

CASE = next(case for case in CASES if case.id == "sig-missing")


def exchange(status: int, sent: bytes = b"", server: str = "") -> Exchange:
    return Exchange(sent, 0, status, None, b"", 1.0, response_headers=(("server", server),))


def session(*exchanges: Exchange) -> Session:
    build_finished = Session(SETTINGS, Script(200), 0)
    build_finished.log = [Trace(CASE.id, REQUEST, exchange_) for exchange_ in exchanges]
    return build_finished


def test_deciding_request_comes_first() -> None:
    control, forged = exchange(200), exchange(204)
    ended = FinishedCheck(failed("accepted", forged), 1.0)
    result = build_result(CASE, ended, session(control, forged))
    assert result.requests == (forged, control)
    assert (result.outcome, result.severity, result.fate) == ("failed", "must", "delivered")
    assert result.reason == CASE.reason


def test_failed_check_has_advice_for_the_detected_stack() -> None:
    answered = exchange(200, server="Werkzeug/3")
    failure = build_result(
        CASE, FinishedCheck(failed("accepted", answered), 1.0), session(answered)
    )
    assert "compare_digest" in failure.advice
    success = build_result(CASE, FinishedCheck(passed("refused", answered), 1.0), session(answered))
    assert success.advice == ""


def test_correctly_refused_request_has_no_fate() -> None:
    refused, taken = exchange(401), exchange(200)
    assert build_result(CASE, FinishedCheck(passed("x", refused), 1.0), session(refused)).fate == ""
    assert (
        build_result(CASE, FinishedCheck(passed("x", taken), 1.0), session(taken)).fate
        == "delivered"
    )


def test_large_requests_are_kept_only_for_failed_checks() -> None:
    big = exchange(200, b"x" * (MAX_KEPT_BYTES + 1))
    assert build_result(CASE, FinishedCheck(passed("x", big), 1.0), session(big)).requests == ()
    assert build_result(CASE, FinishedCheck(failed("x", big), 1.0), session(big)).requests == (big,)


def test_forgery_with_an_effect_fails_even_if_it_was_refused() -> None:
    refused, accepted = exchange(401), exchange(200)
    ended = FinishedCheck(passed("refused: 401", refused), 1.0).with_effects(
        [refused], lenient=False
    )
    assert (ended.verdict.outcome, ended.verdict.severity) == ("failed", "must")
    assert "answered 401, but acted on" in ended.verdict.observed
    ended = FinishedCheck(failed("accepted", accepted), 1.0).with_effects([accepted], lenient=True)
    assert "accepted, and acted on" in ended.verdict.observed


def test_async_verification_excuses_acknowledging_but_not_acting() -> None:
    accepted, crash = exchange(200), exchange(500)
    lenient = FinishedCheck(failed("accepted", accepted), 1.0).with_effects([], lenient=True)
    assert lenient.verdict.severity == "should"
    strict = FinishedCheck(failed("accepted", accepted), 1.0).with_effects([], lenient=False)
    assert strict.verdict.severity is None
    crashed = FinishedCheck(Verdict("failed", "crashed", (crash,)), 1.0)
    assert crashed.with_effects([], lenient=True) == crashed
