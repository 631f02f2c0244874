"""How the inspector says things."""

import pytest
from msgspec.structs import replace

from pivotal_sandbox.common.durations import DAY, HOUR, MINUTE, SECOND
from pivotal_sandbox.domain.models import Attempt, Delivery, ErrorCode, Outcome, Response, Timing
from pivotal_sandbox.web.pages.formatting import (
    clock_time,
    count,
    describe_consequence,
    duration,
    outcome_pill,
    pill,
    relative,
    size,
    span,
    utc,
)

NOW = 1_767_225_600_000
DELIVERY = Delivery("msg_1", "evt_1", "task.completed", "ep_1", "test", "http://x/", NOW)


def attempt(status: int | None, error: ErrorCode | None = None, at: int = NOW) -> Attempt:
    response = None if status is None else Response(status, (), b"")
    return Attempt("msg_1", 1, at, (), Outcome(Timing(1), response, error))


@pytest.mark.parametrize(
    ("ms", "said"),
    [(0, "0 s"), (999, "0 s"), (SECOND, "1 s"), (4 * MINUTE + 59_000, "4 min"), (25 * HOUR, "1 d")],
)
def test_a_time_is_said_in_its_largest_unit(ms: int, said: str) -> None:
    assert span(ms) == said


def test_a_moment_is_said_from_now() -> None:
    assert relative(NOW, NOW + 999) == "now"
    assert relative(NOW, NOW + 2 * HOUR) == "2 h ago"
    assert relative(NOW + 5 * MINUTE, NOW) == "in 5 min"


@pytest.mark.parametrize(
    ("ms", "said"),
    [
        (None, "–"),
        (0.42, "0.4 ms"),
        (12.3, "12 ms"),
        (999.6, "1.0 s"),
        (1400, "1.4 s"),
        (130_000, "2 min"),
    ],
)
def test_a_duration_is_exact_where_it_is_short(ms: float | None, said: str) -> None:
    assert duration(ms) == said


def test_a_moment_has_its_exact_form() -> None:
    assert utc(NOW) == "2026-01-01 00:00:00 UTC"


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (HOUR, "01:00"),
        (DAY + HOUR, "01:00 tomorrow"),
        (-HOUR, "23:00 yesterday"),
        (3 * DAY, "00:00 on 2026-01-04"),
    ],
)
def test_a_time_of_day_says_which_day(after: int, said: str) -> None:
    assert clock_time(NOW + after, NOW) == said


def test_numbers_come_with_their_noun() -> None:
    assert count(1, "delivery") == "1 delivery"
    assert count(1204, "delivery") == "1,204 deliveries"
    assert count(0, "attempt") == "0 attempts"


@pytest.mark.parametrize(("bytes", "said"), [(0, "0 B"), (1536, "1.5 KiB"), (10 << 20, "10.0 MiB")])
def test_a_size_is_said_in_its_unit(bytes: int, said: str) -> None:
    assert size(bytes) == said


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({"status": "delivered", "last_status_code": 204}, None, ("good", "204", "")),
        ({"status": "pending"}, None, ("idle", "Pending", "")),
        ({"status": "cancelled"}, None, ("idle", "Cancelled", "")),
        (
            {"status": "retrying", "last_status_code": 503, "next_attempt_at": NOW + 4 * MINUTE},
            None,
            ("warn", "503", "retry in 4 min"),
        ),
        (
            {"status": "retrying", "next_attempt_at": NOW},
            "timeout",
            ("warn", "Timeout", "retrying now"),
        ),
        ({"status": "failed", "last_status_code": 404}, None, ("bad", "404", "not retried")),
        (
            {"status": "failed", "first_failed_at": NOW, "completed_at": NOW + DAY},
            "connection_refused",
            ("bad", "Refused", "Failed after 24 h"),
        ),
    ],
)
def test_a_pill_says_what_became_of_a_delivery(
    changes: dict[str, object], error: ErrorCode | None, said: tuple[str, str, str]
) -> None:
    found = pill(replace(DELIVERY, **changes), NOW, error)
    assert (found.tone, found.word, found.note) == said


def test_an_attempt_is_told_by_its_code_or_its_error() -> None:
    assert outcome_pill(attempt(200).outcome).tone == "good"
    assert outcome_pill(attempt(503).outcome).tone == "warn"
    assert outcome_pill(attempt(404).outcome).word == "404"
    assert outcome_pill(attempt(None, "dns").outcome).word == "DNS"


@pytest.mark.parametrize(
    ("its", "said"),
    [
        (attempt(204), "Delivered"),
        (attempt(404), "Lost: Pivotal does not retry 4xx."),
        (attempt(301), "Lost: Pivotal does not retry 3xx and does not follow redirects."),
        (attempt(None, "blocked"), "Lost: the sandbox may not send there"),
        (attempt(503), "Pivotal retries until 00:00 tomorrow UTC."),
        (attempt(None, "timeout", NOW + DAY), "Failed for good"),
    ],
)
def test_the_fate_of_an_answer_is_a_sentence(its: Attempt, said: str) -> None:
    assert describe_consequence(replace(DELIVERY, first_failed_at=NOW), its, NOW).startswith(said)


def test_before_the_first_failure_is_noted_it_is_retried() -> None:
    assert describe_consequence(DELIVERY, attempt(500), NOW) == "Pivotal retries."
