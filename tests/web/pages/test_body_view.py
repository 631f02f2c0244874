"""What strangers sent, for reading."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pivotal_sandbox.web.pages.body_view import MOST, hex_dump, text_of, view_body, visible


def laid_out(body: bytes) -> str:
    return "".join(token.text for token in view_body(body).tokens)


def test_what_hides_in_a_text_is_seen() -> None:
    assert visible("a\x00b\x1b[31m\x7f") == "a␀b␛[31m␡"
    assert visible("\u202egnp.exe\u2066") == "⟦U+202E⟧gnp.exe⟦U+2066⟧"
    assert visible("\ufeff\u200b\u2028\U000e0041") == "⟦U+FEFF⟧⟦U+200B⟧⟦U+2028⟧⟦U+E0041⟧"
    assert visible("\ud83d") == "⟦U+D83D⟧"


def test_what_people_write_stays_as_it_is() -> None:
    text = "Þrastaskógur – Błękitny\n\tمرحبا 🧑\u200d🚀"
    assert visible(text) == text


def test_bytes_that_are_no_utf_8_are_written_out() -> None:
    assert text_of(b"ok\xff\xfe") == "ok\\xff\\xfe"


def test_json_is_laid_out_and_each_part_is_named() -> None:
    body = b'{"a":[1,-2.5e3,true,null],"b":{},"c":"x\\"y"}'
    assert json.loads(laid_out(body)) == json.loads(body)
    assert laid_out(body).splitlines()[:3] == ["{", '  "a": [', "    1,"]
    kinds = [token.kind for token in view_body(body).tokens if token.kind]
    assert kinds == ["key", "number", "number", "word", "word", "key", "key", "string"]


def test_what_json_says_twice_or_exactly_is_not_lost() -> None:
    assert laid_out(b'{"a":1,"a":12345678901234567890,"b":1.00}').count('"a"') == 2
    assert "12345678901234567890" in laid_out(b'{"a":12345678901234567890}')
    assert "1.00" in laid_out(b"[1.00]")


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "There is no body."),
        (b"\xff{}", "No JSON: byte 0 is no UTF-8."),
        (b'{"a":', "No JSON: "),
        (b"[" * 100_000, "Nested too deeply to be laid out."),
        (b"a=1&b=2", "No JSON: "),
        (b"[NaN]", "No JSON: there is no NaN in it."),
    ],
)
def test_what_is_no_json_says_why(body: bytes, why: str) -> None:
    found = view_body(body)
    assert found.why.startswith(why)
    assert found.tokens == ()
    assert found.raw == text_of(body[:MOST])


def test_a_large_body_is_cut_and_says_so() -> None:
    found = view_body(b'"' + b"x" * (10 << 20) + b'"')
    assert found.size == (10 << 20) + 2
    assert found.cut == MOST
    assert len(found.raw) == MOST
    assert len(found.hex.splitlines()) == 256
    assert found.hex_cut == 4096
    assert view_body(b"x").cut is None


def test_a_body_is_not_cut_in_the_middle_of_a_character() -> None:
    assert "\\x" not in view_body(b"x" + "é".encode() * MOST).raw


def test_hex_has_place_bytes_and_text() -> None:
    [first, second] = hex_dump(bytes(range(60, 77))).splitlines()
    assert first.startswith("000000  3c 3d 3e")
    assert first.endswith("  <=>?@ABCDEFGHIJK")
    assert second.split() == ["000010", "4c", "L"]
    assert hex_dump(b"\x00\x7f").endswith("··")


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(json_values)
def test_laying_out_changes_blanks_only(value: object) -> None:
    body = json.dumps(value).encode()
    assert json.loads(laid_out(body)) == value


@given(st.binary(max_size=300))
def test_any_bytes_are_shown_without_a_control_character(body: bytes) -> None:
    found = view_body(body)
    for text in (found.raw, found.hex, found.why, "".join(token.text for token in found.tokens)):
        assert not set(text) & {"\x00", "\x1b", "\u202e", "\u2066", "\x9b"}
