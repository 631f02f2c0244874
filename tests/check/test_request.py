"""Requests as bytes."""

from typing import Unpack

import pytest
from msgspec.structs import replace

from pivotal_sandbox import verify
from pivotal_sandbox.check.request import (
    CheckRequest,
    RequestChanges,
    RequestOptions,
    build_check_request,
    change_header_case,
    chunked,
    of_method,
)
from pivotal_sandbox.domain.models import Event

EVENT = Event("evt_1", "customer.at_risk", "test", 0, b'{"id":"evt_1"}')
URL = "http://127.0.0.1:8000/hooks"


def make_request(**changes: Unpack[RequestChanges]) -> CheckRequest:
    plain = RequestOptions(url=URL, secret="s3cret", t=1_000, delivery_id="msg_1")
    return build_check_request("a label", EVENT, replace(plain, **changes))


def headers(request: CheckRequest) -> list[tuple[str, str]]:
    _, *lines = request.head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    return [(name, value) for name, _, value in (line.partition(": ") for line in lines)]


def test_plain_request_is_what_pivotal_sends() -> None:
    request = make_request()
    assert request.head.startswith(b"POST /hooks HTTP/1.1\r\nhost: 127.0.0.1:8000\r\n")
    found = dict(headers(request))
    verify(request.body, found["pivotal-signature"], "s3cret", now=1_000)
    assert found["pivotal-event"] == "customer.at_risk"
    assert found["content-length"] == str(len(request.body))
    assert request.sent == request.head + request.body
    assert request.genuine


@pytest.mark.parametrize("values", [[], ["one"], ["one", "two"]])
def test_request_has_the_given_number_of_signature_headers(values: list[str]) -> None:
    found = [
        value for name, value in headers(make_request(signatures=values)) if "signature" in name
    ]
    assert found == values


def test_replaced_body_keeps_the_original_signature() -> None:
    genuine, tampered = make_request(), make_request(body=b'{"id":"evt_2"}x')
    signed = [dict(headers(request))["pivotal-signature"] for request in (genuine, tampered)]
    assert signed[0] == signed[1]
    assert dict(headers(tampered))["content-length"] == "15"


def test_headers_are_replaced_added_and_left_out() -> None:
    request = make_request(
        event_type="webhook.ping",
        headers=[("content-type", "text/plain"), ("expect", "100-continue")],
        without=["accept"],
    )
    found = dict(headers(request))
    assert found["pivotal-event"] == "webhook.ping"
    assert found["content-type"] == "text/plain"
    assert found["expect"] == "100-continue"
    assert "accept" not in found


def test_only_the_case_of_header_names_changes() -> None:
    title, upper = (
        change_header_case(make_request(), "title"),
        change_header_case(make_request(), "upper"),
    )
    assert b"\r\nPivotal-Signature: v1," in title.head
    assert b"\r\nPIVOTAL-SIGNATURE: v1," in upper.head
    assert title.head.lower() == upper.head.lower() == make_request().head.lower()


def test_chunks_carry_the_same_body() -> None:
    request = chunked(make_request())
    assert b"transfer-encoding: chunked" in request.head
    assert b"content-length" not in request.head
    assert request.body.startswith(b"7\r\n")
    assert request.body.endswith(b"\r\n0\r\n\r\n")


def test_method_can_be_replaced() -> None:
    assert of_method(make_request(), "GET").head.startswith(b"GET /hooks HTTP/1.1")
