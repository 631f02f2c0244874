"""The retry rule as a table over every outcome, its timetable, and the table of defaults."""

from itertools import pairwise
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import fields, replace

from pivotal_sandbox.common.durations import DAY, HOUR, SECOND
from pivotal_sandbox.domain import retry_policy
from pivotal_sandbox.domain.models import Attempt, Delivery, ErrorCode, Outcome, Response, Timing
from pivotal_sandbox.domain.retry_policy import (
    DEFAULTS,
    Decision,
    after,
    backoff,
    decide,
    is_retried,
    jitter,
)

NOW = 1_767_225_600_000
ALMOST_ONE = 1 - 2**-48  # the largest number that `jitter` gives
NEW = Delivery(
    id="msg_a",
    event_id="evt_a",
    event_type="customer.at_risk",
    endpoint_id="ep_a",
    mode="live",
    url="http://127.0.0.1:8000/webhooks",
    created_at=NOW - 5,
    next_attempt_at=NOW - 5,
    replay_of="msg_before",
    fault="duplicate",
)


def answered(status: int) -> Outcome:
    return Outcome(Timing(12.5), Response(status, (), b""))


def unanswered(error: ErrorCode) -> Outcome:
    return Outcome(Timing(12.5), error=error)


def attempt(outcome: Outcome, number: int = 1, started_at: int = NOW) -> Attempt:
    return Attempt(NEW.id, number, started_at, (), outcome)


DELIVERED = [answered(status) for status in range(200, 300)]
PASSING = [
    *(answered(status) for status in range(500, 600)),
    *(unanswered(error) for error in get_args(ErrorCode) if error != "blocked"),
]
FINAL = [
    *(answered(status) for status in (199, *range(300, 500), 600)),
    unanswered("blocked"),
]


@pytest.mark.parametrize(
    ("first_failed_at", "started_at"),
    [
        pytest.param(None, NOW, id="first attempt"),
        pytest.param(NOW - HOUR, NOW, id="one in between"),
        pytest.param(NOW - DAY + 1, NOW, id="just before the deadline"),
        pytest.param(NOW - DAY, NOW, id="last attempt"),
        pytest.param(NOW - 2 * DAY, NOW, id="long after the deadline"),
    ],
)
def test_the_decision_depends_on_the_outcome_and_on_when_the_attempt_began(
    first_failed_at: int | None, started_at: int
) -> None:
    delivery = replace(NEW, first_failed_at=first_failed_at)
    ended_at = started_at + 10 * SECOND
    is_late = first_failed_at is not None and started_at >= first_failed_at + DAY
    for outcomes, status in (
        (DELIVERED, "delivered"),
        (FINAL, "failed"),
        (PASSING, "failed" if is_late else "retrying"),
    ):
        for outcome in outcomes:
            decision = decide(delivery, attempt(outcome, 3, started_at), ended_at, 0)
            assert decision.status == status, outcome
            assert (decision.next_attempt_at is not None) == (status == "retrying")


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 401, 404, 409, 410, 422, 429])
def test_a_redirect_or_a_4xx_is_not_retried(status: int) -> None:
    assert not is_retried(answered(status))


@pytest.mark.parametrize("error", get_args(ErrorCode))
def test_whatever_left_the_request_unanswered_is_retried_unless_it_was_blocked(
    error: ErrorCode,
) -> None:
    assert is_retried(unanswered(error)) == (error != "blocked")


@pytest.mark.parametrize(("jitter", "wait"), [(0, 30_000), (0.5, 31_500), (ALMOST_ONE, 33_000)])
def test_the_first_retry_waits_from_the_end_of_the_first_attempt(jitter: float, wait: int) -> None:
    ended_at = NOW + 10 * SECOND
    decision = decide(NEW, attempt(answered(503)), ended_at, jitter)
    assert decision == Decision("retrying", ended_at + wait)


