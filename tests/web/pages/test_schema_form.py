"""The fields of a form, made of a schema."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pivotal_sandbox.web.pages.schema_form import Field, changes, fields_of, format_value

SCHEMA: dict[str, Any] = {
    "properties": {
        "id": {"type": "string"},
        "name": {"type": "string", "description": "What it is called."},
        "email": {"type": ["string", "null"]},
        "plan": {"type": "string", "enum": ["starter", "growth"]},
        "phase": {"type": ["string", "null"], "enum": ["setup", None]},
        "seats": {"type": ["integer", "null"]},
        "vip": {"type": "boolean"},
        "tags": {"type": "array"},
        "owner": {"type": ["object", "null"]},
        "strange": True,
    }
}
RECORD = {
    "name": "Acme",
    "email": None,
    "plan": "growth",
    "phase": None,
    "seats": 3,
    "vip": True,
    "tags": ["a"],
    "owner": None,
}


def of(name: str) -> Field:
    [field] = [candidate for candidate in fields_of(SCHEMA, RECORD) if candidate.name == name]
    return field


def test_each_kind_of_property_has_its_field() -> None:
    assert of("name") == Field("name", "text", "What it is called.", "Acme")
    assert of("email") == Field("email", "text", " Empty is null.", "")
    assert of("plan") == Field("plan", "choice", "", "growth", ("starter", "growth"))
    assert of("phase").choices == ("setup", "null")
    assert of("seats") == Field("seats", "number", "", "3")
    assert of("vip").choices == ("true", "false")
    assert of("tags") == Field("tags", "json", "", '["a"]')
    assert of("owner").value == "null"
    assert {"id", "strange"}.isdisjoint(field.name for field in fields_of(SCHEMA, RECORD))


@pytest.mark.parametrize(
    ("name", "typed", "set"),
    [
        ("name", "Acme", {}),
        ("name", "12", {"name": "12"}),
        ("email", "a@b.c", {"email": "a@b.c"}),
        ("plan", "starter", {"plan": "starter"}),
        ("phase", "setup", {"phase": "setup"}),
        ("seats", "", {"seats": None}),
        ("seats", "12", {"seats": 12}),
        ("seats", "many", {"seats": "many"}),
        ("vip", "false", {"vip": False}),
        ("tags", '["b"]', {"tags": ["b"]}),
        ("owner", '{"name": "x"}', {"owner": {"name": "x"}}),
    ],
)
def test_what_is_typed_is_read_as_the_schema_means_it(
    name: str, typed: str, set: dict[str, Any]
) -> None:
    form = [(f"set.{name}", typed), ("set.unknown", "x"), ("name", "not a field")]
    assert changes(fields_of(SCHEMA, RECORD), form) == set


def test_line_breaks_of_a_form_are_no_change() -> None:
    for value in ("a\nb", "a\r\nb", "a\rb"):
        fields = fields_of(SCHEMA, {"name": value})
        assert changes(fields, [("set.name", "a\r\nb")]) == {}


@given(st.dictionaries(st.sampled_from(["name", "email"]), st.text() | st.none()))
def test_a_form_sent_as_it_came_changes_nothing(record: dict[str, Any]) -> None:
    fields = fields_of(SCHEMA, record)
    form = [(f"set.{field.name}", field.value) for field in fields]
    assert changes(fields, form) == {}


def test_a_text_that_looks_like_json_is_written_in_quotes() -> None:
    assert [format_value(value) for value in ("a", "12", 12, None)] == ["a", '"12"', "12", "null"]
