"""A JSON Schema (2020-12) that says in a sentence what is wrong, where, and what would be right."""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec

from pivotal_sandbox.common.json_values import escape_pointer
from pivotal_sandbox.common.timestamps import parse_rfc3339
from pivotal_sandbox.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError

_SUCH_AS = {
    "date": "2026-05-24",
    "date-time": "2026-05-24T08:00:00.000Z",
    "email": "ana@example.com",
}
_TYPES = {
    "null": "null",
    "boolean": "true or false",
    "integer": "an integer",
    "number": "a number",
    "string": "a string",
    "array": "an array",
    "object": "an object",
}
_DEEPEST = 8  # a schema may refer to itself

Node = dict[str, Any]
"""A part of a schema."""


class Schema:
    """One schema. The library that checks is loaded on the first check: it costs 50 ms."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self.schema = schema

    def check_itself(self) -> None:
        """Raise `InputError` where this is no JSON Schema."""
        from jsonschema import Draft202012Validator
        from jsonschema.exceptions import SchemaError

        try:
            Draft202012Validator.check_schema(self.schema)
        except SchemaError as error:
            raise InputError(
                f"This is no JSON Schema (2020-12): {error.message:.200}.",
                pointer=_pointer(error.absolute_path),
            ) from None

    def check(self, value: Any) -> None:
        """Raise `InputError` for the first thing in `value` that is not as the schema has it."""
        from jsonschema.exceptions import best_match
        from referencing.exceptions import Unresolvable

        try:
            error = best_match(self._validator.iter_errors(value))
        except Unresolvable as broken:
            raise InputError(
                f'The schema refers to "{broken.ref}", which is not in it; nothing is fetched.'
            ) from None
        except RecursionError:
            raise InputError("The schema refers to itself without end.") from None
        if error is not None:
            raise _explained(error)

    @cached_property
    def _validator(self) -> "Draft202012Validator":
        from jsonschema import Draft202012Validator, FormatChecker
        from referencing import Registry

        formats = FormatChecker()
        formats.checks("date-time", raises=InputError)(_is_moment)
        # With the default registry, references to elsewhere would be fetched.
        return Draft202012Validator(self.schema, format_checker=formats, registry=Registry())

    def rewritten(self, value: Any, rewrite: Callable[[str, list[Node], Any], Any]) -> Any:
        """Return `value` with each part replaced by what `rewrite` makes of it.

        It gets the part's name ("" for the whole and for items), what the schema says of it, which
        may be several things, and the part, whose own parts have been replaced already.
        """
        return self._rewritten("", [self.schema], value, rewrite)

    def _rewritten(
        self, name: str, nodes: list[Any], value: Any, rewrite: Callable[..., Any]
    ) -> Any:
        choices = [choice for node in nodes for choice in self._choices(node)]
        if isinstance(value, dict):
            parts = {}
            for key, part in value.items():
                below = [
                    choice.get("properties", {}).get(key, choice.get("additionalProperties", True))
                    for choice in choices
                ]
                inner = [node for node in below if node is not False]
                parts[key] = self._rewritten(key, inner, part, rewrite)
            value = parts
        elif isinstance(value, list):
            items = [choice.get("items", True) for choice in choices]
            value = [self._rewritten("", items, part, rewrite) for part in value]
        return rewrite(name, choices, value)

    def has(self, path: str) -> bool:
        """Say whether the schema lets a value have a part at the dotted path."""
        nodes: list[Any] = [self.schema]
        for part in path.split("."):
            nodes = [below for node in nodes for below in self._below(node, part)]
        return bool(nodes)

    def paths(self) -> Iterator[str]:
        """Yield the dotted paths that the schema names; an array's items are its item 0."""
        yield from self._paths(self.schema, "", 0)

    def _paths(self, node: Any, at: str, depth: int) -> Iterator[str]:
        if at:
            yield at
        if depth == _DEEPEST:
            return
        for choice in self._choices(node):
            parts = dict(choice.get("properties", {}))
            if "items" in choice:
                parts["0"] = choice["items"]
            for part, below in parts.items():
                yield from self._paths(below, f"{at}.{part}" if at else part, depth + 1)

    def _below(self, node: Any, part: str) -> Iterator[Any]:
        for choice in self._choices(node):
            types = choice.get("type", ("object", "array"))
            if "object" in types:
                rest = choice.get("additionalProperties", True)
                below = choice.get("properties", {}).get(part, rest)
                if below is not False:
                    yield below
            if "array" in types and part.isdecimal():
                yield choice.get("items", True)

    def _choices(self, node: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
        """Yield what a part of the schema stands for: itself, or what it refers to or combines."""
        if not isinstance(node, dict):  # true allows everything
            node = {}
        inner = [choice for key in ("anyOf", "oneOf", "allOf") for choice in node.get(key, ())]
        if "$ref" in node:
            inner.append(self._at(node["$ref"]))
        if not inner or "properties" in node or depth == _DEEPEST:
            yield node
        else:
            for choice in inner:
                yield from self._choices(choice, depth + 1)

    def _at(self, reference: str) -> Any:
        node: Any = self.schema if reference.startswith("#") else {}
        for part in reference.split("/")[1:]:
            node = node.get(part.replace("~1", "/").replace("~0", "~"), {})
        return node


def _is_moment(value: object) -> bool:
    return not isinstance(value, str) or parse_rfc3339(value) is not None


def _pointer(path: Iterable[str | int]) -> str:
    return "".join(f"/{escape_pointer(str(part))}" for part in path)


def _explained(error: "ValidationError") -> InputError:
    value, wanted, schema = _untyped(error)
    it = f'"{".".join(map(str, error.absolute_path))}"' if error.absolute_path else "data"
    at = _pointer(error.absolute_path)
    match error.validator:
        case "type":
            types = [wanted] if isinstance(wanted, str) else wanted
            text = (
                f"{it} is {_display(value)}, but must be {_or(_TYPES[type_] for type_ in types)}."
            )
            if "string" in types and isinstance(value, bool | int | float):
                text += f' In quotes it is a string: "{_display(value)}".'
        case "enum":
            text = f"{it} is {_display(value)}, but must be {_or(map(_display, wanted))}."
            text += did_you_mean(
                str(value), [candidate for candidate in wanted if isinstance(candidate, str)]
            )
        case "additionalProperties" if wanted is False:
            known, patterns = (schema.get(k, {}) for k in ("properties", "patternProperties"))
            extra = next(
                key
                for key in value
                if key not in known and not any(re.search(pattern, key) for pattern in patterns)
            )
            at = f"{at}/{escape_pointer(extra)}"
            text = f'{it} has no "{extra:.40}".{did_you_mean(extra, known)}'
        case "required":
            text = f'{it} lacks "{next(key for key in wanted if key not in value)}".'
        case "format":
            text = f"{it} is {_display(value)}, which is no {wanted}{_such_as(schema)}."
        case "pattern":
            text = f"{it} is {_display(value)}, which does not match {wanted}{_such_as(schema)}."
        case _:
            text = f"{it}: {error.message:.200}."
    return InputError(text, pointer=at)


def _untyped(error: "ValidationError") -> tuple[Any, Any, Any]:
    """Return the value, what the keyword says, and the schema: each as wide as JSON is."""
    return error.instance, error.validator_value, error.schema


def _such_as(schema: Any) -> str:
    example = next(iter(schema.get("examples", ())), _SUCH_AS.get(schema.get("format")))
    return f" such as {_display(example)}" if example else ""


def _display(value: Any) -> str:
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= 60 else f"{text[:60]}..."


def _or(names: Iterable[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} or {last}" if most else last
