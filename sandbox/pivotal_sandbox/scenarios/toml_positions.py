"""On which line of a TOML text each key and each item of an array stands."""

import re
import tomllib
from bisect import bisect_right
from collections.abc import Mapping, Sequence

Path = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_KEY = re.compile(r'"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|[A-Za-z0-9_-]+')
_TEXT = re.compile(
    r'"""(?:[^\\]|\\.)*?""""{0,2}'
    r"|'''.*?''''{0,2}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_BARE = re.compile(r"[^,\]}#\n]+")


def key_lines(text: str) -> dict[Path, int]:
    """Return the line (from 1) of each key and item: ("steps", 3, "trigger", "type") -> 12.

    The text is one that `tomllib` reads.
    """
    scan = _Scan(text.replace("\r\n", "\n"))
    scan.document()
    return scan.lines


def line_at(lines: Mapping[Path, int], path: Sequence[str | int]) -> int:
    """Return the line of what is at the path or, where that is missing, of what it belongs to."""
    parts = tuple(path)
    while parts and parts not in lines:
        parts = parts[:-1]
    return lines.get(parts, 1)


class _Scan:
    """Goes through the text once. What is wrong with it `tomllib` has said before."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self._counts: dict[Path, int] = {}  # how many tables an array of tables has by now
        self.lines: dict[Path, int] = {}

    def document(self) -> None:
        table: Path = ()
        self._skip(_BLANK)
        while self._at < len(self._text):
            if self._text.startswith("[[", self._at):
                table = self._header(2)
                count = self._counts.get(table, 0)
                self._counts[table] = count + 1
                table = (*table, count)
                self._note(table)
            elif self._text[self._at] == "[":
                table = self._header(1)
                self._note(table)
            else:
                self._assignment(table)
            self._skip(_BLANK)

    def _header(self, brackets: int) -> Path:
        self._at += brackets
        parts = self._keys()
        table: Path = ()
        for index, part in enumerate(parts):
            table = (*table, part)
            self._note(table)
            # What is named below an array of tables belongs to the last one of it.
            if index < len(parts) - 1 and table in self._counts:
                table = (*table, self._counts[table] - 1)
        self._at += brackets
        return table

    def _assignment(self, table: Path) -> None:
        path = table
        for part in self._keys():
            path = (*path, part)
            self._note(path)
        self._at += 1  # the equals sign
        self._skip(_SPACE)
        self._value(path)

    def _keys(self) -> list[str]:
        parts = []
        while True:
            self._skip(_SPACE)
            match = _KEY.match(self._text, self._at)
            assert match is not None
            self._at = match.end()
            quoted = match[0][0] in "\"'"
            parts.append(tomllib.loads(f"k={match[0]}")["k"] if quoted else match[0])
            self._skip(_SPACE)
            if not self._text.startswith(".", self._at):
                return parts
            self._at += 1

    def _value(self, path: Path) -> None:
        self._note(path)
        if self._text[self._at] == "[":
            self._array(path)
        elif self._text[self._at] == "{":
            self._table(path)
        else:
            match = _TEXT.match(self._text, self._at) or _BARE.match(self._text, self._at)
            assert match is not None
            self._at = match.end()

    def _array(self, path: Path) -> None:
        index = 0
        while self._more("]"):
            self._value((*path, index))
            index += 1

    def _table(self, path: Path) -> None:
        while self._more("}"):
            self._assignment(path)

    def _more(self, end: str) -> bool:
        """Say whether another item follows, and go to it; else go behind the end."""
        if self._text[self._at] in "[{":
            self._at += 1
        self._skip(_BLANK)
        if self._text[self._at] == ",":
            self._at += 1
            self._skip(_BLANK)
        if self._text[self._at] == end:
            self._at += 1
            return False
        return True

    def _note(self, path: Path) -> None:
        self.lines.setdefault(path, bisect_right(self._starts, self._at))

    def _skip(self, what: re.Pattern[str]) -> None:
        match = what.match(self._text, self._at)
        assert match is not None
        self._at = match.end()
