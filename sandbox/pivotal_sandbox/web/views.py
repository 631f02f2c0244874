"""The nouns as the API shows them: types, so that the description is made of them too."""

import base64
from typing import Any, Literal, Self

import msgspec
from msgspec import Struct

from pivotal_sandbox.common.timestamps import format_rfc3339
from pivotal_sandbox.domain.bins import Bin
from pivotal_sandbox.domain.models import (
    Attempt,
    Capture,
    Delivery,
    Endpoint,
    ErrorCode,
    Event,
    Forwarded,
    Headers,
    Mode,
    Outcome,
    Status,
)
from pivotal_sandbox.feed import Attempted, Triggered

Encoding = Literal["utf-8", "base64"]

_valid = msgspec.json.Decoder(msgspec.Raw).decode


def encode_body(body: bytes) -> tuple[str, Encoding]:
    """Return the body as text, or in base64 where it is none, and which of the two."""
    try:
        return body.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return base64.b64encode(body).decode("ascii"), "base64"


def json_body(body: bytes) -> tuple[Any, Literal["json"] | Encoding]:
    """Return the body to the byte where it is JSON, and else as `encode_body` does."""
    text, encoding = encode_body(body)
    try:
        return (_valid(body), "json") if encoding == "utf-8" else (text, encoding)
    except msgspec.DecodeError:
        return text, encoding


class EndpointView(Struct):
    """An endpoint as lists show it."""

    id: str
    url: str
    mode: Mode
    event_types: tuple[str, ...]
    field_filter: tuple[str, ...]
    description: str
    enabled: bool
    created_at: str
    previous_secret_expires_at: str | None

    @classmethod
    def of(cls, endpoint: Endpoint, **more: str | None) -> Self:
        """Return the view of an endpoint."""
        return cls(
            id=endpoint.id,
            url=endpoint.url,
            mode=endpoint.mode,
            event_types=endpoint.event_types,
            field_filter=endpoint.field_filter,
            description=endpoint.description,
            enabled=endpoint.enabled,
            created_at=format_rfc3339(endpoint.created_at),
            previous_secret_expires_at=_moment(endpoint.previous_secret_expires_at),
            **more,
        )


class EndpointWithSecret(EndpointView, kw_only=True):
    """One endpoint, to whoever asked for it."""

    secret: str
    previous_secret: str | None

    @classmethod
    def of(cls, endpoint: Endpoint, **more: str | None) -> Self:
        """Return the view of an endpoint, with its secrets."""
        previous = endpoint.previous_secret
        return super().of(endpoint, secret=endpoint.secret, previous_secret=previous, **more)


class EventView(Struct):
    """An event; `body` is what is sent, to the byte.

    `body_encoding` says how it is shown: as the JSON that it is, or, where a fault made it
    something else, as text or in base64.
    """

    id: str
    type: str
    mode: Mode
    created_at: str
    changed: tuple[str, ...]
    body: Any
    body_encoding: Literal["json", "utf-8", "base64"]

    @classmethod
    def of(cls, event: Event) -> Self:
        """Return the view of an event."""
        body, encoding = json_body(event.body)
        return cls(
            id=event.id,
            type=event.type,
            mode=event.mode,
            created_at=format_rfc3339(event.created_at),
            changed=event.changed,
            body=body,
            body_encoding=encoding,
        )


class DeliveryView(Struct):
    """A delivery as lists show it."""

    id: str
    event_id: str
    event_type: str
    endpoint_id: str
    mode: Mode
    url: str
    status: Status
    attempt_count: int
    created_at: str
    next_attempt_at: str | None
    first_failed_at: str | None
    completed_at: str | None
    replay_of: str | None
    fault: str | None
    last_status_code: int | None
    last_duration_ms: float | None

    @classmethod
    def of(cls, delivery: Delivery, **more: Any) -> Self:
        """Return the view of a delivery."""
        return cls(
            id=delivery.id,
            event_id=delivery.event_id,
            event_type=delivery.event_type,
            endpoint_id=delivery.endpoint_id,
            mode=delivery.mode,
            url=delivery.url,
            status=delivery.status,
            attempt_count=delivery.attempt_count,
            created_at=format_rfc3339(delivery.created_at),
            next_attempt_at=_moment(delivery.next_attempt_at),
            first_failed_at=_moment(delivery.first_failed_at),
            completed_at=_moment(delivery.completed_at),
            replay_of=delivery.replay_of,
            fault=delivery.fault,
            last_status_code=delivery.last_status_code,
            last_duration_ms=delivery.last_duration_ms,
            **more,
        )


class RequestView(Struct):
    """What was sent; the body is null where it was the event's."""

    headers: Headers
    body: str | None
    body_encoding: Encoding | None


