"""What a story expects, judged by what was seen."""

from typing import Any

import msgspec
import pytest

from pivotal_sandbox.domain.catalog_loader import load_catalog
from pivotal_sandbox.domain.models import Capture, Delivery, Outcome, Response, Status, Timing
from pivotal_sandbox.errors import InputError
from pivotal_sandbox.scenarios.expectations import (
    ExpectAnswer,
    ExpectationResult,
    ExpectCaptures,
    ExpectDeliveries,
    ExpectEvents,
    ExpectRecord,
    signatures,
)
from pivotal_sandbox.scenarios.parser import KINDS
from pivotal_sandbox.scenarios.references import Scope


def delivery(id: str, status: Status, attempts: int, code: int | None = None) -> Delivery:
    return Delivery(
        *(id, "evt_1", "task.updated", "ep_1", "test", "http://x", 0),
        status=status,
        attempt_count=attempts,
        last_status_code=code,
    )


def capture(id: str, verified: bool | None, reason: str | None, status: int | None) -> Capture:
    header = ("Pivotal-Signature", "v1,t=1,sig=a,sig=b" if verified else "v1,t=1,sig=a")
    return Capture(
        id=id,
        bin="app",
        method="POST",
        path="/in/app",
        query="",
        headers=(header,),
        body=b"",
        received_at=0,
        peer=None,
        signed=True,
        verified=verified,
        reason=reason,
        verdict="",
        status=status,
    )


DELIVERIES = [
    delivery("msg_1", "delivered", 1, 200),
    delivery("msg_2", "retrying", 3, 503),
    delivery("msg_3", "retrying", 3),
]
CAPTURES = [capture("cap_1", True, None, 200), capture("cap_2", False, "no_match", None)]


@pytest.mark.parametrize(
    ("keys", "count", "ok", "expected", "observed"),
    [
        ({"status": "delivered"}, 1, True, "each delivery: delivered", "1 × delivered, 1 att"),
        ({"status": "delivered"}, 3, False, "each delivery: delivered", "1 × delivered, 1 attemp"),
        ({"status": "delivered"}, 0, False, "each delivery: delivered", "none"),
        ({"count": 0}, 0, True, "0 deliveries", "none"),
        ({"count": 2}, 3, False, "2 deliveries", "timeout"),
        ({"count": 2, "attempts": 3}, 3, True, "2 deliveries: 3 attempts", "3 attempts, 503"),
        ({"count": 1, "code": 503, "type": "task.updated"}, 3, True, "1 delivery of task.", ""),
        ({"count": 1, "error": "timeout", "of": "x", "endpoint": "app"}, 3, True, "", ""),
        ({"count": 1, "error": "dns"}, 3, False, "1 delivery: dns", "retrying, 3 attempts, timeou"),
    ],
)
def test_deliveries_are_counted_as_they_are(
    keys: dict[str, Any], count: int, ok: bool, expected: str, observed: str
) -> None:
    errors: Any = {"msg_3": "timeout"}
    judged = msgspec.convert(keys, ExpectDeliveries).judge(DELIVERIES[:count], errors)
    assert judged.ok is ok
    assert expected in judged.expected
    assert observed in judged.observed


@pytest.mark.parametrize(
    ("keys", "ok", "expected"),
    [
        ({"count": 2}, True, "2 requests"),
        ({"verified": True}, False, "each request: verified"),
        ({"verified": True, "count": 1, "bin": "app"}, True, "1 request in app: verified"),
        ({"verified": False, "reason": "no_match", "count": 1}, True, "refused, no_match"),
        ({"signatures": 2, "count": 1}, True, "1 request: 2 signatures"),
        ({"answered": 200, "count": 1}, True, "1 request: answered 200"),
        ({"answered": 503}, False, "each request: answered 503"),
        ({"events": 1, "count": 2}, True, "2 requests, 1 event in all"),
        ({"events": 2, "count": 2}, False, "2 requests, 2 events in all"),
        ({"events": 1, "count": 3}, False, "3 requests, 1 event in all"),
    ],
)
def test_captures_are_counted_as_they_are(keys: dict[str, Any], ok: bool, expected: str) -> None:
    judged = msgspec.convert(keys, ExpectCaptures).judge(
        CAPTURES, {"cap_1": "evt_1", "cap_2": "evt_1"}
    )
    assert (judged.ok, judged.expected) == (ok, judged.expected)
    assert expected in judged.expected
    assert "1 × no_match, 1 signature, no answer; 1 × verified, 2 signat" in judged.observed


def test_what_no_secret_is_known_for_is_not_judged() -> None:
    judged = ExpectCaptures(count=1).judge([capture("cap_3", None, None, 200)], {})
    assert judged.observed == "1 × not judged, 1 signature, answered 200"
    assert signatures(CAPTURES[0]) == 2


