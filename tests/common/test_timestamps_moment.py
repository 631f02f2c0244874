"""Moments."""

from datetime import UTC, datetime

from pivotal_sandbox.common.timestamps import to_datetime


def test_a_moment_has_its_milliseconds_and_its_zone() -> None:
    assert to_datetime(1_767_225_600_123) == datetime(2026, 1, 1, 0, 0, 0, 123_000, UTC)
