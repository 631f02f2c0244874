"""How languages write JSON again that they have parsed: each in its own way.

A form is right to the byte or it is of no use here, so the tests run the languages themselves.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

DEEPEST = 100  # no event comes near, and no hostile body overflows the stack

_ENVELOPE = ("id", "type", "created_at", "data")
_INT64 = range(-(2**63), 2**63)
_MOST_DIGITS = 1000
_MOST_INDEX = 2**32 - 2  # of an array in JavaScript


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it was written: what becomes of it differs by language."""

    text: str

    @property
    def is_integer(self) -> bool:
        return not any(mark in self.text for mark in ".eE")


@dataclass(frozen=True, slots=True)
class Style:
    """How one serialiser writes text and numbers, and which blanks it adds."""

    text: Callable[[str], str]
    number: Callable[[Number], str]
    comma: str = ","
    colon: str = ":"
    indent: str = ""
    null: str = "null"
    hollow: bool = False  # whether an empty object takes two lines, and an empty list three


def parse(text: str) -> Any:
    """Return JSON with its numbers as `Number`. Raises `ValueError`, also where it is too deep."""
    try:
        return json.loads(text, parse_int=Number, parse_float=Number, parse_constant=_refuse)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def write(value: Any, style: Style, depth: int = 0) -> str:
    """Return a value as a serialiser writes it. Raises `ValueError` where that one gives up."""
    if isinstance(value, str):
        return style.text(value)
    if isinstance(value, Number):
        return style.number(value)
    if not isinstance(value, dict | list):
        return {True: "true", False: "false", None: style.null}[value]
    if depth == DEEPEST:
        raise ValueError("nested too deeply")
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    if isinstance(value, dict):
        parts = [
            style.text(key) + style.colon + write(item, style, depth + 1)
            for key, item in value.items()
        ]
    else:
        parts = [write(item, style, depth + 1) for item in value]
    inner = "\n" + style.indent * (depth + 1)
    outer = "\n" + style.indent * depth
    if not parts and style.hollow:
        return opening + (outer if opening == "{" else "\n" + outer) + closing
    if not style.indent or not parts:
        return opening + style.comma.join(parts) + closing
    return opening + inner + (style.comma + inner).join(parts) + outer + closing


# Text

_ESCAPES = {number: f"\\u{number:04x}" for number in range(32)} | {
    ord(mark): "\\" + escape for mark, escape in zip('"\\\b\f\n\r\t', '"\\bfnrt', strict=True)
}
_LINES = {number: f"\\u{number:04x}" for number in (0x2028, 0x2029)}
_SURROGATES = range(0xD800, 0xE000)
_NOT_ASCII = re.compile("[^\x00-\x7f]")
_ASTRAL = re.compile("[\ud800-\udfff\U00010000-\U0010ffff]")


def _escaped(*tables: Mapping[int, str]) -> Callable[[str], str]:
    table = {
        number: escape for escapes in (_ESCAPES, *tables) for number, escape in escapes.items()
    }
    return lambda text: f'"{text.translate(table)}"'


def _upper(escape: str) -> str:
    return escape[:2] + escape[2:].upper() if escape.startswith("\\u") else escape


