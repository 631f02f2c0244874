"""Rates as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pivotal_sandbox.common.durations import parse_rate
from pivotal_sandbox.errors import InputError


@pytest.mark.parametrize(
    ("text", "rate"), [("5/s", 5), ("0.5/s", 0.5), ("30/m", 0.5), ("3600/h", 1), ("1000/s", 1000)]
)
def test_a_rate_is_so_many_in_a_second(text: str, rate: float) -> None:
    assert parse_rate(text) == rate


@pytest.mark.parametrize(
    "text", ["", "5", "/s", "5/d", "-5/s", "0/s", "0.000/h", "5 /s", "5/s\n", "1e3/s", "٥/s"]
)
def test_anything_else_is_refused_with_what_is_right(text: str) -> None:
    with pytest.raises(InputError, match=r'is no rate: .* "5/s", "30/m" or "1000/h"'):
        parse_rate(text)


@given(st.text())
def test_any_text_is_a_rate_above_nothing_or_refused(text: str) -> None:
    try:
        assert parse_rate(text) > 0
    except InputError as error:
        assert "is no rate" in str(error)  # noqa: PT017
