"""The fields of a form for a record, made of its JSON Schema; and what was typed, as JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from pivotal_sandbox.common.json_values import parse_value
from pivotal_sandbox.web.pages.context import Fields

PREFIX = "set."
_NULL = "null"
_SET_BY_THE_WORLD = frozenset({"id", "created_at", "updated_at"})


@dataclass(frozen=True, slots=True)
class Field:
    """A field: `value` is as it is typed, `choices` are all that can be typed, if they are few."""

    name: str
    kind: Literal["text", "number", "choice", "json"]
    help: str
    value: str
    choices: tuple[str, ...] = ()


def fields_of(schema: Mapping[str, Any], record: Mapping[str, Any]) -> list[Field]:
    """Return the fields of a schema's properties, with the values of a record."""
    properties: dict[str, Any] = schema.get("properties", {})
    return [
        _field(name, property_, record)
        for name, property_ in properties.items()
        if name not in _SET_BY_THE_WORLD and isinstance(property_, dict)
    ]


def changes(fields: list[Field], form: Fields) -> dict[str, Any]:
    """Return what a form sets, by the name of the field: all that differs from its value."""
    typed = {name.removeprefix(PREFIX): text for name, text in form if name.startswith(PREFIX)}
    found: dict[str, Any] = {}
    for field in fields:
        text = typed.get(field.name)
        if text is None or _lines(text) == _lines(field.value):
            continue
        found[field.name] = _value(field, text)
    return found


def format_value(value: Any) -> str:
    """Return a JSON value as one types it: a string without quotes, unless it looks like JSON."""
    if isinstance(value, str) and parse_value(value) == value:
        return value
    return msgspec.json.encode(value).decode()


def _lines(text: str) -> str:
    """Return a text as it is before a browser sends it."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _field(name: str, schema: dict[str, Any], record: Mapping[str, Any]) -> Field:
    value = format_value(record[name]) if name in record else ""
    types = schema.get("type", "object")
    types = [types] if isinstance(types, str) else types
    nullable = " Empty is null." if "null" in types and "string" in types else ""
    help = schema.get("description", "") + nullable
    if "enum" in schema:
        return Field(name, "choice", help, value, tuple(map(format_value, schema["enum"])))
    if "boolean" in types:
        return Field(name, "choice", help, value, ("true", "false"))
    if "integer" in types or "number" in types:
        return Field(name, "number", help, "" if value == _NULL else value)
    if "string" in types:
        return Field(name, "text", help, "" if value == _NULL else value)
    return Field(name, "json", help, value)


def _value(field: Field, text: str) -> Any:
    if field.kind == "text":
        return text or None
    if field.kind == "number" and not text.strip():
        return None
    return parse_value(text.strip())