def _units(match: re.Match[str]) -> str:
    raw = match[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{raw[at : at + 2].hex()}" for at in range(0, len(raw), 2))


def _whole(text: str) -> str:
    """Return a text that has no half of a surrogate pair: with one, json_decode gives up."""
    text.encode()
    return text


_HTML = {ord(mark): f"\\u{ord(mark):04x}" for mark in "<>&"}
_GSON = {ord(mark): f"\\u{ord(mark):04x}" for mark in "='"}
_SLASH = {ord("/"): "\\/"}
_LOST = dict.fromkeys(_SURROGATES, "\ufffd")

plain_text = _escaped()
node_text = _escaped({number: f"\\u{number:04x}" for number in _SURROGATES})
go_text = _escaped(_HTML, _LINES, _LOST)
go_unescaped_text = _escaped(_LINES, _LOST)
jackson_text = _escaped({number: _upper(escape) for number, escape in _ESCAPES.items()})
gson_text = _escaped(_HTML, _GSON, _LINES)
php_unicode_text = _escaped(_LINES, _SLASH)  # JSON_UNESCAPED_UNICODE
php_unescaped_text = _escaped(_LINES)  # and JSON_UNESCAPED_SLASHES
_slashed_text = _escaped(_SLASH)


def php_text(text: str) -> str:
    """Return what json_encode makes of a text: slashes escaped, and all that is not ASCII."""
    return _NOT_ASCII.sub(_units, _slashed_text(_whole(text)))


def php_ascii_text(text: str) -> str:
    """Return what json_encode makes of a text with JSON_UNESCAPED_SLASHES."""
    return _NOT_ASCII.sub(_units, plain_text(_whole(text)))


def jackson_bytes_text(text: str) -> str:
    """Return what Jackson's byte writer makes of a text: beyond 16 bits, it escapes."""
    return _ASTRAL.sub(
        lambda match: _units(match).upper().replace("\\U", "\\u"), jackson_text(text)
    )


# Numbers


def _decimal(text: str) -> tuple[str, str, int]:
    """Return sign, digits and point of a number: 0.012 is ("", "12", -1), as in 0.12e-1."""
    mantissa, _, exponent = text.lower().removeprefix("-").partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    zeros = len(whole + fraction) - len(digits)
    return "-" * text.startswith("-"), digits, len(whole) - zeros + int(exponent or 0)


def _digits(number: float) -> tuple[str, str, int]:
    """Return sign, shortest digits and point of a number that is not 0."""
    sign, digits, point = _decimal(repr(number))
    return sign, digits.rstrip("0"), point


def _fixed(digits: str, point: int) -> str:
    if point <= 0:
        return "0." + "0" * -point + digits
    if point < len(digits):
        return f"{digits[:point]}.{digits[point:]}"
    return digits.ljust(point, "0")


def _float(number: Number) -> float:
    value = float(number.text)
    if value in (float("inf"), float("-inf")):
        raise ValueError(f"{number.text} is beyond a double")
    return value


def _integer(number: Number) -> str:
    """Return the digits without the sign of -0. No conversion: that is quadratic in the length."""
    return "0" if number.text == "-0" else number.text


def go_number(number: Number) -> str:
    """Return a number as Go writes its float64."""
    value = _float(number)
    if value == 0:
        return "-0" if number.text.startswith("-") else "0"
    sign, digits, point = _digits(value)
    if -6 < point <= 21:
        return sign + _fixed(digits, point)
    fraction = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{fraction}e{point - 1:+d}"


def node_number(number: Number) -> str:
    """Return a number as JavaScript writes it: as Go, but without -0 and infinities."""
    try:
        written = go_number(number)
    except ValueError:
        return "null"
    return "0" if written == "-0" else written


def php_number(number: Number, *, fraction: bool = False) -> str:
    """Return a number as json_encode writes it, with or without the .0 of whole doubles."""
    if number.is_integer and len(number.text) <= 20 and int(number.text) in _INT64:
        return _integer(number)
    value = _float(number)
    sign, digits, point = _digits(value) if value else ("-" * number.text.startswith("-"), "0", 1)
    if -4 < point <= 17:
        fixed = _fixed(digits, point)
        return sign + (fixed + ".0" if fraction and "." not in fixed else fixed)
    return f"{sign}{digits[0]}.{digits[1:] or '0'}e{point - 1:+d}"


def php_fraction_number(number: Number) -> str:
    """Return a number as json_encode writes it with JSON_PRESERVE_ZERO_FRACTION."""
    return php_number(number, fraction=True)


def ruby_number(number: Number) -> str:
    """Return a number as Ruby writes it: integers of any size, floats by Float#to_s."""
    if number.is_integer:
        return _integer(number)
    value = _float(number)
    if value == 0:
        return "-0.0" if number.text.startswith("-") else "0.0"
    sign, digits, point = _digits(value)
    if -4 < point <= 15 or 0 < point < len(digits):
        fixed = _fixed(digits, point)
        return sign + (fixed if "." in fixed else fixed + ".0")
    return f"{sign}{digits[0]}.{digits[1:] or '0'}e{point - 1:+03d}"


def java_number(number: Number) -> str:
    """Return a number as Java writes it: integers of any size, doubles by Double.toString."""
    if number.is_integer:
        return _integer(number)
    value = _float(number)
    if value == 0:
        return "-0.0" if number.text.startswith("-") else "0.0"
    sign, digits, point = _digits(value)
    if -3 < point <= 7:
        fixed = _fixed(digits, point)
        return sign + (fixed if "." in fixed else fixed + ".0")
    return f"{sign}{digits[0]}.{digits[1:] or '0'}E{point - 1}"


def postgres_number(number: Number) -> str:
    """Return a number as jsonb holds it: exact, without an exponent."""
    if number.is_integer:
        return _integer(number)
    sign, digits, point = _decimal(number.text)
    if abs(point) > _MOST_DIGITS:
        raise ValueError(f"{number.text} is too long to be written out")
    return sign + _fixed(digits, point) if digits else f"{float(number.text):.1f}".lstrip("-")


def verbatim(number: Number) -> str:
    """Return a number as it was: Gson's trees keep it so."""
    return number.text


# Keys


def sorted_keys(value: Any, key: Callable[[str], Any] | None = None, depth: int = 0) -> Any:
    """Return a value with the keys of its objects in order, by code point unless `key` says."""
    if depth > DEEPEST:
        raise ValueError("nested too deeply")
    if isinstance(value, dict):
        names = sorted(value, key=key)
        return {name: sorted_keys(value[name], key, depth + 1) for name in names}
    if isinstance(value, list):
        return [sorted_keys(item, key, depth + 1) for item in value]
    return value


def utf16(key: str) -> bytes:
    """Return the place of a key in the order of Java's strings."""
    return key.encode("utf-16-be", "surrogatepass")


def shortest(key: str) -> tuple[int, bytes]:
    """Return the place of a key in the order of PostgreSQL's jsonb."""
    raw = key.encode("utf-8", "surrogatepass")
    return len(raw), raw


def indexes_first(value: Any, depth: int = 0) -> Any:
    """Return a value with its keys as JavaScript keeps them: those like an index come first."""
    if depth > DEEPEST:
        raise ValueError("nested too deeply")
    if isinstance(value, dict):
        indexes = sorted((key for key in value if _is_index(key)), key=int)
        rest = [key for key in value if not _is_index(key)]
        return {key: indexes_first(value[key], depth + 1) for key in [*indexes, *rest]}
    if isinstance(value, list):
        return [indexes_first(item, depth + 1) for item in value]
    return value


def _is_index(key: str) -> bool:
    return bool(re.fullmatch("0|[1-9][0-9]{0,9}", key)) and int(key) <= _MOST_INDEX


def php_arrays(value: Any, depth: int = 0) -> Any:
    """Return a value as PHP's arrays hold it: objects with the keys of a list are lists."""
    if depth > DEEPEST:
        raise ValueError("nested too deeply")
    if isinstance(value, list):
        return [php_arrays(item, depth + 1) for item in value]
    if not isinstance(value, dict):
        return value
    items = [php_arrays(item, depth + 1) for item in value.values()]
    is_list = all(key == str(place) for place, key in enumerate(value))
    return items if is_list else dict(zip(value, items, strict=True))


def struct_order(value: Any) -> Any:
    """Return an event as a struct of the envelope holds it: its own order, sorted below."""
    if not isinstance(value, dict) or set(value) != set(_ENVELOPE):
        raise ValueError("no event")
    return {key: sorted_keys(value[key], depth=1) for key in _ENVELOPE}
