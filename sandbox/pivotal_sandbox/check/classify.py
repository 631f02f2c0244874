"""What an answer means: its kind for the battery, and its fate at Pivotal."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal

from pivotal_sandbox.check.model import Exchange
from pivotal_sandbox.common.headers import header_value
from pivotal_sandbox.domain.models import Outcome, Response, Timing
from pivotal_sandbox.domain.retry_policy import is_retried

Kind = Literal["ack", "reject", "gone", "throttle", "redirect", "crash", "hang"]
Fate = Literal["delivered", "retried", "LOST"]

_LATER = (408, 425, 429)  # "not now": neither taken nor refused


def header(exchange: Exchange, name: str) -> str:
    """Return the value of the answer's header, or ""."""
    return header_value(exchange.response_headers, name) or ""


def kind(exchange: Exchange) -> Kind:
    """Return what kind of answer that is; a connection closed without one is a crash."""
    status = exchange.status
    if status is None:
        return "hang" if exchange.failure == "timeout" else "crash"
    if status in _LATER or (status == 503 and header(exchange, "retry-after")):
        return "throttle"
    if status == 410:
        return "gone"
    if status < 300:
        return "ack"
    return "redirect" if status < 400 else "reject" if status < 500 else "crash"


def is_ack(exchange: Exchange) -> bool:
    """Say whether Pivotal takes the event as delivered."""
    return kind(exchange) == "ack"


def fate(exchange: Exchange) -> Fate:
    """Return what becomes of a delivery that is answered so."""
    response = None if exchange.status is None else Response(exchange.status, (), b"")
    outcome = Outcome(Timing(exchange.duration_ms), response, exchange.failure)
    return "delivered" if outcome.ok else "retried" if is_retried(outcome) else "LOST"


def worst(exchanges: Iterable[Exchange]) -> Fate:
    """Return the worst fate among the answers."""
    order: list[Fate] = ["delivered", "retried", "LOST"]
    return max((fate(exchange) for exchange in exchanges), key=order.index, default="delivered")


def said(exchange: Exchange) -> str:
    """Return the answer in words: "401", or what came in place of one."""
    if exchange.status is not None:
        return f"{exchange.status}"
    return {
        "timeout": "no answer in time",
        "connection_refused": "connection refused",
        "connection_reset": "a closed connection",
        "protocol": "something that is not HTTP/1.1",
    }.get(exchange.failure or "", exchange.error or "no answer")


def tally(exchanges: Sequence[Exchange]) -> str:
    """Return the answers of many requests: "401 to all 6", "401 to 4, 400 to 2"."""
    counts = Counter(said(exchange) for exchange in exchanges).most_common()
    if len(counts) == 1:
        answer, count = counts[0]
        many = {1: "", 2: " to both"}.get(count, f" to all {count}")
        return f"{answer}{many}"
    return ", ".join(f"{answer} to {count}" for answer, count in counts)


def listed(exchanges: Sequence[Exchange], most: int = 3) -> str:
    """Return each request's label with its answer: the first few, and how many more."""
    shown = "; ".join(f"{exchange.label}: {said(exchange)}" for exchange in exchanges[:most])
    rest = len(exchanges) - most
    return f"{shown}; and {rest} more" if rest > 0 else shown
