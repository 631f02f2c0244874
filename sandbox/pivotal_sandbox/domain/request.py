"""A delivery as it begins, and the request that it puts on the wire."""

from collections.abc import Sequence

from pivotal_sandbox.common.headers import DELIVERY_ID_HEADER, EVENT_HEADER, SIGNATURE_HEADER
from pivotal_sandbox.common.urls import parse_url
from pivotal_sandbox.domain.models import Delivery, Endpoint, Request
from pivotal_sandbox.domain.retry_policy import USER_AGENT
from pivotal_sandbox.signature import sign_all


def new_delivery(
    id: str,
    event_id: str,
    event_type: str,
    endpoint: Endpoint,
    now: int,
    replay_of: str | None = None,
) -> Delivery:
    """Return a delivery that is due at once, to the URL that the endpoint has now."""
    return Delivery(
        id=id,
        event_id=event_id,
        event_type=event_type,
        endpoint_id=endpoint.id,
        mode=endpoint.mode,
        url=endpoint.url,
        created_at=now,
        next_attempt_at=now,
        replay_of=replay_of,
    )


def build_request(
    delivery_id: str,
    event_type: str,
    body: bytes,
    *,
    url: str,
    secrets: Sequence[str],
    timestamp: int,
) -> Request:
    """Return the signed request: these headers, in this order, and no other.

    `timestamp` is in Unix seconds.
    """
    return Request(
        "POST",
        url,
        (
            ("host", parse_url(url).authority),
            ("content-type", "application/json"),
            (EVENT_HEADER, event_type),
            (DELIVERY_ID_HEADER, delivery_id),
            (SIGNATURE_HEADER, sign_all(body, secrets, timestamp=timestamp)),
            ("user-agent", USER_AGENT),
            ("accept", "*/*"),
            ("content-length", str(len(body))),
        ),
        body,
    )
