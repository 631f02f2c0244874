"""The nouns as the API shows them: names as the contract has them, bytes as they were."""

import base64

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pivotal_sandbox.domain.models import (
    Attempt,
    Delivery,
    Endpoint,
    Event,
    Outcome,
    Response,
    Timing,
)
from pivotal_sandbox.web import views

ENDPOINT = Endpoint("ep_1", "http://x/", "test", "whsec_1", 0, previous_secret="whsec_0")
DELIVERY = Delivery("msg_1", "evt_1", "task.created", "ep_1", "test", "http://x/", 0)


def test_a_delivery_shows_each_of_its_fields_under_its_own_name() -> None:
    assert set(views.DeliveryView.__struct_fields__) == set(DELIVERY.__struct_fields__)


def test_secrets_are_shown_only_where_they_are_asked_for() -> None:
    assert "whsec" not in str(views.EndpointView.of(ENDPOINT))
    shown = views.EndpointWithSecret.of(ENDPOINT)
    assert (shown.secret, shown.previous_secret) == ("whsec_1", "whsec_0")
    assert "whsec" not in repr(ENDPOINT)


def test_an_events_body_is_shown_to_the_byte() -> None:
    body = b'{"id":"evt_1","n":1.10,"e":1e3}'
    shown = msgspec.json.encode(views.EventView.of(Event("evt_1", "x", "test", 0, body)))
    assert body in shown


@given(st.binary())
def test_a_responses_body_comes_back_from_what_is_shown(body: bytes) -> None:
    outcome = Outcome(Timing(1.0), Response(200, (), body))
    response = views.AttemptView.of(Attempt("msg_1", 1, 0, (), outcome)).response
    assert response is not None
    encoding, shown = response.body_encoding, response.body
    assert body == (shown.encode() if encoding == "utf-8" else base64.b64decode(shown))


def test_an_attempt_that_nobody_answered_shows_why() -> None:
    outcome = Outcome(Timing(1.0), error="timeout", detail="It took too long.")
    view = views.AttemptView.of(Attempt("msg_1", 1, 0, (), outcome))
    assert (view.status_code, view.response) == (None, None)
    assert (view.error, view.detail) == ("timeout", "It took too long.")


@pytest.mark.parametrize(
    ("body", "shown", "encoding"),
    [
        (b'{"a":1}', {"a": 1}, "json"),
        (b"7", 7, "json"),
        (b"", "", "utf-8"),
        (b'{"a":', '{"a":', "utf-8"),
        (b'{"a":"\xc3', "eyJhIjoiww==", "base64"),
        (b'"\xff"', "Iv8i", "base64"),
    ],
)
def test_an_events_body_that_is_no_json_is_shown_all_the_same(
    body: bytes, shown: object, encoding: str
) -> None:
    view = msgspec.json.encode(views.EventView.of(Event("evt_1", "x", "test", 0, body)))
    read = msgspec.json.decode(view)
    assert (read["body"], read["body_encoding"]) == (shown, encoding)


@given(st.binary())
def test_any_body_of_an_event_makes_a_view_that_is_json(body: bytes) -> None:
    read = msgspec.json.decode(
        msgspec.json.encode(views.EventView.of(Event("evt_1", "x", "test", 0, body)))
    )
    if read["body_encoding"] != "json":
        text = read["body"]
        utf8 = read["body_encoding"] == "utf-8"
        assert body == (text.encode() if utf8 else base64.b64decode(text))


def test_a_body_on_the_wire_that_was_not_the_events_is_shown_with_the_attempt() -> None:
    outcome = Outcome(Timing(1.0), error="timeout", detail="It took too long.")
    view = views.AttemptView.of(Attempt("msg_1", 1, 0, (), outcome, b"\xff"))
    assert (view.request.body, view.request.body_encoding) == ("/w==", "base64")
