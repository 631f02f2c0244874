"""Which request and which events a fault spoils, and from which attempt on it does no more."""

import json
import random

import pytest

from pivotal_sandbox.common.headers import header_value
from pivotal_sandbox.domain.catalog import Catalog
from pivotal_sandbox.domain.models import Event, Request
from pivotal_sandbox.domain.payload import build_body
from pivotal_sandbox.domain.request import build_request
from pivotal_sandbox.errors import InputError
from pivotal_sandbox.faults.apply import alter_events, alter_request
from pivotal_sandbox.faults.registry import FAULTS
from pivotal_sandbox.faults.signature import SigningContext
from pivotal_sandbox.faults.traffic import OLDER

NOW = 1_780_000_000_000
SIGNING = SigningContext(("whsec_x",), 1, random.Random(7))
FIRST_ONLY = {"reset-mid-body", "truncated-body", "abort-before-response"}
OF_REQUESTS = {fault.name for fault in FAULTS if fault.group in ("signature", "transport")} | {
    "wrong-content-type"
}


def planned() -> Request:
    body = b'{"id":"evt_1","data":{"id":"cus_1"}}'
    return build_request("msg_1", "x", body, url="http://a.test/", secrets=["whsec_x"], timestamp=1)


@pytest.mark.parametrize("name", [fault.name for fault in FAULTS])
def test_a_fault_of_requests_spoils_the_first_attempt_and_as_it_says_the_others(name: str) -> None:
    first = alter_request(name, planned(), SIGNING, number=1)
    second = alter_request(name, planned(), SIGNING, number=2)
    assert (first != planned()) is (name in OF_REQUESTS)
    assert (second != planned()) is (name in OF_REQUESTS - FIRST_ONLY)


@pytest.mark.parametrize("name", [None, "edited", "verbatim"])
def test_what_is_no_fault_spoils_nothing(name: str | None) -> None:
    assert alter_request(name, planned(), SIGNING, number=1) == planned()


def test_a_wrong_content_type_is_plain_text_and_rightly_signed() -> None:
    spoilt = alter_request("wrong-content-type", planned(), SIGNING, number=1)
    assert header_value(spoilt.headers, "content-type") == "text/plain"
    before, after = dict(planned().headers), dict(spoilt.headers)
    assert {**before, "content-type": "text/plain"} == after


def event(id: str) -> Event:
    body = build_body(id, "task.updated", NOW, {"id": "tsk_1"})
    return Event(id, "task.updated", "test", NOW, body)


def test_out_of_order_the_first_of_the_events_is_the_older_one(catalog: Catalog) -> None:
    older, newer = alter_events("out-of-order", [event("evt_1"), event("evt_2")], catalog)
    assert newer == event("evt_2")
    assert older.created_at == NOW - OLDER
    assert json.loads(older.body)["created_at"] == "2026-05-28T20:26:39.000Z"


@pytest.mark.parametrize("name", ["burst", "duplicate", "no-signature", "slow-body"])
def test_events_stay_as_they_are_where_the_fault_is_not_theirs(name: str, catalog: Catalog) -> None:
    assert alter_events(name, [event("evt_1")], catalog) == [event("evt_1")]


def test_an_unknown_fault_is_refused(catalog: Catalog) -> None:
    with pytest.raises(InputError, match='no fault "delay"'):
        alter_events("delay", [event("evt_1")], catalog)
