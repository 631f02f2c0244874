"""What a jump of the clock brings, as a pure function of what is open."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pivotal_sandbox.common.durations import DAY, HOUR, MINUTE, SECOND
from pivotal_sandbox.domain.models import Delivery, Endpoint
from pivotal_sandbox.web.pages.clock_forecast import BARS, HEIGHT, make_forecast, planned

NOW = 1_767_225_600_000
OPEN = Delivery("msg_1", "evt_1", "task.completed", "ep_1", "test", "http://x/", NOW)
PENDING = replace(OPEN, next_attempt_at=NOW)
RETRYING = replace(
    OPEN,
    status="retrying",
    attempt_count=1,
    next_attempt_at=NOW + 30 * SECOND,
    first_failed_at=NOW,
)


def test_all_fifteen_attempts_of_one_that_fails_are_planned() -> None:
    plans = planned(PENDING)
    assert len(plans) == 15
    assert plans[0] == (NOW, True)
    assert plans[-1].moment == NOW + DAY
    assert not plans[-1].exact  # of what did not fail yet nobody knows when it will have


def test_the_last_attempt_of_one_that_failed_is_settled() -> None:
    plans = planned(RETRYING)
    assert plans[0] == (NOW + 30 * SECOND, True)
    assert plans[-1] == (NOW + DAY, True)
    assert not any(plan.exact for plan in plans[1:-1])
    assert planned(OPEN) == []


def test_a_jump_counts_what_is_sure_and_what_follows() -> None:
    plans = [planned(RETRYING), planned(replace(RETRYING, next_attempt_at=NOW + 2 * HOUR))]
    hour = make_forecast(plans, [], NOW, NOW + HOUR)
    assert (hour.due, hour.attempts, hour.lost) == (1, 6, 0)
    day = make_forecast(plans, [], NOW, NOW + DAY)
    assert (day.due, day.lost) == (2, 2)
    assert day.attempts > 14


def test_what_is_overdue_falls_due_now() -> None:
    late = replace(RETRYING, next_attempt_at=NOW - MINUTE)
    assert make_forecast([planned(late)], [], NOW, NOW + SECOND).due == 1


def test_old_secrets_end() -> None:
    endpoint = Endpoint(
        "ep_1", "http://x/", "test", "s", NOW, previous_secret="old", previous_secret_expires_at=NOW
    )
    ends = replace(endpoint, previous_secret_expires_at=NOW + MINUTE)
    found = make_forecast([], [endpoint, ends], NOW, NOW + HOUR)
    assert (found.secrets, found.attempts, found.bars) == (1, 0, ())


@given(st.lists(st.integers(0, DAY), max_size=20), st.integers(0, 14))
def test_the_bars_hold_every_attempt_and_fit_in(dues: list[int], tried: int) -> None:
    plans = [
        planned(replace(RETRYING, attempt_count=tried, next_attempt_at=NOW + due)) for due in dues
    ]
    found = make_forecast(plans, [], NOW, NOW + DAY)
    assert found.due <= found.attempts
    assert found.lost == len(dues)
    assert len(found.bars) <= BARS
    for bar in found.bars:
        assert 0 < bar.due + bar.more <= HEIGHT + 0.2
