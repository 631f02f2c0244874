"""The nouns as the API shows them."""

import base64
from typing import Any

import msgspec

from pivotal_sandbox.core.behaviour import Bin
from pivotal_sandbox.core.instant import rfc3339
from pivotal_sandbox.core.model import (
    Attempt,
    Capture,
    Delivery,
    Endpoint,
    Event,
    Forwarded,
    Outcome,
)

View = dict[str, Any]


def endpoint_view(endpoint: Endpoint, *, secret: bool = False) -> View:
    """Return the endpoint; its secret only where one asked for this one."""
    view: View = {
        "id": endpoint.id,
        "url": endpoint.url,
        "mode": endpoint.mode,
        "event_types": endpoint.event_types,
        "field_filter": endpoint.field_filter,
        "description": endpoint.description,
        "enabled": endpoint.enabled,
        "created_at": rfc3339(endpoint.created_at),
        "previous_secret_expires_at": _moment(endpoint.previous_secret_expires_at),
    }
    if secret:
        view["secret"] = endpoint.secret
    return view


def event_view(event: Event) -> View:
    """Return the event; `body` is what is sent, to the byte."""
    return {
        "id": event.id,
        "type": event.type,
        "mode": event.mode,
        "created_at": rfc3339(event.created_at),
        "changed": event.changed,
        "body": msgspec.Raw(event.body),
    }


def delivery_view(delivery: Delivery) -> View:
    """Return the delivery as lists show it."""
    return {
        "id": delivery.id,
        "event_id": delivery.event_id,
        "event_type": delivery.event_type,
        "endpoint_id": delivery.endpoint_id,
        "mode": delivery.mode,
        "url": delivery.url,
        "status": delivery.status,
        "attempt_count": delivery.attempt_count,
        "created_at": rfc3339(delivery.created_at),
        "next_attempt_at": _moment(delivery.next_attempt_at),
        "first_failed_at": _moment(delivery.first_failed_at),
        "completed_at": _moment(delivery.completed_at),
        "replay_of": delivery.replay_of,
        "fault": delivery.fault,
        "last_status_code": delivery.last_status_code,
        "last_duration_ms": delivery.last_duration_ms,
    }


def attempt_view(attempt: Attempt) -> View:
    """Return the attempt with what was sent and what came back."""
    outcome, timing = attempt.outcome, attempt.outcome.timing
    return {
        "number": attempt.number,
        "started_at": rfc3339(attempt.started_at),
        "duration_ms": timing.total_ms,
        "connect_ms": timing.connect_ms,
        "tls_ms": timing.tls_ms,
        "first_byte_ms": timing.first_byte_ms,
        "status_code": outcome.response.status_code if outcome.response else None,
        "error": outcome.error,
        "detail": outcome.detail,
        "request": {"headers": attempt.request_headers},
        "response": _response(outcome),
    }


def capture_view(capture: Capture) -> View:
    """Return the capture; a body that is no UTF-8 is shown in base64."""
    return {
        "id": capture.id,
        "bin": capture.bin,
        "method": capture.method,
        "path": capture.path,
        "query": capture.query,
        "headers": capture.headers,
        **_body(capture.body),
        "received_at": rfc3339(capture.received_at),
        "peer": capture.peer,
        "signed": capture.signed,
        "verified": capture.verified,
        "reason": capture.reason,
        "verdict": capture.verdict,
        "response": {"status": capture.status, "duration_ms": capture.duration_ms},
        "forwarded": _forwarded(capture.forwarded),
    }


def bin_view(bin: Bin, url: str) -> View:
    """Return the bin, with the address that it captures at."""
    return {
        "name": bin.name,
        "url": url,
        "behaviour": [step.as_json() for step in bin.behaviour],
        "forward_to": bin.forward_to,
        "secret": bin.secret,
    }


def _forwarded(forwarded: Forwarded | None) -> View | None:
    if forwarded is None:
        return None
    outcome = forwarded.outcome
    return {
        "url": forwarded.url,
        "duration_ms": outcome.timing.total_ms,
        "status_code": outcome.response.status_code if outcome.response else None,
        "error": outcome.error,
        "detail": outcome.detail,
        "response": _response(outcome),
    }


def _response(outcome: Outcome) -> View | None:
    response = outcome.response
    if response is None:
        return None
    return {
        "headers": response.headers,
        **_body(response.body),
        "truncated": response.truncated,
    }


def _body(body: bytes) -> View:
    try:
        return {"body": body.decode("utf-8"), "body_encoding": "utf-8"}
    except UnicodeDecodeError:
        return {"body": base64.b64encode(body).decode("ascii"), "body_encoding": "base64"}


def _moment(moment: int | None) -> str | None:
    return None if moment is None else rfc3339(moment)
