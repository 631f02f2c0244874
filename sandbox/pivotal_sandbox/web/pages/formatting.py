"""How the inspector says things: times, durations, what became of a delivery."""

from dataclasses import dataclass
from typing import Literal

from pivotal_sandbox.common.durations import DAY, HOUR, MINUTE, SECOND
from pivotal_sandbox.common.text import pluralize
from pivotal_sandbox.common.timestamps import format_rfc3339
from pivotal_sandbox.domain.models import Attempt, Delivery, ErrorCode, Outcome
from pivotal_sandbox.domain.retry_policy import RETRY_WINDOW, Consequence, consequence, is_retried

Tone = Literal["good", "warn", "bad", "idle"]

ERRORS: dict[ErrorCode, str] = {
    "timeout": "Timeout",
    "connection_refused": "Refused",
    "connection_reset": "Reset",
    "dns": "DNS",
    "tls": "TLS",
    "protocol": "Protocol error",
    "blocked": "Blocked",
    "interrupted": "Interrupted",
}
_UNITS = ((DAY, "d"), (HOUR, "h"), (MINUTE, "min"), (SECOND, "s"))


@dataclass(frozen=True, slots=True)
class Pill:
    """The state of something in a word or two; `note` says what comes of it."""

    tone: Tone
    word: str
    note: str = ""


def span(ms: float) -> str:
    """Return about how long a time is: "4 min", "2 h"."""
    for size, unit in _UNITS:
        if ms >= size:
            return f"{int(ms // size)} {unit}"
    return "0 s"


def relative(moment: int, now: int) -> str:
    """Return when something was or will be: "4 min ago", "in 2 h"."""
    if abs(moment - now) < SECOND:
        return "now"
    return f"{span(now - moment)} ago" if moment < now else f"in {span(moment - now)}"


def duration(ms: float | None) -> str:
    """Return how long something took: "12 ms", "1.4 s"."""
    if ms is None:
        return "–"
    if ms < 9.95:
        return f"{ms:.1f} ms"
    if ms < 999.5:
        return f"{ms:.0f} ms"
    return f"{ms / 1000:.1f} s" if ms < 100 * SECOND else span(ms)


def utc(moment: int) -> str:
    """Return a moment for reading: "2026-05-24 08:00:00 UTC"."""
    return f"{format_rfc3339(moment)[:19].replace('T', ' ')} UTC"


def clock_time(moment: int, now: int) -> str:
    """Return a time of day, and which day that is where it is not today's: "14:05 tomorrow"."""
    time = format_rfc3339(moment)[11:16]
    days = moment // DAY - now // DAY
    named = {0: "", 1: " tomorrow", -1: " yesterday"}
    return time + named.get(days, f" on {format_rfc3339(moment)[:10]}")


def count(number: int, noun: str) -> str:
    """Return "1 delivery", "1,204 deliveries"."""
    return f"{number:,} {noun if number == 1 else pluralize(noun)}"


def size(length: int) -> str:
    """Return how large something is: "512 B", "1.2 KiB"."""
    if length < 1024:
        return f"{length} B"
    return f"{length / 1024:.1f} KiB" if length < 1024 * 1024 else f"{length / 1048576:.1f} MiB"


def pill(delivery: Delivery, now: int, error: ErrorCode | None = None) -> Pill:
    """Return the state of a delivery; `error` is how its last attempt ended without an answer."""
    code = delivery.last_status_code
    word = str(code) if code is not None else ERRORS[error] if error else ""
    match delivery.status:
        case "delivered":
            return Pill("good", word or "Delivered")
        case "failed":
            first = delivery.first_failed_at
            ended = delivery.completed_at
            if first is not None and ended is not None and ended - first >= RETRY_WINDOW:
                return Pill("bad", word or "Failed", "Failed after 24 h")
            return Pill("bad", word or "Failed", "not retried")
        case "retrying":
            due = delivery.next_attempt_at
            when = "retrying now" if due is None or due <= now else f"retry in {span(due - now)}"
            return Pill("warn", word or "Retrying", when)
        case "pending":
            return Pill("idle", "Pending")
    return Pill("idle", "Cancelled", word)


_TONES: dict[Consequence, Tone] = {"delivered": "good", "retried": "warn", "lost": "bad"}


def outcome_pill(outcome: Outcome) -> Pill:
    """Return how one attempt ended."""
    tone = _TONES[consequence(outcome)]
    if outcome.response is not None:
        return Pill(tone, str(outcome.response.status_code))
    return Pill(tone, ERRORS[outcome.error] if outcome.error else "No answer")


def describe_consequence(delivery: Delivery, attempt: Attempt, now: int) -> str:
    """Return what Pivotal makes of an attempt's answer."""
    outcome = attempt.outcome
    if outcome.ok:
        return "Delivered: any 2xx is taken as such."
    if not is_retried(outcome):
        if outcome.response is None:
            return "Lost: the sandbox may not send there, so it does not try again."
        family = f"{outcome.response.status_code // 100}xx"
        follow = " and does not follow redirects" if family == "3xx" else ""
        return f"Lost: Pivotal does not retry {family}{follow}."
    if delivery.first_failed_at is None:
        return "Pivotal retries."
    end = delivery.first_failed_at + RETRY_WINDOW
    if attempt.started_at >= end:
        return "Failed for good: 24 h after the first failure nothing more is tried."
    return f"Pivotal retries until {clock_time(end, now)} UTC."