@pytest.mark.parametrize("jitter", [0, ALMOST_ONE])
@pytest.mark.parametrize("before", [1, 5 * SECOND, 4 * HOUR])
def test_no_retry_falls_after_24_hours(before: int, jitter: float) -> None:
    deadline = NOW + before
    delivery = replace(NEW, first_failed_at=deadline - DAY)
    decision = decide(delivery, attempt(answered(500), 14), NOW, jitter)
    assert decision == Decision("retrying", deadline)


def test_an_attempt_that_outlasts_the_deadline_is_followed_by_the_last_one() -> None:
    delivery = replace(NEW, first_failed_at=NOW + 1 - DAY)
    decision = decide(delivery, attempt(unanswered("timeout"), 14), NOW + 10 * SECOND, 0)
    assert decision == Decision("retrying", NOW + 1)


def test_the_wait_doubles_from_30_seconds_up_to_4_hours() -> None:
    waits = [backoff(failures, 0) // SECOND for failures in range(1, 15)]
    assert waits == [30, 60, 120, 240, 480, 960, 1920, 3840, 7680, *[14400] * 5]
    assert backoff(10_000, 0) == 4 * HOUR


@given(st.integers(1, 100), st.floats(0, 1, exclude_max=True))
def test_jitter_lengthens_a_wait_by_up_to_a_tenth(failures: int, jitter: float) -> None:
    wait = backoff(failures, 0)
    assert wait <= backoff(failures, jitter) <= wait * 1.1


@given(st.text(), st.text(), st.integers())
def test_jitter_is_a_stable_number_from_0_to_below_1(
    seed: str, delivery: str, failures: int
) -> None:
    number = jitter(seed, delivery, failures)
    assert 0 <= number < 1
    assert jitter(seed, delivery, failures) == number


def test_jitter_depends_on_seed_delivery_and_failures() -> None:
    numbers = {
        jitter(seed, delivery, failures)
        for seed in ("7", "8")
        for delivery in ("msg_a", "msg_b")
        for failures in (1, 2)
    }
    assert len(numbers) == 8


def test_jitter_is_the_same_in_every_run() -> None:
    assert jitter("7", "msg_a", 1) == 0.24988495316664583


def test_jitter_is_spread_evenly() -> None:
    numbers = sorted(jitter("7", f"msg_{number}", 1) for number in range(1000))
    assert all(abs(number - index / 1000) < 0.05 for index, number in enumerate(numbers))


@given(
    st.lists(st.floats(0, 1, exclude_max=True), min_size=20, max_size=20),
    st.lists(st.integers(0, 10 * SECOND), min_size=20, max_size=20),
)
def test_a_delivery_that_never_succeeds_has_15_attempts_the_last_24_hours_after_the_first_failure(
    jitters: list[float], durations: list[int]
) -> None:
    delivery, started = NEW, []
    for number, (drawn, duration) in enumerate(zip(jitters, durations, strict=True), start=1):
        assert delivery.next_attempt_at is not None
        started.append(delivery.next_attempt_at)
        made = attempt(answered(503), number, started[-1])
        now = started[-1] + duration
        decision = decide(delivery, made, now, drawn)
        delivery = after(delivery, made, decision, now)
        if delivery.status == "failed":
            break
    assert delivery.status == "failed"
    assert len(started) == delivery.attempt_count == 15
    assert delivery.first_failed_at == started[0] + durations[0]
    assert started[-1] == delivery.first_failed_at + 24 * HOUR
    assert all(earlier < later for earlier, later in pairwise(started))


def test_a_success_completes_the_delivery() -> None:
    delivery = after(NEW, attempt(answered(204)), Decision("delivered"), NOW + 13)
    assert delivery == replace(
        NEW,
        status="delivered",
        attempt_count=1,
        next_attempt_at=None,
        completed_at=NOW + 13,
        last_status_code=204,
        last_duration_ms=12.5,
    )


def test_a_failure_that_is_retried_leaves_the_delivery_open() -> None:
    made = attempt(unanswered("timeout"))
    delivery = after(NEW, made, Decision("retrying", NOW + 30_000), NOW + 13)
    assert delivery == replace(
        NEW,
        status="retrying",
        attempt_count=1,
        next_attempt_at=NOW + 30_000,
        first_failed_at=NOW + 13,
        last_duration_ms=12.5,
    )


def test_the_first_failure_is_remembered_whatever_comes_later() -> None:
    delivery = replace(NEW, first_failed_at=NOW - HOUR, attempt_count=3, last_status_code=500)
    for outcome in (answered(200), answered(503), unanswered("dns")):
        later = after(delivery, attempt(outcome, 4), Decision("failed"), NOW)
        assert later.first_failed_at == NOW - HOUR
        assert later.attempt_count == 4
        assert later.completed_at == NOW


def test_a_failure_that_is_not_retried_is_a_first_failure_too() -> None:
    delivery = after(NEW, attempt(answered(410)), Decision("failed"), NOW + 13)
    assert (delivery.first_failed_at, delivery.completed_at) == (NOW + 13, NOW + 13)


def test_an_attempt_changes_nothing_that_was_settled_when_the_delivery_was_made() -> None:
    moving = {
        *("status", "attempt_count", "next_attempt_at", "first_failed_at", "completed_at"),
        *("last_status_code", "last_duration_ms"),
    }
    later = after(NEW, attempt(answered(500)), Decision("failed"), NOW)
    for field in fields(Delivery):
        is_same = getattr(later, field.name) == getattr(NEW, field.name)
        assert is_same != (field.name in moving), field.name


DOCUMENTED = {
    "modes": "live and test never cross",
    "first contact": "webhook.ping at once",
    "request": "POST, application/json, three pivotal-* headers",
    "events": "*.updated",
    "endpoint": "field filter",
    "payload": "{id, type, created_at, data}; data is the full record",
    "retry window": "24 h after the first failure",
    "retried": "5xx and timeouts",
    "log": "90 days",
    "replay": "same body, same event id, new delivery id, the endpoint's present URL",
    "changed URL": "pending retries go to the old one",
}
ASSUMED = {
    "success": "any 2xx",
    "timeout": "10 s from connect to the end of the response",
    "also retried": "every network failure",
    "not retried": "3xx (never followed) and 4xx, 410 and 429 included",
    "backoff": "30 s doubling up to 4 h, each lengthened by 0 to 10%; the last attempt exactly "
    "24 h after the first failure: 15 attempts",
    "delivery id on a retry": "unchanged",
    "field filter": "dotted paths into data",
    "no subscription list": "all event types",
    "ping": "an ordinary delivery",
    "order": "at most 16 requests in flight per endpoint",
    "endpoint disabled or deleted": "cancelled",
    "secret rotation": "24 h: one more sig=",
    "one attempt": "one request",
    "interrupted attempt": "retried like a network failure",
    "kept connections": "reused for 1.5 s after the last response",
    "response kept": "first 64 KiB of the body",
    "tolerance": "300 s, in both directions",
    "user-agent": "Pivotal-Webhooks/1.0 (sandbox)",
}


def test_the_table_names_what_is_documented_and_what_is_assumed() -> None:
    assert [rule.name for rule in DEFAULTS if rule.documented] == list(DOCUMENTED)
    assert [rule.name for rule in DEFAULTS if not rule.documented] == list(ASSUMED)


@pytest.mark.parametrize("rule", DEFAULTS, ids=lambda rule: rule.name)
def test_each_row_of_the_table_says_what_the_program_does(rule: retry_policy.Rule) -> None:
    assert (DOCUMENTED | ASSUMED)[rule.name] in rule.value


def test_the_defaults_are_the_ones_that_were_promised() -> None:
    assert retry_policy.TIMEOUT == 10_000
    assert retry_policy.RETRY_WINDOW == retry_policy.ROTATION_OVERLAP == 86_400_000
    assert retry_policy.RETENTION == 90 * 86_400_000
    assert retry_policy.IN_FLIGHT == 16
    assert retry_policy.RESPONSE_KEPT == 65_536
