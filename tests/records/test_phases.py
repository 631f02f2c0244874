"""The phases of an onboarding."""

from typing import Any

import pytest

from pivotal_sandbox.records.phases import (
    are_phases,
    following,
    moved,
    progress,
    stamped,
    under_way,
)

NOW = "2026-05-24T08:00:00.000Z"
BEFORE = "2026-05-01T08:00:00.000Z"


def phases(*statuses: str) -> list[dict[str, Any]]:
    return [
        {"key": key, "status": status, "started_at": None, "completed_at": None}
        for key, status in zip("abc", statuses, strict=True)
    ]


@pytest.mark.parametrize(
    ("value", "yes"),
    [
        (phases("pending", "pending", "pending"), True),
        ([{"key": "a", "status": None}], True),
        ([], False),
        (None, False),
        ({}, False),
        ("abc", False),
        ([{"key": "a"}], False),
        ([*phases("a", "b", "c"), 5], False),
    ],
)
def test_phases_are_told_from_what_has_been_spoilt(value: Any, yes: bool) -> None:
    assert are_phases(value) is yes


@pytest.mark.parametrize(
    ("statuses", "percent", "current"),
    [
        (("pending", "pending", "pending"), 0, None),
        (("completed", "in_progress", "pending"), 33, "b"),
        (("completed", "skipped", "in_progress"), 66, "c"),
        (("in_progress", "in_progress", "pending"), 0, "a"),
        (("completed", "completed", "completed"), 100, None),
    ],
)
def test_progress_counts_what_is_done_with(
    statuses: tuple[str, ...], percent: int, current: str | None
) -> None:
    assert progress(phases(*statuses)) == percent
    assert under_way(phases(*statuses)) == current


@pytest.mark.parametrize(
    ("current", "after"), [(None, "a"), ("a", "b"), ("b", "c"), ("c", None), ("x", "a")]
)
def test_one_phase_follows_the_other(current: str | None, after: str | None) -> None:
    assert following(phases("pending", "pending", "pending"), current) == after


@pytest.mark.parametrize(
    ("statuses", "current", "result"),
    [
        (("in_progress", "pending", "pending"), "b", ("completed", "in_progress", "pending")),
        (("in_progress", "pending", "pending"), "c", ("completed", "completed", "in_progress")),
        (("skipped", "in_progress", "pending"), "c", ("skipped", "completed", "in_progress")),
        (("completed", "completed", "in_progress"), "a", ("in_progress", "pending", "pending")),
        (("completed", "in_progress", "pending"), None, ("completed", "completed", "completed")),
        (("in_progress", "pending", "pending"), "x", ("in_progress", "pending", "pending")),
    ],
)
def test_the_other_phases_follow_the_current_one(
    statuses: tuple[str, ...], current: str | None, result: tuple[str, ...]
) -> None:
    before = phases(*statuses)
    after = moved(before, current, NOW)
    assert tuple(phase["status"] for phase in after) == result
    assert before == phases(*statuses)
    for old, new in zip(before, after, strict=True):
        if old["status"] == new["status"]:
            assert new is old
        else:
            assert new["started_at"] == (None if new["status"] == "pending" else NOW)
            assert new["completed_at"] == (NOW if new["status"] == "completed" else None)


@pytest.mark.parametrize(
    ("status", "started", "completed"),
    [
        ("pending", None, None),
        ("in_progress", BEFORE, None),
        ("completed", BEFORE, BEFORE),
        ("skipped", BEFORE, None),
    ],
)
def test_moments_that_are_there_stay_where_the_status_has_them(
    status: str, started: str | None, completed: str | None
) -> None:
    phase = {"key": "a", "status": status, "started_at": BEFORE, "completed_at": BEFORE}
    after = stamped(phase, NOW)
    assert (after["started_at"], after["completed_at"]) == (started, completed)


def test_a_phase_that_is_skipped_before_it_began_has_no_moments() -> None:
    [phase, *_] = phases("skipped", "pending", "pending")
    assert stamped(phase, NOW) == phase


def test_a_moment_that_is_given_is_left() -> None:
    [phase, *_] = phases("completed", "pending", "pending")
    after = stamped(phase, NOW, {"phases.4.completed_at"}, "phases.4.")
    assert (after["started_at"], after["completed_at"]) == (NOW, None)
