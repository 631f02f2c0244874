"""Why a receiver most likely answered as it did."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

import pytest

from pivotal_sandbox.clock import wall_time
from pivotal_sandbox.domain import models
from pivotal_sandbox.signature import sign
from pivotal_sandbox.testing.explanation import explanation
from pivotal_sandbox.testing.models import attempt_of

SECRET = "whsec_of_a_test"
BODY = b'{"id": "evt_1"}'


def explained(
    status: int | None,
    answer: str = "",
    *,
    signed_with: str = SECRET,
    t: int | None = None,
    environment: Mapping[str, str] | None = None,
    detail: str | None = None,
) -> str:
    response = None if status is None else models.Response(status, (), answer.encode())
    outcome = models.Outcome(models.Timing(1.0), response, detail=detail)
    now = int(wall_time()) if t is None else t
    signature = sign(BODY, signed_with, timestamp=now)
    headers = (("host", "127.0.0.1:1"), ("pivotal-signature", signature))
    made = models.Attempt("msg_1", 1, 0, headers, outcome)
    return explanation(attempt_of(made, "http://a.test/x", BODY, (SECRET,), now), environment or {})


def mac(body: bytes, t: int) -> bytes:
    return hmac.digest(SECRET.encode(), f"{t}.".encode() + body, "sha256")


@pytest.mark.parametrize("status", [None, 200, 204, 500, 503])
def test_where_nothing_is_known_nothing_is_said(status: int | None) -> None:
    assert explained(status) == ""


@pytest.mark.parametrize("status", [404, 405])
def test_a_missing_route_is_named(status: int) -> None:
    assert "no POST route there: say which, endpoint(app, path=...)" in explained(status)
    assert "http://a.test/x" in explained(status)


def test_a_redirect_is_said_to_lose_the_event() -> None:
    assert "never follows a redirect" in explained(307)


def test_a_forged_request_was_to_be_refused() -> None:
    assert explained(401, signed_with="whsec_x").startswith("It was to be refused: Signature does")


def test_what_the_app_raised_is_said() -> None:
    assert explained(500, detail="The app raised KeyError: 'id'") == "The app raised KeyError: 'id'"


@pytest.mark.parametrize("answer", ["Invalid host header", "<h1>Bad Request (400)</h1>"])
def test_a_host_that_is_not_allowed_is_named_before_the_secret(answer: str) -> None:
    assert "not answer to the host 127.0.0.1:1: allow it, in Django by" in explained(400, answer)
    assert "another secret" in explained(400, "bad")


def test_a_csrf_check_is_named() -> None:
    assert "CSRF token, which no webhook has" in explained(403, "CSRF cookie not set.")


def test_another_secret_in_the_environment_is_named() -> None:
    said = explained(401, environment={"PIVOTAL_WEBHOOK_SECRET": "whsec_of_somebody"})
    assert said == (
        "The signature is genuine: `verify` takes it. "
        "PIVOTAL_WEBHOOK_SECRET is another secret than the endpoint's."
    )
    assert "Most likely" in explained(401, environment={"PIVOTAL_WEBHOOK_SECRET": SECRET})


def test_without_a_trace_both_likely_mistakes_are_named() -> None:
    assert "another secret than the endpoint's, or verifies other bytes" in explained(400, "no")


@pytest.mark.parametrize("encode", [lambda d: base64.b64encode(d).decode(), bytes.hex])
def test_the_mistake_behind_a_mac_in_the_answer_is_named(encode: Any) -> None:
    now = int(wall_time())
    reparsed = encode(mac(b'{"id":"evt_1"}', now))
    said = explained(401, f"expected {reparsed}, got another", t=now)
    assert said.startswith("The computed MAC is made ")
    assert "raw" in said


def test_a_mac_that_no_mistake_makes_is_passed_over() -> None:
    unknown = hashlib.sha256(b"?").hexdigest()
    assert "Most likely" in explained(401, f"expected {unknown}")


@pytest.mark.parametrize(("ahead", "said"), [(-3600, "old"), (3600, "ahead")])
def test_a_signature_of_another_time_is_named(ahead: int, said: str) -> None:
    told = explained(401, t=int(wall_time()) + ahead)
    assert told.startswith("By this machine's clock the signature is ")
    assert f" {said}: it carries the sandbox's time" in told
