"""Moments as text."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pivotal_sandbox.common.timestamps import format_date, format_rfc3339, parse_rfc3339
from pivotal_sandbox.errors import InputError

FIRST = -62_135_596_800_000  # 0001-01-01
LAST = 253_402_300_799_999  # 9999-12-31T23:59:59.999Z
moments = st.integers(FIRST, LAST)


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_716_566_400_007, "2024-05-24T16:00:00.007Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (FIRST, "0001-01-01T00:00:00.000Z"),
        (LAST, "9999-12-31T23:59:59.999Z"),
    ],
)
def test_a_moment_is_written_in_utc_with_milliseconds(ms: int, text: str) -> None:
    assert format_rfc3339(ms) == text
    assert format_date(ms) == text[:10]


@given(moments)
def test_what_is_written_is_read_back(ms: int) -> None:
    assert parse_rfc3339(format_rfc3339(ms)) == ms


@pytest.mark.parametrize("ms", [FIRST - 1, LAST + 1, 10**30])
def test_a_moment_outside_the_calendar_is_refused(ms: int) -> None:
    with pytest.raises(InputError, match="years 1 to 9999"):
        format_rfc3339(ms)


@pytest.mark.parametrize(
    "text",
    [
        "2024-05-24T18:00:00+02:00",
        "2024-05-24 10:30:00-05:30",
        "2024-05-24t16:00:00z",
        "2024-05-24T16:00:00.0Z",
        "2024-05-24T16:00:00.000999999999Z",
    ],
)
def test_every_form_of_rfc_3339_is_read(text: str) -> None:
    assert parse_rfc3339(text) == 1_716_566_400_000


def test_a_short_fraction_counts_from_the_left() -> None:
    assert parse_rfc3339("1970-01-01T00:00:00.5Z") == 500


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2024-05-24",
        "20240524T160000Z",
        "2024-05-24T16:00:00",
        "2024-05-24T16:00Z",
        "2024-05-24T24:00:00Z",
        "2024-05-24T16:00:00.Z",
        "2024-05-24T16:00:00Z\n",
        "٢٠٢٤-05-24T16:00:00Z",
    ],
)
def test_another_text_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InputError, match=r"2026-05-24T08:00:00\.000Z"):
        parse_rfc3339(text)


@pytest.mark.parametrize(
    "text",
    [
        "2023-02-29T00:00:00Z",
        "2024-05-24T23:60:00Z",
        "2024-05-24T16:00:00+24:00",
        "0000-01-01T00:00:00Z",
    ],
)
def test_a_time_that_does_not_exist_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="no time that exists"):
        parse_rfc3339(text)


@given(st.text() | st.from_regex(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"))
def test_any_text_is_a_moment_or_an_input_error(text: str) -> None:
    try:
        ms = parse_rfc3339(text)
    except InputError:
        return
    whole = datetime.fromisoformat(text.strip().upper()[:19]).replace(tzinfo=UTC)
    assert abs(ms / 1000 - whole.timestamp()) <= 24 * 3600
