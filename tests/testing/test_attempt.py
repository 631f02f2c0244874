"""An attempt as tests see it."""

import pytest

from pivotal_sandbox.domain import models
from pivotal_sandbox.signature import sign
from pivotal_sandbox.testing.models import Attempt, attempt_of

SECRET = "whsec_of_a_test"


def attempt(status: int | None, *, secret: str = SECRET) -> Attempt:
    response = None if status is None else models.Response(status, (("x-a", "1"),), b"said")
    error: models.ErrorCode | None = "timeout" if status is None else None
    outcome = models.Outcome(models.Timing(12.5), response, error, "No answer." if error else None)
    headers = (("pivotal-signature", sign(b"{}", secret, timestamp=1000)),)
    made = models.Attempt("msg_1", 2, 1_767_225_600_000, headers, outcome)
    return attempt_of(made, "http://a.test/", b"{}", (SECRET,), 1000.0)


@pytest.mark.parametrize(("status", "ok"), [(200, True), (299, True), (199, False), (302, False)])
def test_any_2xx_is_ok(status: int, ok: bool) -> None:
    made = attempt(status)
    assert made.ok is ok
    assert made.status_code == status
    assert made.came_back == str(status)


def test_an_attempt_without_an_answer_says_why() -> None:
    made = attempt(None)
    assert (made.ok, made.status_code, made.response) == (False, None, None)
    assert (made.error, made.came_back, made.detail) == ("timeout", "timeout", "No answer.")


def test_the_request_is_judged_by_the_endpoints_secrets() -> None:
    assert attempt(200).request.verified is True
    assert attempt(200, secret="whsec_of_somebody").request.verified is False
    assert "0 s old" in attempt(200).request.verdict


def test_no_secret_is_shown() -> None:
    assert SECRET not in repr(attempt(200))
