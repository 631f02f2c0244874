"""Results in the words of the report."""

from tests.check.test_session import SETTINGS, SHOT, Script

from pivotal_sandbox.check.model import Exchange
from pivotal_sandbox.check.registry import CASES
from pivotal_sandbox.check.results import KEPT, Ended, result_of
from pivotal_sandbox.check.session import Session, Trace
from pivotal_sandbox.check.verdicts import Verdict, failed, passed

CASE = next(case for case in CASES if case.id == "sig-missing")


def exchange(status: int, sent: bytes = b"", server: str = "") -> Exchange:
    return Exchange(sent, 0, status, None, b"", 1.0, response_headers=(("server", server),))


def session(*exchanges: Exchange) -> Session:
    made = Session(SETTINGS, Script(200), 0)
    made.log = [Trace(CASE.id, SHOT, exchange_) for exchange_ in exchanges]
    return made


def test_the_deciding_request_comes_first() -> None:
    control, forged = exchange(200), exchange(204)
    ended = Ended(failed("accepted", forged), 1.0)
    result = result_of(CASE, ended, session(control, forged))
    assert result.requests == (forged, control)
    assert (result.outcome, result.severity, result.fate) == ("failed", "must", "delivered")
    assert result.reason == CASE.reason


def test_advice_is_given_where_something_is_wrong_and_knows_the_stack() -> None:
    answered = exchange(200, server="Werkzeug/3")
    wrong = result_of(CASE, Ended(failed("accepted", answered), 1.0), session(answered))
    assert "compare_digest" in wrong.advice
    fine = result_of(CASE, Ended(passed("refused", answered), 1.0), session(answered))
    assert fine.advice == ""


def test_a_rightly_refused_request_has_no_fate() -> None:
    refused, taken = exchange(401), exchange(200)
    assert result_of(CASE, Ended(passed("x", refused), 1.0), session(refused)).fate == ""
    assert result_of(CASE, Ended(passed("x", taken), 1.0), session(taken)).fate == "delivered"


def test_big_requests_are_kept_only_where_something_is_wrong() -> None:
    big = exchange(200, b"x" * (KEPT + 1))
    assert result_of(CASE, Ended(passed("x", big), 1.0), session(big)).requests == ()
    assert result_of(CASE, Ended(failed("x", big), 1.0), session(big)).requests == (big,)


def test_an_effect_turns_a_refusal_into_a_failure() -> None:
    refused, accepted = exchange(401), exchange(200)
    ended = Ended(passed("refused: 401", refused), 1.0).after([refused], lenient=False)
    assert (ended.verdict.outcome, ended.verdict.severity) == ("failed", "must")
    assert "answered 401, but acted on" in ended.verdict.observed
    ended = Ended(failed("accepted", accepted), 1.0).after([accepted], lenient=True)
    assert "accepted, and acted on" in ended.verdict.observed


def test_who_verifies_later_is_excused_for_acknowledging_only() -> None:
    accepted, crash = exchange(200), exchange(500)
    lenient = Ended(failed("accepted", accepted), 1.0).after([], lenient=True)
    assert lenient.verdict.severity == "should"
    strict = Ended(failed("accepted", accepted), 1.0).after([], lenient=False)
    assert strict.verdict.severity is None
    crashed = Ended(Verdict("failed", "crashed", (crash,)), 1.0)
    assert crashed.after([], lenient=True) == crashed
