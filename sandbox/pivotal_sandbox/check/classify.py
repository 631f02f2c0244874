"""Classify answers: the kind of an answer, and what Pivotal does after it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal

from pivotal_sandbox.check.model import Exchange
from pivotal_sandbox.common.headers import header_value
from pivotal_sandbox.domain import retry_policy
from pivotal_sandbox.domain.models import Outcome, Response, Timing

AnswerKind = Literal["ack", "reject", "gone", "throttle", "redirect", "crash", "hang"]
ReportedConsequence = Literal["delivered", "retried", "LOST"]

_RETRY_LATER = (408, 425, 429)  # neither accepted nor refused


def header(exchange: Exchange, name: str) -> str:
    """Return the value of the answer's header, or ""."""
    return header_value(exchange.response_headers, name) or ""


def classify_answer(exchange: Exchange) -> AnswerKind:
    """Return the kind of an answer; a connection closed without an answer is a crash."""
    status = exchange.status
    if status is None:
        return "hang" if exchange.failure == "timeout" else "crash"
    if status in _RETRY_LATER or (status == 503 and header(exchange, "retry-after")):
        return "throttle"
    if status == 410:
        return "gone"
    if status < 300:
        return "ack"
    return "redirect" if status < 400 else "reject" if status < 500 else "crash"


def is_ack(exchange: Exchange) -> bool:
    """Return whether Pivotal treats the event as delivered."""
    return classify_answer(exchange) == "ack"


def consequence(exchange: Exchange) -> ReportedConsequence:
    """Return what Pivotal does with a delivery after this answer."""
    response = None if exchange.status is None else Response(exchange.status, (), b"")
    outcome = Outcome(Timing(exchange.duration_ms), response, exchange.failure)
    result = retry_policy.consequence(outcome)
    return "LOST" if result == "lost" else result


def worst_consequence(exchanges: Iterable[Exchange]) -> ReportedConsequence:
    """Return the worst consequence among the answers."""
    order: list[ReportedConsequence] = ["delivered", "retried", "LOST"]
    return max(
        (consequence(exchange) for exchange in exchanges), key=order.index, default="delivered"
    )


def describe_answer(exchange: Exchange) -> str:
    """Return the status, or why there is none: "401", "no answer in time"."""
    if exchange.status is not None:
        return f"{exchange.status}"
    return {
        "timeout": "no answer in time",
        "connection_refused": "connection refused",
        "connection_reset": "a closed connection",
        "protocol": "something that is not HTTP/1.1",
    }.get(exchange.failure or "", exchange.error or "no answer")


def summarize_answers(exchanges: Sequence[Exchange]) -> str:
    """Return the answers of many requests: "401 to all 6", "401 to 4, 400 to 2"."""
    counts = Counter(describe_answer(exchange) for exchange in exchanges).most_common()
    if len(counts) == 1:
        answer, count = counts[0]
        quantity = {1: "", 2: " to both"}.get(count, f" to all {count}")
        return f"{answer}{quantity}"
    return ", ".join(f"{answer} to {count}" for answer, count in counts)


def list_answers(exchanges: Sequence[Exchange], limit: int = 3) -> str:
    """Return each request's label with its answer: the first few, and how many more."""
    labels = "; ".join(
        f"{exchange.label}: {describe_answer(exchange)}" for exchange in exchanges[:limit]
    )
    remaining = len(exchanges) - limit
    return f"{labels}; and {remaining} more" if remaining > 0 else labels
