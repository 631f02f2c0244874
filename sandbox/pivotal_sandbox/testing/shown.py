"""Deliveries as plain data for people to read: it passes from process to process."""

from typing import TypedDict

from pivotal_sandbox.core.printable import bytes_shown, printable
from pivotal_sandbox.testing.attempt import Attempt
from pivotal_sandbox.testing.delivery import Delivery
from pivotal_sandbox.testing.explanation import explanation
from pivotal_sandbox.testing.headers import Headers

_BODY = 4096  # bytes of a body


class ShownAttempt(TypedDict):
    """One try, as text."""

    number: int
    when: str
    took: str
    came_back: str
    request: str
    response: str
    verdict: str
    explanation: str


class ShownDelivery(TypedDict):
    """One delivery, as text."""

    event: str
    status: str
    said: str
    url: str
    ids: str
    fault: str
    attempts: list[ShownAttempt]


def shown(delivery: Delivery) -> ShownDelivery:
    """Return a delivery as text, all of it fit to be shown."""
    return {
        "event": printable(delivery.event.type),
        "status": delivery.status,
        "said": printable(delivery.said),
        "url": printable(delivery.url),
        "ids": f"{delivery.id} {delivery.event.id}".strip(),
        "fault": delivery.fault or "",
        "attempts": [_attempt(one) for one in delivery.attempts],
    }


def _attempt(attempt: Attempt) -> ShownAttempt:
    request, response = attempt.request, attempt.response
    if response is None:
        answer = printable(attempt.detail or "")
    else:
        line = str(response.status_code)
        answer = _message(line, response.headers, response.body)
    return {
        "number": attempt.number,
        "when": attempt.started_at.isoformat(sep=" ", timespec="seconds").removesuffix("+00:00"),
        "took": f"{attempt.duration_ms:.0f} ms",
        "came_back": attempt.came_back,
        "request": _message(f"{request.method} {request.url}", request.headers, request.body),
        "response": answer,
        "verdict": printable(request.verdict),
        "explanation": printable(explanation(attempt)),
    }


def _message(line: str, headers: Headers, body: bytes) -> str:
    lines = [line, *[f"{name}: {value}" for name, value in headers.pairs]]
    text = bytes_shown(body[:_BODY])
    more = len(body) - _BODY
    if more > 0:
        text += f"… ({more:,} bytes more)"
    return printable("\n".join(lines)) + (f"\n\n{text}" if text else "")