class ResponseView(Struct):
    """What came back; a body that is no UTF-8 is shown in base64."""

    headers: Headers
    body: str
    body_encoding: Encoding
    truncated: bool


class AttemptView(Struct, kw_only=True):
    """One attempt: what was sent, and how it ended."""

    number: int
    started_at: str
    duration_ms: float
    connect_ms: float | None
    tls_ms: float | None
    first_byte_ms: float | None
    status_code: int | None
    error: ErrorCode | None
    detail: str | None
    request: RequestView
    response: ResponseView | None

    @classmethod
    def of(cls, attempt: Attempt, **more: Any) -> Self:
        """Return the view of an attempt."""
        outcome, timing = attempt.outcome, attempt.outcome.timing
        return cls(
            number=attempt.number,
            started_at=format_rfc3339(attempt.started_at),
            duration_ms=timing.total_ms,
            connect_ms=timing.connect_ms,
            tls_ms=timing.tls_ms,
            first_byte_ms=timing.first_byte_ms,
            status_code=outcome.response.status_code if outcome.response else None,
            error=outcome.error,
            detail=outcome.detail,
            request=_request(attempt),
            response=_response(outcome),
            **more,
        )


class AttemptOfDelivery(AttemptView, kw_only=True):
    """An attempt that a move of the clock brought, with its delivery as it then stood."""

    delivery: DeliveryView

    @classmethod
    def of_activity(cls, attempted: Attempted) -> Self:
        """Return the view of an attempt with its delivery."""
        return cls.of(attempted.attempt, delivery=DeliveryView.of(attempted.delivery))


class DeliveryDetail(DeliveryView, kw_only=True):
    """A delivery with its event and all attempts."""

    event: EventView
    attempts: list[AttemptView]


class TriggeredView(Struct):
    """An event, and the deliveries it made."""

    event: EventView
    deliveries: list[DeliveryView]

    @classmethod
    def of(cls, triggered: Triggered) -> Self:
        """Return the view of an event with its deliveries."""
        deliveries = [DeliveryView.of(delivery) for delivery in triggered.deliveries]
        return cls(EventView.of(triggered.event), deliveries)


class ForwardedView(Struct):
    """The other side of a capture that was passed on."""

    url: str
    duration_ms: float
    status_code: int | None
    error: ErrorCode | None
    detail: str | None
    response: ResponseView | None


class AnswerView(Struct):
    """What the capture receiver answered; nulls while, or because, it did not."""

    status: int | None
    duration_ms: float | None


class CaptureView(Struct):
    """A captured request, whole."""

    id: str
    bin: str
    method: str
    path: str
    query: str
    headers: Headers
    body: str
    body_encoding: Encoding
    received_at: str
    peer: str | None
    signed: bool
    verified: bool | None
    reason: str | None
    verdict: str
    response: AnswerView
    forwarded: ForwardedView | None

    @classmethod
    def of(cls, capture: Capture) -> Self:
        """Return the view of a capture."""
        body, encoding = encode_body(capture.body)
        return cls(
            id=capture.id,
            bin=capture.bin,
            method=capture.method,
            path=capture.path,
            query=capture.query,
            headers=capture.headers,
            body=body,
            body_encoding=encoding,
            received_at=format_rfc3339(capture.received_at),
            peer=capture.peer,
            signed=capture.signed,
            verified=capture.verified,
            reason=capture.reason,
            verdict=capture.verdict,
            response=AnswerView(capture.status, capture.duration_ms),
            forwarded=_forwarded(capture.forwarded),
        )


class BinView(Struct):
    """A bin, and the address that it captures at."""

    name: str
    url: str
    behaviour: list[dict[str, Any]]
    forward_to: str | None
    secret: str | None

    @classmethod
    def of(cls, bin: Bin, url: str) -> Self:
        """Return the view of a bin."""
        steps = [step.as_json() for step in bin.behaviour]
        return cls(bin.name, url, steps, bin.forward_to, bin.secret)


def _forwarded(forwarded: Forwarded | None) -> ForwardedView | None:
    if forwarded is None:
        return None
    outcome = forwarded.outcome
    return ForwardedView(
        url=forwarded.url,
        duration_ms=outcome.timing.total_ms,
        status_code=outcome.response.status_code if outcome.response else None,
        error=outcome.error,
        detail=outcome.detail,
        response=_response(outcome),
    )


def _response(outcome: Outcome) -> ResponseView | None:
    response = outcome.response
    if response is None:
        return None
    return ResponseView(response.headers, *encode_body(response.body), response.truncated)


def _request(attempt: Attempt) -> RequestView:
    body = attempt.request_body
    return RequestView(
        attempt.request_headers, *((None, None) if body is None else encode_body(body))
    )


def _moment(moment: int | None) -> str | None:
    return None if moment is None else format_rfc3339(moment)
