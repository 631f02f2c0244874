"""What a stranger sent, as text that is shown and not obeyed."""

import re

# Escapes, marks that turn text around, and halves of characters.
_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def printable(text: str) -> str:
    """Return `text` with control characters as escapes; line breaks and tabs stay."""
    return _CONTROL.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def bytes_shown(data: bytes) -> str:
    """Return bytes for reading: UTF-8 as text, all that is none as escapes like \\xff."""
    return printable(data.decode("utf-8", "backslashreplace"))
