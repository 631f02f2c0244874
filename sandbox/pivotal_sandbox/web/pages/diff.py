"""Two texts beside each other: what only the one has, and what only the other."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

_MOST = 2000  # lines of each that are compared
_AROUND = 3  # lines that are the same, kept on each side of a change


@dataclass(frozen=True, slots=True)
class DiffLine:
    """A line that both have, that only the first or the second has, or a gap of `text` lines."""

    kind: Literal["same", "gone", "new", "gap"]
    text: str


def difference(before: str, other: str) -> list[DiffLine]:
    """Return the lines of both texts, those they share once; long runs of these are left out."""
    a, b = before.splitlines()[:_MOST], other.splitlines()[:_MOST]
    lines: list[DiffLine] = []
    for tag, a1, a2, b1, b2 in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if tag == "equal":
            lines += [DiffLine("same", text) for text in a[a1:a2]]
        else:
            lines += [DiffLine("gone", text) for text in a[a1:a2]]
            lines += [DiffLine("new", text) for text in b[b1:b2]]
    return list(_folded(lines))


def _folded(lines: list[DiffLine]) -> Iterator[DiffLine]:
    changed = [at for at, line in enumerate(lines) if line.kind != "same"]
    near = {at + by for at in changed for by in range(-_AROUND, _AROUND + 1)}
    left_out = 0
    for at, line in enumerate(lines):
        if at in near:
            if left_out:
                yield DiffLine("gap", str(left_out))
            left_out = 0
            yield line
        else:
            left_out += 1
    if left_out:
        yield DiffLine("gap", str(left_out))
