"""Each wrong message around the body is named when it is signed."""

from datetime import UTC, datetime

import pytest
from tests.explain.mistaken import BODY, DELIVERY_ID, T, digest, named

from pivotal_sandbox.explain.mistakes.message import MESSAGE_MISTAKES, signing_inputs

BEFORE = {
    "no-timestamp": "",
    "no-dot": f"{T}",
    "dot-alone": "undefined.",
    "other-separator": f"{T}:",
    "milliseconds": f"{T * 1000}.",
    "timestamp-rewritten": f"{float(T)}.",
    "timestamp-iso": f"{datetime.fromtimestamp(T, UTC).isoformat()}.",
    "created-at": "2024-05-24T16:00:00.000Z.",
    "timestamp-with-key": f"t={T}.",
    "version-included": f"v1:{T}:",
    "delivery-id-included": f"{DELIVERY_ID}.{T}.",
    "event-id-included": f"evt_1.{T}.",
    "other-timestamp": f"{T + 17}.",
}


def test_each_wrong_message_has_its_test() -> None:
    assert {*BEFORE, "body-first"} == {mistake.id for mistake, _ in MESSAGE_MISTAKES}


@pytest.mark.parametrize("id", BEFORE)
def test_a_wrong_message_is_named(id: str) -> None:
    assert named(digest(BODY, before=BEFORE[id]))[0] == id


def test_a_timestamp_after_the_body_is_named() -> None:
    assert named(digest(BODY, before="", after=f".{T}"))[0] == "body-first"


def test_what_a_body_tells_of_itself_is_read_from_its_beginning() -> None:
    inputs = signing_inputs("1", b'{ "id" : "evt_1", "type":"a.b","created_at": "now"}', ["msg_1"])
    assert (inputs.event_id, inputs.event_type, inputs.created_at) == ("evt_1", "a.b", "now")
    assert signing_inputs("1", b" " * 5000 + b'"id":"evt_1"', []).event_id == ""
