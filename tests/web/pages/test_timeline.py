"""Attempts on the sandbox's time."""

from itertools import pairwise

from msgspec.structs import replace

from pivotal_sandbox.common.durations import DAY, HOUR, MINUTE, SECOND
from pivotal_sandbox.domain.models import Attempt, Delivery, Outcome, Response, Timing
from pivotal_sandbox.web.pages.charts import LEFT, RIGHT, WIDTH, timeline

NOW = 1_767_225_600_000
DELIVERY = Delivery("msg_1", "evt_1", "x", "ep_1", "test", "http://x/", NOW)


def attempt(number: int, at: int, status: int = 503) -> Attempt:
    return Attempt("msg_1", number, at, (), Outcome(Timing(1), Response(status, (), b"")))


def retrying(count: int, first: int, due: int) -> Delivery:
    return replace(
        DELIVERY, status="retrying", attempt_count=count, first_failed_at=first, next_attempt_at=due
    )


def test_one_attempt_stands_at_the_beginning() -> None:
    done = replace(DELIVERY, status="delivered", attempt_count=1)
    line = timeline(done, [attempt(1, NOW, 200)], NOW + HOUR)
    [dot] = line.dots
    assert (dot.x, dot.number, dot.pill and dot.pill.tone) == (LEFT, 1, "good")
    assert line.deadline is None
    assert line.now is None
    assert not line.logarithmic


def test_a_retry_shows_what_is_planned_up_to_the_24_h_mark() -> None:
    line = timeline(retrying(1, NOW, NOW + 30 * SECOND), [attempt(1, NOW)], NOW)
    planned = [dot for dot in line.dots if dot.pill is None]
    assert [dot.number for dot in line.dots] == list(range(1, 16))
    assert (planned[0].moment, planned[0].exact) == (NOW + 30 * SECOND, True)
    assert (planned[-1].moment, planned[-1].exact) == (NOW + DAY, True)
    assert not planned[1].exact
    assert line.deadline == line.dots[-1].x == WIDTH - RIGHT
    assert line.now == LEFT
    assert line.logarithmic


def test_dots_follow_each_other_from_left_to_right() -> None:
    line = timeline(retrying(1, NOW, NOW + 30 * SECOND), [attempt(1, NOW)], NOW + MINUTE)
    places = [dot.x for dot in line.dots]
    assert places == sorted(set(places))
    assert line.now is not None
    assert places[1] < line.now < places[2]


def test_labels_do_not_overlap() -> None:
    line = timeline(retrying(1, NOW, NOW + 30 * SECOND), [attempt(1, NOW)], NOW)
    places = [x for x, _ in line.ticks]
    assert all(later - earlier >= 46 for earlier, later in pairwise(places))
    assert line.ticks[0][1] == "+30 s"


def test_a_pending_one_shows_when_it_is_due() -> None:
    line = timeline(replace(DELIVERY, next_attempt_at=NOW), [], NOW)
    assert [(dot.number, dot.pill, dot.exact) for dot in line.dots] == [(1, None, True)]


def test_what_failed_for_good_ends_at_the_mark() -> None:
    failed = replace(DELIVERY, status="failed", attempt_count=2, first_failed_at=NOW)
    line = timeline(failed, [attempt(1, NOW), attempt(2, NOW + DAY)], NOW + 2 * DAY)
    assert line.deadline == line.dots[-1].x
    assert line.now is None
