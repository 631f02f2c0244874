"""What strangers sent, for reading: as text, laid out, and byte by byte."""

import json
import re
from dataclasses import dataclass
from typing import Literal

MOST = 64 * 1024  # bytes of a body that a page shows
_HEX_MOST = 4 * 1024
_INDENTED = 24  # levels; what lies deeper is not moved further to the right

Kind = Literal["key", "string", "number", "word", ""]

# What has no picture of its own, or turns the text around it: said by name.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
_HIDDEN = re.compile(
    "[\x80-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_TOKEN = re.compile(
    r'(?P<string>"(?:[^"\\]|\\.)*+")(?P<key>\s*:)?|(?P<open>[{\[])\s*(?P<empty>[}\]])?'
    r"|(?P<close>[}\]])|(?P<comma>,)|(?P<number>-?[0-9][0-9.eE+-]*)|(?P<word>[a-z]+)|\s+",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of JSON that is laid out."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class BodyView:
    """A body as a page shows it: `tokens` are empty, and `why` says the reason, if it is no JSON.

    `cut` is how many bytes are shown, None where that is all.
    """

    size: int
    tokens: tuple[Token, ...]
    why: str
    raw: str
    hex: str
    cut: int | None
    hex_cut: int | None


def visible(text: str) -> str:
    """Return the text with all that hides in it, or turns it around, as symbols."""
    text = _CONTROL.sub(_picture, text)
    return _HIDDEN.sub(lambda match: f"⟦U+{ord(match[0]):04X}⟧", text)


def text_of(data: bytes) -> str:
    """Return bytes as visible text: what is no UTF-8 is written as \\xff."""
    return visible(data.decode("utf-8", "backslashreplace"))


def view_body(body: bytes, most: int = MOST) -> BodyView:
    """Return a body as a page shows it."""
    cut = most if len(body) > most else None
    part = body if cut is None else body[: _whole(body, most)]
    tokens: tuple[Token, ...] = ()
    why = _no_json(body)
    if not why:
        tokens = tuple(_laid_out(part.decode("utf-8", "ignore"), most))
    hex_cut = _HEX_MOST if len(body) > _HEX_MOST else None
    return BodyView(len(body), tokens, why, text_of(part), hex_dump(body[:_HEX_MOST]), cut, hex_cut)


def hex_dump(data: bytes) -> str:
    """Return bytes in rows of sixteen, with their place and what of them is ASCII."""
    rows = []
    for at in range(0, len(data), 16):
        row = data[at : at + 16]
        ascii = "".join(chr(byte) if 32 <= byte < 127 else "·" for byte in row)
        rows.append(f"{at:06x}  {row[:8].hex(' '):<23}  {row[8:].hex(' '):<23}  {ascii}")
    return "\n".join(rows)


def _whole(body: bytes, end: int) -> int:
    """Return where to cut, at `end` or before it: not in the middle of a character."""
    starts = (at for at in range(end, end - 4, -1) if body[at] & 0xC0 != 0x80)
    return next(starts, end)


def _picture(match: re.Match[str]) -> str:
    code = ord(match[0])
    return "\u2421" if code == 0x7F else chr(0x2400 + code)


def _no_json(body: bytes) -> str:
    if not body:
        return "There is no body."
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        return f"No JSON: byte {error.start} is no UTF-8."
    try:
        json.loads(text, parse_constant=_no_constant)
    except RecursionError:
        return "Nested too deeply to be laid out."
    except ValueError as error:
        return f"No JSON: {visible(str(error))}."
    return ""


def _no_constant(name: str) -> None:
    """Refuse NaN and Infinity, which Python reads and JSON does not know."""
    raise ValueError(f"there is no {name} in it")


def _laid_out(text: str, most: int) -> list[Token]:
    tokens: list[Token] = []
    depth = written = 0

    def put(kind: Kind, piece: str) -> None:
        nonlocal written
        written += len(piece)
        if kind == "" and tokens and tokens[-1].kind == "":
            tokens[-1] = Token("", tokens[-1].text + piece)
        else:
            tokens.append(Token(kind, piece))

    def end_line() -> None:
        put("", "\n" + "  " * min(depth, _INDENTED))

    for match in _TOKEN.finditer(text):
        if written > 2 * most:
            put("", "\n…")
            break
        match match.lastgroup:
            case "key":
                put("key", visible(match["string"]))
                put("", ": ")
            case "string" | "number" | "word" as kind:
                put(kind, visible(match[0]))
            case "empty":
                put("", match["open"] + match["empty"])
            case "open":
                put("", match[0][0])
                depth += 1
                end_line()
            case "close":
                depth -= 1
                end_line()
                put("", match[0])
            case "comma":
                put("", ",")
                end_line()
    return tokens
