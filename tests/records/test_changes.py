"""What a caller wants of a record."""

from typing import Any

import pytest

from pivotal_sandbox.errors import InputError
from pivotal_sandbox.records.changes import NO_EDIT, Change, parse_edit

RECORD: dict[str, Any] = {"name": "A", "owner": {"name": "B", "email": "b@example.com"}}


def test_paths_go_on_top_of_fields() -> None:
    edit = parse_edit({"owner.name": "C"}, {"owner": {"name": "D"}, "a.b": 1})
    assert edit.applied(RECORD) == {"name": "A", "owner": {"name": "C"}, "a.b": 1}
    assert list(edit.given) == ["owner", "a.b", "owner.name"]
    assert RECORD["owner"]["name"] == "B"


@pytest.mark.parametrize("nothing", [None, {}])
def test_an_edit_of_nothing_is_none(nothing: Any) -> None:
    assert parse_edit(nothing, nothing, force=True) is NO_EDIT
    assert NO_EDIT.applied(RECORD) == RECORD
    assert NO_EDIT.applied(RECORD) is not RECORD


def test_an_edit_holds_copies() -> None:
    tags = ["a"]
    edit = parse_edit({"tags": tags}, {"more": tags})
    tags.append("b")
    assert edit.given == {"tags": ["a"], "more": ["a"]}


def test_a_path_is_forced_where_that_is_asked_for() -> None:
    with pytest.raises(InputError):
        parse_edit({"name.first": 1}).applied(RECORD)
    assert parse_edit({"name.first": 1}, force=True).applied(RECORD)["name"] == {"first": 1}


@pytest.mark.parametrize(
    ("paths", "fields", "pointer"),
    [
        ({"owner.name": float("nan")}, None, "/owner/name"),
        (None, {"owner": {"name": float("nan")}}, "/owner/name"),
        ({1: 1}, None, ""),
        ({"\ud800": 1}, None, ""),
        (None, {1: 1}, ""),
        (["health"], None, ""),
        (None, "health", ""),
    ],
)
def test_what_json_cannot_carry_is_refused_at_its_place(
    paths: Any, fields: Any, pointer: str
) -> None:
    with pytest.raises(InputError) as caught:
        parse_edit(paths, fields)
    assert caught.value.pointer == pointer


def test_a_change_that_did_nothing_is_empty() -> None:
    assert (Change().records, Change().events) == ((), ())
