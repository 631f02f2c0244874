"""JSON values."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pivotal_sandbox.common.json_values import (
    DEEPEST,
    deep_copy,
    dump_json,
    parse_value,
    validate_json_value,
)
from pivotal_sandbox.errors import InputError

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5),
        ("2.5", 2.5),
        ("true", True),
        ("null", None),
        ('"5"', "5"),
        ('["a"]', ["a"]),
        (" 7 ", 7),
        ("at_risk", "at_risk"),
        ("", ""),
        ("NaN", "NaN"),
        ("1e999", "1e999"),
        ("Zoë", "Zoë"),
        ("+49 30", "+49 30"),
        ("{broken", "{broken"),
        ('"\\ud800"', '"\\ud800"'),
        ("[" * 100_000, "[" * 100_000),
    ],
)
def test_a_text_is_json_where_it_is_and_itself_where_not(text: str, value: Any) -> None:
    assert parse_value(text) == value


@given(st.text(st.characters(codec=None)))
def test_any_text_is_a_value(text: str) -> None:
    parse_value(text)


@given(json_values)
def test_a_json_value_is_checked_and_copied(value: Any) -> None:
    for copy in (validate_json_value(value), deep_copy(value)):
        assert msgspec.json.encode(copy) == msgspec.json.encode(value)


def test_a_copy_shares_nothing_that_can_change() -> None:
    value: Any = {"a": [{"b": []}]}
    for copy in (validate_json_value(value), deep_copy(value)):
        copy["a"][0]["b"].append(1)
    assert value == {"a": [{"b": []}]}


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "pointer"),
    [
        ({"a": [1, float("nan")]}, "/a/1"),
        ({"a": float("-inf")}, "/a"),
        ({"a/b": {"c~": b"bytes"}}, "/a~1b/c~0"),
        ({"a": {1: 2}}, "/a"),
        ({"a": "\ud800"}, "/a"),
        ({"a": {"\ud800": 1}}, "/a"),
        ([object()], "/0"),
        ([10**4300], "/0"),
        (nested(DEEPEST + 1), "/0" * (DEEPEST + 1)),
    ],
)
def test_what_json_cannot_carry_is_refused_at_its_place(value: Any, pointer: str) -> None:
    with pytest.raises(InputError) as caught:
        validate_json_value(value)
    assert caught.value.pointer == pointer


def test_what_json_can_just_carry_is_let_through() -> None:
    for value in (nested(DEEPEST), 10**4299, -(10**4299), (1, 2)):
        msgspec.json.encode(validate_json_value(value))
    assert validate_json_value((1, 2)) == [1, 2]


@given(json_values)
def test_a_value_is_written_as_it_is_read(value: Any) -> None:
    assert msgspec.json.decode(dump_json(value)) == msgspec.json.decode(msgspec.json.encode(value))
