"""JSON values: read from a text, checked, copied."""

from math import isfinite
from typing import Any

import msgspec

from pivotal_sandbox.errors import InputError

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode

DEEPEST = 32
_WIDEST = 10**4300  # Python writes no longer integers


def parse_value(text: str) -> Any:
    """Return the JSON value that `text` is, or the text itself where it is none."""
    try:
        return _decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return text


def dump_json(value: Any) -> str:
    """Return a JSON value as JSON."""
    return _encode(value).decode()


def deep_copy(value: Any) -> Any:
    """Return a JSON value made of new objects and lists. Writing and reading it is the fast way."""
    return _decode(_encode(value))


def validate_json_value(value: Any, pointer: str = "", depth: int = 0) -> Any:
    """Return a copy of what JSON can carry; raise `InputError` naming the part that it cannot."""
    if depth > DEEPEST:
        raise InputError(f"Nested deeper than {DEEPEST} levels.", pointer=pointer)
    if value is None or (isinstance(value, int) and -_WIDEST < value < _WIDEST):
        return value
    if isinstance(value, float) and isfinite(value):
        return value
    if isinstance(value, str):
        return _encodable(value, pointer)
    if isinstance(value, dict):
        return {
            validate_key(key, pointer): validate_json_value(
                part, f"{pointer}/{escape_pointer(key)}", depth + 1
            )
            for key, part in value.items()
        }
    if isinstance(value, list | tuple):
        return [
            validate_json_value(part, f"{pointer}/{index}", depth + 1)
            for index, part in enumerate(value)
        ]
    raise InputError(
        f"{_display(value)} is no JSON value: write null, true or false, a finite number of less "
        "than 4300 digits, a string, an array or an object.",
        pointer=pointer,
    )


def escape_pointer(key: str) -> str:
    """Return an object's key as a JSON pointer writes it."""
    return key.replace("~", "~0").replace("/", "~1")


def validate_key(key: Any, pointer: str = "") -> str:
    """Return the key of an object; raise `InputError` where JSON has no such key."""
    if not isinstance(key, str):
        raise InputError(f"An object's keys are strings, unlike {key!r:.40}.", pointer=pointer)
    return _encodable(key, pointer)


def _display(value: Any) -> str:
    return "This integer" if isinstance(value, int) else f"{value!r:.40}"


def _encodable(text: str, pointer: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InputError(f"{text!a:.40} has no UTF-8 form.", pointer=pointer) from None
    return text
