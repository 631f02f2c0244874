"""Dotted paths."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pivotal_sandbox.common.json_paths import changed_paths, paths_overlap, pointer, set_path
from pivotal_sandbox.errors import InputError

RECORD: dict[str, Any] = {
    "name": "Ñandú",
    "owner": {"name": "Ana", "email": None},
    "phases": [{"status": "pending"}, {"status": "pending"}],
    "nothing": None,
    "tags": [],
}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("name", {"name": 1}),
        ("owner.email", {"owner": {"name": "Ana", "email": 1}}),
        ("phases.1.status", {"phases": [{"status": "pending"}, {"status": 1}]}),
        ("phases.0", {"phases": [1, {"status": "pending"}]}),
        ("nothing.at.all", {"nothing": {"at": {"all": 1}}}),
        ("new.field", {"new": {"field": 1}}),
        ("", {"": 1}),
    ],
)
def test_a_path_is_given_a_value_and_the_rest_stays(path: str, expected: dict[str, Any]) -> None:
    assert set_path(RECORD, path, 1) == {**RECORD, **expected}


def test_the_record_given_is_left_as_it_was() -> None:
    before = repr(RECORD)
    after = set_path(RECORD, "phases.1.status", "completed")
    assert repr(RECORD) == before
    assert after["owner"] is RECORD["owner"]


@pytest.mark.parametrize(
    ("path", "at", "says"),
    [
        ("name.first", "/name/first", "\"name\" is 'Ñandú'"),
        ("phases.2.status", "/phases/2", "(0 to 1)"),
        ("phases.-1", "/phases/-1", "(0 to 1)"),
        ("phases.01", "/phases/01", "(0 to 1)"),
        ("phases.٠", "/phases/٠", "(0 to 1)"),
        ("phases.status", "/phases/status", '"status" is none of its positions'),
        ("tags.0", "/tags/0", "(none yet)"),
    ],
)
def test_a_path_that_leads_nowhere_is_refused_unless_forced(path: str, at: str, says: str) -> None:
    with pytest.raises(InputError) as caught:
        set_path(RECORD, path, 1)
    assert caught.value.pointer == at
    assert says in str(caught.value)
    forced = set_path(RECORD, path, 1, force=True)
    first, _, rest = path.partition(".")
    assert forced[first] == set_path({}, rest, 1)


def test_a_path_has_an_end() -> None:
    with pytest.raises(InputError, match="at most 32 parts"):
        set_path({}, "a." * 32 + "a", 1, force=True)


def test_a_pointer_escapes_what_it_must() -> None:
    assert pointer("a/b.c~d") == "/a~1b/c~0d"


@pytest.mark.parametrize(
    ("before", "after", "paths"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 2, "b": 3}, ["a", "b"]),
        ({"a": 1, "b": 2}, {"b": 2}, ["a"]),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1}}, ["a.c"]),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 5, "c": 2}}, ["a.b"]),
        ({"a": [{"b": 1}, 2]}, {"a": [{"b": 3}, 2]}, ["a.0.b"]),
        ({"a": [1]}, {"a": [1, 2]}, ["a"]),
        ({"a": {"b": 1}}, {"a": None}, ["a"]),
        ({"a": 1}, {"a": True}, ["a"]),
        ({"a": 1}, {"a": 1.0}, []),
        ({"a": None}, {}, ["a"]),
        ({}, {"a": None}, ["a"]),
    ],
)
def test_differences_are_named_by_the_deepest_path(
    before: Any, after: Any, paths: list[str]
) -> None:
    assert list(changed_paths(before, after)) == paths


@given(st.dictionaries(st.sampled_from("abc"), st.integers() | st.none()), st.integers())
def test_what_is_assigned_is_the_difference(record: dict[str, Any], value: int) -> None:
    after = set_path(record, "a", value)
    assert list(changed_paths(record, after)) == ([] if record.get("a") == value else ["a"])


@pytest.mark.parametrize(
    ("path", "other", "yes"),
    [
        ("a.b", "a.b", True),
        ("a.b", "a", True),
        ("a", "a.b", True),
        ("a.b", "a.c", False),
        ("ab", "a", False),
    ],
)
def test_paths_are_related_that_are_the_same_above_or_below(
    path: str, other: str, yes: bool
) -> None:
    assert paths_overlap(path, other) is yes
