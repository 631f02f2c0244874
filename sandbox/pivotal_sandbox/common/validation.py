"""What `msgspec` finds wrong in JSON or TOML, as an error that names the field."""

import re
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Struct

from pivotal_sandbox.errors import InputError, did_you_mean

_TYPES = {"str": "string", "int": "integer", "float": "number", "bool": "boolean"}
_TYPE = re.compile(rf"\b(?:{'|'.join(_TYPES)})\b")
_PLACE = re.compile(r"(?P<what>.*?)(?: - at `(?P<path>.+)`)?\Z", re.DOTALL)
_STEP = re.compile(r"\.([^.\[]+)|\[(\d+|\.\.\.)\]")
_VALUE = re.compile(r"Invalid enum value '(.*)'\.\Z", re.DOTALL)
_FIELD = re.compile(r"(?:unknown field|required field) `([^`]+)`")


def validation_error(error: msgspec.ValidationError, kind: type[Struct]) -> InputError:
    """Return the error for what is no `kind`; for an unknown field or word, with the nearest."""
    found = from_validation(error)
    known = kind.__struct_encode_fields__
    field = found.pointer.removeprefix("/")
    if field in known and (match := _VALUE.match(str(found))):
        words = list(_describe(get_type_hints(kind)[kind.__struct_fields__[known.index(field)]]))
        hint = did_you_mean(match[1], words) or f" It is one of {', '.join(words)}."
        return InputError(f'"{match[1]:.40}" is not possible here.{hint}', pointer=found.pointer)
    if field in known or "/" in field or not field:
        return found
    hint = did_you_mean(field, known) or f" Known: {', '.join(known)}."
    return InputError(f"{found}{hint}", pointer=found.pointer)


def from_validation(error: msgspec.ValidationError) -> InputError:
    """Return the error that names the field which `msgspec` found wrong."""
    match = _PLACE.match(str(error))
    assert match is not None  # it matches any text
    what, path = match["what"], match["path"] or "$"
    pointer = "".join(f"/{key or index}" for key, index in _STEP.findall(path))
    if field := _FIELD.search(what):
        pointer += f"/{field[1]}"
    return InputError(_with_json_types(what).replace("`", '"') + ".", pointer=pointer)


def _with_json_types(what: str) -> str:
    """Return the sentence with JSON's names of types in place of Python's."""
    if not what.startswith("Expected `"):
        return what
    return _TYPE.sub(lambda found: _TYPES[found[0]], what).replace(" | ", " or ")


def _describe(annotation: Any) -> Iterator[str]:
    """Yield the texts that a type allows, where it lists them."""
    for part in get_args(annotation):
        if get_origin(annotation) is Literal:
            yield str(part)
        else:
            yield from _describe(part)
