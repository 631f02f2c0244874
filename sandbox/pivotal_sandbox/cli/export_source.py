"""What the API shows of requests that were sent, as what exports are made of."""

import base64
from typing import Any

import msgspec
from msgspec import Struct

from pivotal_sandbox.cli.client import Json
from pivotal_sandbox.common.timestamps import parse_rfc3339
from pivotal_sandbox.domain.models import Attempt, Capture, Headers, Outcome, Response, Timing
from pivotal_sandbox.exports.exchange import ExportedRequest, exported_attempt, exported_capture


class _Event(Struct):
    body: msgspec.Raw
    body_encoding: str


class _Delivery(Struct):
    id: str
    event_type: str
    url: str
    fault: str | None
    event: _Event
    attempts: list[Json]


def attempts_sent(content: bytes) -> list[ExportedRequest]:
    """Return what each attempt sent, of a delivery as the API answers it.

    It takes the answer's bytes, as the body of the event is part of them: to be read and written
    once more is what it would not survive.
    """
    found = msgspec.json.decode(content, type=_Delivery)
    body = bytes(found.event.body)
    if found.event.body_encoding != "json":
        shown = {"body": msgspec.json.decode(body), "body_encoding": found.event.body_encoding}
        body = body_of(shown)
    return [
        exported_attempt(
            _attempt(found.id, attempt),
            event_type=found.event_type,
            url=found.url,
            fault=found.fault,
            event_body=body,
        )
        for attempt in found.attempts
    ]


def capture_sent(shown: Json, base_url: str) -> ExportedRequest:
    """Return what came in, of a capture as the API shows it."""
    answer = shown["response"]
    capture = Capture(
        id=shown["id"],
        bin=shown["bin"],
        method=shown["method"],
        path=shown["path"],
        query=shown["query"],
        headers=_headers(shown["headers"]),
        body=body_of(shown),
        received_at=parse_rfc3339(shown["received_at"]),
        peer=shown["peer"],
        signed=shown["signed"],
        verified=shown["verified"],
        reason=shown["reason"],
        verdict=shown["verdict"],
        status=answer["status"],
        duration_ms=answer["duration_ms"],
    )
    return exported_capture(capture, base_url)


def body_of(shown: dict[str, Any]) -> bytes:
    """Return the bytes of a body, of a capture, an event or an attempt's request."""
    match shown["body_encoding"]:
        case "base64":
            return base64.b64decode(shown["body"])
        case "json":  # encoded as the sandbox encodes what it signs
            return msgspec.json.encode(shown["body"])
        case _:
            text: str = shown["body"]
            return text.encode()


def _attempt(delivery_id: str, shown: Json) -> Attempt:
    request, answer = shown["request"], shown["response"]
    response = None
    if answer is not None:
        response = Response(
            shown["status_code"],
            _headers(answer["headers"]),
            body_of(answer),
            answer["truncated"],
        )
    timing = Timing(
        shown["duration_ms"], shown["connect_ms"], shown["tls_ms"], shown["first_byte_ms"]
    )
    return Attempt(
        delivery_id,
        shown["number"],
        parse_rfc3339(shown["started_at"]),
        _headers(request["headers"]),
        Outcome(timing, response, shown["error"], shown["detail"]),
        None if request["body"] is None else body_of(request),
    )


def _headers(shown: list[list[str]]) -> Headers:
    return tuple((name, value) for name, value in shown)
