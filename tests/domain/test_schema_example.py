from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pivotal_sandbox.common.json_schema import Schema
from pivotal_sandbox.domain.catalog_loader import load_catalog
from pivotal_sandbox.domain.schema_example import example_value


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"const": 5}, 5),
        ({"default": None}, None),
        ({"example": "e", "type": "string"}, "e"),
        ({"examples": ["one", "two"]}, "one"),
        ({"enum": ["open", "paid"]}, "open"),
        ({"type": ["null", "integer"]}, 1),
        ({"type": ["null"]}, None),
        ({"type": "null"}, None),
        ({"type": "boolean"}, True),
        ({"type": "integer", "minimum": 7}, 7),
        ({"type": "integer", "exclusiveMinimum": 7}, 8),
        ({"type": "number", "maximum": -2}, -2),
        ({"type": "number", "exclusiveMaximum": 1}, 0),
        ({"type": "number", "exclusiveMaximum": 9}, 1),
        ({"type": "integer", "multipleOf": 5, "exclusiveMinimum": 5}, 10),
        ({"type": "string"}, "text"),
        ({"type": "string", "format": "date"}, "2026-01-01"),
        ({"type": "string", "minLength": 6}, "textxx"),
        ({"type": "string", "maxLength": 2}, "te"),
        ({"type": "array", "items": {"type": "integer"}}, [1]),
        ({"type": "array", "items": {"type": "integer"}, "minItems": 2}, [1, 1]),
        ({"type": "array", "minItems": 0}, []),
        ({"properties": {"a": {"type": "integer"}}, "required": ["b"]}, {"a": 1, "b": "text"}),
        ({"anyOf": [{"type": "null"}, {"type": "integer"}]}, 1),
        ({"oneOf": [{"type": "null"}]}, None),
        ({"$ref": "#/$defs/x", "$defs": {"x": {"type": "boolean"}}}, True),
        (
            {"allOf": [{"properties": {"a": {"const": 1}}}, {"properties": {"b": {"const": 2}}}]},
            {"a": 1, "b": 2},
        ),
        ({"allOf": [{"required": ["a"]}], "properties": {"a": {"const": 1}}}, {"a": 1}),
        (True, "text"),
    ],
)
def test_a_value_is_as_its_schema_has_it(schema: Any, value: Any) -> None:
    assert example_value(schema) == value
    if isinstance(schema, dict):
        Schema(schema).check(value)


def test_what_contains_itself_ends() -> None:
    tree = {
        "$defs": {"n": {"properties": {"kids": {"type": "array", "items": {"$ref": "#/$defs/n"}}}}}
    }
    schema = {**tree, "$ref": "#/$defs/n"}
    Schema(schema).check(example_value(schema))
    endless = {"$defs": {"n": {"required": ["n"], "properties": {"n": {"$ref": "#/$defs/n"}}}}}
    assert example_value({**endless, "$ref": "#/$defs/n"})
    assert example_value({"$ref": "#"}) == "text"


@pytest.mark.parametrize("event_type", list(load_catalog()), ids=lambda event_type: event_type.name)
def test_one_of_the_catalogs_own_schemas_is_met(event_type: Any) -> None:
    Schema(event_type.schema).check(example_value(event_type.schema))


@given(
    st.recursive(
        st.sampled_from(({"type": "integer"}, {"type": "string", "minLength": 9}, {"const": [1]})),
        lambda inner: st.dictionaries(st.text(max_size=3), inner, max_size=3).map(
            lambda parts: {"type": "object", "properties": parts, "required": list(parts)}
        ),
    )
)
def test_any_nesting_is_met(schema: dict[str, Any]) -> None:
    if schema.get("type") != "object" or schema["properties"]:
        assert example_value(schema) is not None
