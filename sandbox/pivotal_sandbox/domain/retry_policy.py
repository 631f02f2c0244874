"""When Pivotal tries again, and every answer it owes where its docs are silent.

The rule is a pure function: (delivery, attempt, now) -> decision. All durations are milliseconds.
"""

from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from pivotal_sandbox.common.durations import DAY, HOUR, SECOND
from pivotal_sandbox.domain.models import Attempt, Delivery, Outcome, Status
from pivotal_sandbox.signature import TOLERANCE

TIMEOUT = 10 * SECOND
BACKOFF_FIRST = 30 * SECOND
BACKOFF_MOST = 4 * HOUR
JITTER = 0.10
RETRY_WINDOW = 24 * HOUR
IN_FLIGHT = 16
RETENTION = 90 * DAY
ROTATION_OVERLAP = 24 * HOUR
KEEP_ALIVE = 1500  # ms; shorter than what common servers allow: gunicorn 2 s, Node and uvicorn 5 s
RESPONSE_KEPT = 64 * 1024  # bytes
USER_AGENT = "Pivotal-Webhooks/1.0 (sandbox)"


Consequence = Literal["delivered", "retried", "lost"]


class Decision(Struct, frozen=True):
    """What becomes of a delivery after an attempt; `next_attempt_at` is set while it retries."""

    status: Status
    next_attempt_at: int | None = None


def is_retried(outcome: Outcome) -> bool:
    """Say whether Pivotal takes the outcome as passing: a 5xx, or nobody answered.

    An address that the sandbox itself refused to reach is not: it would be refused again.
    """
    if outcome.response is None:
        return outcome.error != "blocked"
    return 500 <= outcome.response.status_code < 600


def consequence(outcome: Outcome) -> Consequence:
    """Return what becomes of a delivery after this outcome: "lost" is not sent again."""
    return "delivered" if outcome.ok else "retried" if is_retried(outcome) else "lost"


def backoff(failures: int, jitter: float) -> int:
    """Return the wait after that many failures (from 1), lengthened by `jitter` (0..1) of 10 %."""
    base = min(BACKOFF_FIRST << min(failures - 1, 32), BACKOFF_MOST)
    return round(base * (1 + JITTER * jitter))


def jitter(seed: str, delivery_id: str, failures: int) -> float:
    """Return a number in [0, 1) that depends on nothing but its arguments.

    Drawn so, and not from a shared source, the timetable of a delivery stays the same under a seed
    however the deliveries beside it interleave.
    """
    key = f"{seed}/{delivery_id}/{failures}".encode()
    return int.from_bytes(blake2b(key, digest_size=6).digest()) / 2**48


def decide(delivery: Delivery, attempt: Attempt, now: int, jitter: float) -> Decision:
    """Return what becomes of `delivery` after `attempt`, which ended at `now`.

    The last attempt falls exactly 24 h after the first failure; only when it fails is the
    delivery failed.
    """
    if attempt.outcome.ok:
        return Decision("delivered")
    if not is_retried(attempt.outcome):
        return Decision("failed")
    deadline = (
        now if delivery.first_failed_at is None else delivery.first_failed_at
    ) + RETRY_WINDOW
    if attempt.started_at >= deadline:
        return Decision("failed")
    return Decision("retrying", min(now + backoff(attempt.number, jitter), deadline))


def decide_with_seed(delivery: Delivery, attempt: Attempt, now: int, seed: str) -> Decision:
    """Return what `decide` does, with the jitter that `seed` draws for this attempt."""
    drawn = 0.0 if attempt.outcome.ok else jitter(seed, delivery.id, attempt.number)
    return decide(delivery, attempt, now, drawn)


def after(delivery: Delivery, attempt: Attempt, decision: Decision, now: int) -> Delivery:
    """Return `delivery` as it stands once `decision` is taken on `attempt`."""
    outcome = attempt.outcome
    first_failed_at = delivery.first_failed_at
    if first_failed_at is None and not outcome.ok:
        first_failed_at = now
    return replace(
        delivery,
        status=decision.status,
        attempt_count=attempt.number,
        next_attempt_at=decision.next_attempt_at,
        first_failed_at=first_failed_at,
        completed_at=None if decision.status == "retrying" else now,
        last_status_code=outcome.response.status_code if outcome.response else None,
        last_duration_ms=outcome.timing.total_ms,
    )


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the behaviour table; `documented` where Pivotal's docs promise it."""

    name: str
    value: str
    documented: bool


DEFAULTS = (
    Rule("modes", "live and test never cross", True),
    Rule("first contact", "a new endpoint is sent webhook.ping at once", True),
    Rule("request", "POST, application/json, three pivotal-* headers", True),
    Rule("events", "about twenty types; *.updated fires on any change of the object", True),
    Rule("endpoint", "can carry a field filter", True),
    Rule("payload", "{id, type, created_at, data}; data is the full record", True),
    Rule("retry window", f"{RETRY_WINDOW // HOUR} h after the first failure, then failed", True),
    Rule("retried", "5xx and timeouts", True),
    Rule("log", f"{RETENTION // DAY} days", True),
    Rule("replay", "same body, same event id, new delivery id, the endpoint's present URL", True),
    Rule("changed URL", "new deliveries only; pending retries go to the old one", True),
    Rule("success", "any 2xx whose response arrives whole in time", False),
    Rule("timeout", f"{TIMEOUT // SECOND} s from connect to the end of the response", False),
    Rule("also retried", "every network failure: refused, reset, DNS, TLS, protocol error", False),
    Rule("not retried", "3xx (never followed) and 4xx, 410 and 429 included", False),
    Rule(
        "backoff",
        f"{BACKOFF_FIRST // SECOND} s doubling up to {BACKOFF_MOST // HOUR} h, each lengthened by "
        f"0 to {JITTER:.0%}; the last attempt exactly {RETRY_WINDOW // HOUR} h after the first "
        "failure: 15 attempts",
        False,
    ),
    Rule("delivery id on a retry", "unchanged; signed anew with a fresh t", False),
    Rule(
        "field filter",
        "dotted paths into data; an *.updated event passes only if one of them changed",
        False,
    ),
    Rule("no subscription list", "all event types", False),
    Rule("ping", "an ordinary delivery: logged, signed, retried", False),
    Rule("order", f"none promised; at most {IN_FLIGHT} requests in flight per endpoint", False),
    Rule("endpoint disabled or deleted", "its pending deliveries become cancelled", False),
    Rule(
        "secret rotation",
        f"the old secret signs too for {ROTATION_OVERLAP // HOUR} h: one more sig= in the header",
        False,
    ),
    Rule(
        "one attempt",
        "one request: if a connection dies after the request was sent, the attempt fails with "
        "connection_reset and is retried later",
        False,
    ),
    Rule(
        "interrupted attempt",
        "logged as interrupted when the sandbox starts again after it was stopped in the middle of "
        "an attempt; retried like a network failure",
        False,
    ),
    Rule(
        "kept connections",
        f"reused for {KEEP_ALIVE / SECOND:g} s after the last response, if the receiver has not "
        "closed them",
        False,
    ),
    Rule(
        "response kept",
        f"status, headers, first {RESPONSE_KEPT // 1024} KiB of the body",
        False,
    ),
    Rule("tolerance", f"{TOLERANCE} s, in both directions", False),
    Rule("user-agent", USER_AGENT, False),
)
