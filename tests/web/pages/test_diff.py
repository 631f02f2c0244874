"""Two texts beside each other."""

from hypothesis import given
from hypothesis import strategies as st

from pivotal_sandbox.web.pages.diff import difference


def told(before: str, other: str) -> list[tuple[str, str]]:
    return [(line.kind, line.text) for line in difference(before, other)]


def test_equal_texts_are_one_gap() -> None:
    assert told("a\nb\nc", "a\nb\nc") == [("gap", "3")]
    assert told("", "") == []


def test_a_change_is_shown_with_the_lines_around_it() -> None:
    before = "\n".join("abcdefghij")
    assert told(before, before.replace("e", "E")) == [
        ("gap", "1"),
        *(("same", char) for char in "bcd"),
        ("gone", "e"),
        ("new", "E"),
        *(("same", char) for char in "fgh"),
        ("gap", "2"),
    ]


@given(st.lists(st.sampled_from("abc"), max_size=30), st.lists(st.sampled_from("abc"), max_size=30))
def test_no_line_is_lost(before: list[str], other: list[str]) -> None:
    lines = difference("\n".join(before), "\n".join(other))
    gaps = sum(int(line.text) for line in lines if line.kind == "gap")
    assert sum(line.kind in ("same", "gone") for line in lines) + gaps == len(before)
    assert sum(line.kind in ("same", "new") for line in lines) + gaps == len(other)
