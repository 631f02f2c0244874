"""What `msgspec` finds wrong in JSON or TOML, as an error that names the field."""

import re

import msgspec
from msgspec import Struct

from pivotal_sandbox.errors import InputError, did_you_mean

_PLACE = re.compile(r"(?P<what>.*?)(?: - at `(?P<path>.+)`)?\Z", re.DOTALL)
_STEP = re.compile(r"\.([^.\[]+)|\[(\d+|\.\.\.)\]")
_FIELD = re.compile(r"(?:unknown field|required field) `([^`]+)`")


def refused(error: msgspec.ValidationError, kind: type[Struct]) -> InputError:
    """Return the error for what is no `kind`; for a field that it lacks, with the nearest."""
    found = from_validation(error)
    known = kind.__struct_encode_fields__
    field = found.pointer.removeprefix("/")
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
    return InputError(what.replace("`", '"') + ".", pointer=pointer)
