"""A value that a JSON Schema allows, made of its defaults, examples and types."""

from typing import Any

from pivotal_sandbox.common.json_references import resolve_reference

_DEEPEST = 12  # a schema may contain itself
_TEXTS = {
    "date": "2026-01-01",
    "date-time": "2026-01-01T00:00:00.000Z",
    "time": "12:00:00Z",
    "email": "ana@example.com",
    "uri": "https://example.com/",
    "url": "https://example.com/",
    "uuid": "0b5f6f0e-7e0c-4c4f-9a5e-2d6f3c1b8a90",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
}


def example_value(schema: Any) -> Any:
    """Return a value that is as the schema has it, as far as that can be seen from its keywords."""
    return _value(schema, schema, 0)


def _value(root: Any, schema: Any, depth: int) -> Any:
    schema = _whole(root, schema, depth)
    for key in ("const", "default", "example"):
        if key in schema:
            return schema[key]
    for key in ("examples", "enum"):
        if isinstance(schema.get(key), list) and schema[key]:
            return schema[key][0]
    kind = schema.get("type", "object" if "properties" in schema else "string")
    if isinstance(kind, list):
        kind = next((candidate for candidate in kind if candidate != "null"), "null")
    return _typed(root, schema, kind, depth)


def _typed(root: Any, schema: dict[str, Any], kind: str, depth: int) -> Any:
    match kind:
        case "object":
            return _object(root, schema, depth)
        case "array":
            least = max(int(schema.get("minItems", 1)), 0)
            inner = [] if depth >= _DEEPEST else [_value(root, schema.get("items", {}), depth + 1)]
            return inner * least
        case "integer" | "number":
            return _number(schema)
        case "boolean":
            return True
        case "null":
            return None
        case _:
            text = _TEXTS.get(str(schema.get("format")), "text")
            least, most = int(schema.get("minLength", 0)), schema.get("maxLength")
            return text.ljust(least, "x")[: None if most is None else int(most)]


def _object(root: Any, schema: dict[str, Any], depth: int) -> dict[str, Any]:
    properties = schema.get("properties", {})
    required = schema.get("required", ())
    return {
        name: _value(root, properties.get(name, {}), depth + 1)
        for name in dict.fromkeys([*properties, *required])
        # What contains itself ends where it may.
        if depth < _DEEPEST // 2 or (name in required and depth < _DEEPEST)
    }


def _number(schema: dict[str, Any]) -> Any:
    value = 1
    step = schema.get("multipleOf", 1)
    if "minimum" in schema:
        value = schema["minimum"]
    elif "exclusiveMinimum" in schema:
        value = schema["exclusiveMinimum"] + step
    if "maximum" in schema:
        value = min(value, schema["maximum"])
    elif "exclusiveMaximum" in schema and value >= schema["exclusiveMaximum"]:
        value = schema["exclusiveMaximum"] - step
    return value


def _whole(root: Any, schema: Any, depth: int) -> dict[str, Any]:
    """Return the schema with what it refers to and is made of; of alternatives, the first."""
    if not isinstance(schema, dict):
        return {}
    parts = [schema]
    if "$ref" in schema:
        parts.append(resolve_reference(root, schema["$ref"]))
    for key in ("allOf", "anyOf", "oneOf"):
        given = schema.get(key)
        if isinstance(given, list) and given:
            parts += given if key == "allOf" else [_not_null(given)]
    if len(parts) == 1:
        return schema
    merged: dict[str, Any] = {}
    for part in parts:
        inner = (
            part if part is schema else _whole(root, part, depth + 1) if depth < _DEEPEST else {}
        )
        properties = {**merged.get("properties", {}), **inner.get("properties", {})}
        required = [*merged.get("required", ()), *inner.get("required", ())]
        merged = {**inner, **merged}
        if properties:
            merged["properties"] = properties
        if required:
            merged["required"] = required
    return merged


def _not_null(choices: list[Any]) -> Any:
    return next((choice for choice in choices if choice != {"type": "null"}), choices[0])
