"""The request that a delivery puts on the wire."""

from collections.abc import Sequence

from pivotal_sandbox.core.model import Request
from pivotal_sandbox.core.policy import USER_AGENT
from pivotal_sandbox.core.signature import sign_all
from pivotal_sandbox.core.url import parse_url


def plan(
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
            ("pivotal-event", event_type),
            ("pivotal-delivery-id", delivery_id),
            ("pivotal-signature", sign_all(body, secrets, timestamp=timestamp)),
            ("user-agent", USER_AGENT),
            ("accept", "*/*"),
            ("content-length", str(len(body))),
        ),
        body,
    )
