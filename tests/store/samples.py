"""What the tests of the store put into it."""

from pivotal_sandbox.common.ids import CAPTURE, DELIVERY, EVENT, lower_bound
from pivotal_sandbox.domain.models import (
    Attempt,
    Capture,
    Delivery,
    Event,
    Headers,
    Outcome,
    Response,
    Timing,
)
from pivotal_sandbox.domain.payload import build_body

NOW = 1_767_225_600_000
DAY = 86_400_000
URL = "http://127.0.0.1:8000/webhooks"


def an_id(prefix: str, now: int, number: int = 0) -> str:
    """Return an id of that moment, the later the greater its number."""
    return f"{lower_bound(prefix, now)}{number:018d}"


def an_event(number: int = 0, now: int = NOW, name: str = "Žofie") -> Event:
    """Return an event about somebody of that name."""
    id = an_id(EVENT, now, number)
    body = build_body(id, "customer.at_risk", now, {"name": name})
    return Event(id, "customer.at_risk", "test", now, body, ("health", "owner.name"))


def a_delivery(event: Event, number: int = 0, **changes: object) -> Delivery:
    """Return a delivery of the event, made with it."""
    values = {
        "id": an_id(DELIVERY, event.created_at, number),
        "event_id": event.id,
        "event_type": event.type,
        "endpoint_id": "ep_a",
        "mode": event.mode,
        "url": URL,
        "created_at": event.created_at,
        "next_attempt_at": event.created_at,
    }
    return Delivery(**values | changes)  # type: ignore[arg-type]  # as each test names them


def an_attempt(delivery: Delivery, number: int = 1, status: int | None = 200) -> Attempt:
    """Return an attempt that was answered, or (None) that timed out."""
    headers: Headers = (("host", "127.0.0.1:8000"), ("x-name", 'Ž"ofie'))
    response = None
    if status is not None:
        response = Response(status, (("Date", "today"), ("date", "again")), b"\x00\xff", True)
    return Attempt(
        delivery.id,
        number,
        delivery.created_at + number,
        headers,
        Outcome(
            Timing(12.5, 1.25, None, 3.75),
            response,
            None if response else "timeout",
            None if response else "nothing came within 10 s",
        ),
    )


def a_capture(number: int = 0, now: int = NOW, **changes: object) -> Capture:
    """Return a captured request."""
    values = {
        "id": an_id(CAPTURE, now, number),
        "bin": "demo",
        "method": "POST",
        "path": "/in/demo",
        "query": "a=b",
        "headers": (("Host", "a.test"), ("host", "b.test")),
        "body": b'{"a":1}',
        "received_at": now,
        "peer": "127.0.0.1:50000",
        "signed": False,
        "verified": None,
        "reason": None,
        "verdict": "Not signed.",
    }
    return Capture(**values | changes)  # type: ignore[arg-type]  # as each test names them
