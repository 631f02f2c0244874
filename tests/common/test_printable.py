from hypothesis import given
from hypothesis import strategies as st

from pivotal_sandbox.common.text import display_bytes, printable


def test_what_would_drive_a_terminal_is_shown_as_an_escape() -> None:
    assert printable("\x1b[2J\x00\x9b") == "\\x1b[2J\\x00\\x9b"


def test_marks_that_turn_text_around_and_halves_of_characters_are_shown() -> None:
    assert printable("a\u202eb\u2066\ud800") == "a\\u202eb\\u2066\\ud800"


def test_letters_line_breaks_and_tabs_stay() -> None:
    assert printable("Zoë 🎉\n\t") == "Zoë 🎉\n\t"


def test_bytes_that_are_no_utf_8_are_escapes_among_text() -> None:
    assert display_bytes("Zoë".encode() + b"\xff\x00") == "Zoë\\xff\\x00"


@given(st.binary())
def test_any_bytes_can_be_shown(data: bytes) -> None:
    shown = display_bytes(data)
    assert printable(shown) == shown
    assert len(shown.encode()) >= len(data)
