"""How many of what, in words."""

import re


def format_count(count: int, noun: str) -> str:
    """Return "1 attempt", "2 attempts"; the plural of a noun in -y is -ies."""
    return f"{count} {noun if count == 1 else pluralize(noun)}"


def pluralize(noun: str) -> str:
    """Return the noun for more than one, or none, of what it names."""
    return noun.removesuffix("y") + "ies" if noun.endswith("y") else noun + "s"


# Escapes, marks that turn text around, and halves of characters.
_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def printable(text: str) -> str:
    """Return `text` with control characters as escapes; line breaks and tabs stay."""
    return _CONTROL.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def display_bytes(data: bytes) -> str:
    """Return bytes for reading: UTF-8 as text, all that is none as escapes like \\xff."""
    return printable(data.decode("utf-8", "backslashreplace"))
