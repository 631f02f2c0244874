"""Durations as text."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pivotal_sandbox.common.durations import LONGEST, format_duration, parse_duration
from pivotal_sandbox.errors import InputError


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("0s", 0),
        ("500ms", 500),
        ("30s", 30_000),
        ("5m", 300_000),
        ("24h", 86_400_000),
        ("2d", 172_800_000),
        ("23h59m", 86_340_000),
        ("2d1h1m1s1ms", 176_461_001),
        ("36500d", LONGEST),
    ],
)
def test_a_duration_is_read_and_written(text: str, ms: int) -> None:
    assert parse_duration(text) == ms
    assert format_duration(ms) == text


@pytest.mark.parametrize(("text", "ms"), [("1d", 86_400_000), ("90s", 90_000), ("0d5ms", 5)])
def test_a_duration_may_be_written_in_another_way(text: str, ms: int) -> None:
    assert parse_duration(text) == ms


@given(st.integers(0, LONGEST))
def test_what_is_written_is_read_back(ms: int) -> None:
    assert parse_duration(format_duration(ms)) == ms


@pytest.mark.parametrize(
    "text",
    ["", "5", "s", "-5s", "+5s", "1.5h", "5 s", "5S", "1m1h", "1s1s", "5sec", "5s\n", "٥s"],
)
def test_another_text_is_refused_with_what_would_be_right(text: str) -> None:
    with pytest.raises(InputError, match='such as "30s" or "23h59m"'):
        parse_duration(text)


@pytest.mark.parametrize("text", ["36501d", "36500d1ms", "9999999999999999h"])
def test_more_than_a_century_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="36500d"):
        parse_duration(text)


@given(st.text() | st.from_regex(r"[0-9]*d?[0-9]*h?[0-9]*m?[0-9]*s?[0-9]*(ms)?"))
def test_any_text_is_a_duration_or_an_input_error(text: str) -> None:
    try:
        ms = parse_duration(text)
    except InputError:
        return
    assert 0 <= ms <= LONGEST


@pytest.mark.parametrize("value", [24, None, 1.5])
def test_what_is_no_text_is_refused_in_the_same_way(value: Any) -> None:
    with pytest.raises(InputError, match=f'"{value}" is no duration'):
        parse_duration(value)