def test_the_events_of_a_step_are_compared_in_order() -> None:
    expected = ExpectEvents(of="fall", types=["customer.updated", "customer.at_risk"])
    assert expected.judge(["customer.updated", "customer.at_risk"]).ok
    assert expected.judge(["customer.at_risk", "customer.updated"]) == ExpectationResult(
        False,
        "fall fired customer.updated, customer.at_risk",
        "customer.at_risk, customer.updated",
    )
    assert ExpectEvents(of="x", types=[]).judge([]) == ExpectationResult(
        True, "x fired nothing", "nothing"
    )


def test_a_record_has_what_is_expected_of_it() -> None:
    expected = ExpectRecord(
        record="acme",
        has={"health": "healthy", "owner": {"name": "$other"}, "seats": 5, "gone": "$null"},
    )
    records = {"other": {"id": "cus_2"}}
    record = {"health": "healthy", "owner": {"name": "cus_2"}, "seats": 5, "gone": None}
    judged = expected.judge(record, records)
    assert judged.ok
    assert judged.expected == 'acme has health "healthy", owner.name "cus_2", seats 5, gone null'
    assert not expected.judge({**record, "seats": 6}, records).ok
    assert not expected.judge({"health": "healthy"}, records).ok
    assert expected.judge(None, records).observed == "it was deleted"
    assert not ExpectRecord(record="a", has={"x": "$null"}).judge(None, {}).ok


def test_an_answer_is_a_code_or_an_error() -> None:
    fine = Outcome(Timing(1.0), Response(200, (), b""))
    lost = Outcome(Timing(1.0), None, "timeout")
    assert ExpectAnswer(of="x", code=200).judge([fine]).ok
    assert ExpectAnswer(of="x", error="timeout").judge([lost]).ok
    assert ExpectAnswer(of="x", code=200).judge([fine, lost]) == ExpectationResult(
        False, "x is answered 200", "200, timeout"
    )
    assert ExpectAnswer(of="x", code=200).judge([]).observed == "no request"


@pytest.mark.parametrize(
    ("kind", "keys", "pointer", "said"),
    [
        ("expect_deliveries", {"of": "x", "count": 1}, "/of", "No step before"),
        ("expect_deliveries", {"type": "x", "count": 1}, "/type", "no event type"),
        ("expect_deliveries", {"endpoint": "x", "count": 1}, "/endpoint", "no endpoint"),
        ("expect_deliveries", {"type": "task.updated"}, "/status", "one of status, attempts"),
        ("expect_captures", {"bin": "x", "count": 1}, "/bin", "No endpoint leads"),
        ("expect_captures", {"of": "x", "count": 1}, "/of", "No step before"),
        ("expect_captures", {"type": "x", "count": 1}, "/type", "no event type"),
        ("expect_captures", {"reason": "nomatch"}, "/reason", 'Did you mean "no_match"?'),
        ("expect_captures", {"reason": "x"}, "/reason", "There are: missing_header"),
        ("expect_captures", {"bin": "app"}, "/verified", "one of verified"),
        ("expect_events", {"of": "x", "types": []}, "/of", "No step before"),
        ("expect_events", {"of": "acme", "types": ["task.updated", "x"]}, "/types/1", "no event"),
        ("expect_record", {"record": "x", "has": {}}, "/record", "No step before"),
        ("expect_record", {"record": "acme", "has": {}}, "/has", "Say what it has"),
        ("expect_record", {"record": "acme", "has": {"a": "$x"}}, "/has/a", "No step before"),
        ("expect_answer", {"of": "x", "code": 200}, "/of", "No step before"),
        ("expect_answer", {"of": "acme"}, "/code", "one of code, error"),
    ],
)
def test_what_cannot_be_expected_is_told_by_its_key(
    kind: str, keys: dict[str, Any], pointer: str, said: str
) -> None:
    scope = Scope(load_catalog(), {"app": "test"}, ("app",))
    scope.give("acme", "customer")
    with pytest.raises(InputError) as caught:
        msgspec.convert(keys, KINDS[kind]).check(scope)
    assert caught.value.pointer == pointer
    assert said in str(caught.value)


def test_what_can_be_expected_passes() -> None:
    scope = Scope(load_catalog(), {"app": "test"}, ("app",))
    scope.give("acme", "customer")
    for kind, keys in (
        ("expect_captures", {"reason": "no_match"}),
        ("expect_events", {"of": "acme", "types": ["task.updated"]}),
        ("expect_record", {"record": "acme", "has": {"a": "$acme"}}),
        ("expect_answer", {"of": "acme", "error": "timeout"}),
    ):
        msgspec.convert(keys, KINDS[kind]).check(scope)
