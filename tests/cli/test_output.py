import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Callable

import click
import pytest
from click.testing import CliRunner
from hypothesis import example, given
from hypothesis import strategies as st

from pivotal_sandbox.cli import output


def printed(say: Callable[[], None], **settings: bool) -> str:
    return CliRunner().invoke(click.Command("say", callback=say), **settings).stdout  # type: ignore[arg-type]


@given(st.text(st.characters(exclude_categories=[])))
@example("\ud800 and \udfff")
def test_any_text_survives_as_json(text: str) -> None:
    assert json.loads(printed(lambda: output.print_json({"text": text}))) == {"text": text}


def test_json_is_one_line_of_utf_8() -> None:
    assert printed(lambda: output.print_json({"name": "Zoë", "n": [1, None]})) == (
        '{"name":"Zoë","n":[1,null]}\n'
    )


@given(st.text(st.characters(exclude_categories=[])))
@example("\x1b \x9b \ud800 \u202e")
def test_no_text_drives_the_terminal(text: str) -> None:
    shown = output.printable(text)
    assert all(c.isprintable() or c in "\n\t" or not c.isascii() for c in shown)
    assert not {"\x1b", "\r", "\x9b", "\u202e"} & set(shown)
    shown.encode()


def test_plain_text_is_shown_as_it_is() -> None:
    assert output.printable("Zoë 東京\n\tok") == "Zoë 東京\n\tok"
    assert output.printable("\x1b[2J\u202etxt") == "\\x1b[2J\\u202etxt"


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (None, "-"),
        (0.04, "0.0 ms"),
        (9.94, "9.9 ms"),
        (9.96, "10 ms"),
        (999.4, "999 ms"),
        (999.6, "1.00 s"),
        (10_004, "10.00 s"),
    ],
)
def test_durations_are_short(ms: float | None, text: str) -> None:
    assert output.milliseconds(ms) == text


def test_a_moment_is_utc_to_the_second() -> None:
    assert output.moment("2026-05-24T08:00:00.123Z") == "2026-05-24 08:00:00"
    assert output.moment(None) == "-"


def test_a_table_in_a_pipe_is_neither_cut_nor_coloured() -> None:
    long = "x" * 500
    lines = printed(
        lambda: output.print_table(("A", "B"), [("1", long), ("22", output.pill("failed"))])
    )
    assert [line.split() for line in lines.splitlines()] == [
        ["A", "B"],
        ["1", long],
        ["22", "failed"],
    ]
    assert "\x1b" not in lines


def test_a_table_shows_control_characters_and_markup_as_text() -> None:
    lines = printed(lambda: output.print_table(("A",), [("[red]\x1b[2J[/red]",)]))
    assert lines.splitlines()[1].rstrip() == "[red]\\x1b[2J[/red]"


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ('{"a":{"b":"Zoë"}}', '{\n  "a": {\n    "b": "Zoë"\n  }\n}'),
        ("<h1>\x1b</h1>", "<h1>\\x1b</h1>"),
        ("", ""),
    ],
)
def test_a_body_is_indented_where_it_is_json(body: str, shown: str) -> None:
    assert str(output.pretty(body)) == shown


def test_codes_are_green_red_or_absent() -> None:
    def cell(status: int | None, error: str | None = None) -> tuple[str, str]:
        text = output.code_of(status, error)
        return str(text), str(text.style)

    assert cell(204) == ("204", "green")
    assert cell(301) == ("301", "red")
    assert cell(None, "timeout") == ("timeout", "red")
    assert cell(None) == ("-", "bright_black")


def on_a_terminal(columns: int, program: str, **environment: str) -> list[str]:
    """Return the lines that `program` prints on a terminal of so many columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    env = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "COLUMNS")}
    subprocess.run(
        [sys.executable, "-c", f"from pivotal_sandbox.cli.output import *; {program}"],
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        env={**env, "TERM": "xterm", **environment},
        check=True,
        timeout=30,
    )
    os.close(theirs)
    text = os.read(ours, 65536).decode()
    os.close(ours)
    return [line.rstrip() for line in text.splitlines()]


TABLE = (
    'print_table(("ID", "STATUS", "URL"), [("x" * 20, pill("failed"), "http://a-long.example/")]'
)


@pytest.mark.parametrize(
    ("columns", "row"),
    [
        (80, "xxxxxxxxxxxxxxxxxxxx  failed  http://a-long.example/"),
        (45, "xxxxxxxxxxxxxxxxxxxx  failed  http://a-long.…"),
        (35, "xxxxxxxxxxxxxxxxxxxx  failed"),
        (25, "xxxxxxxxxxxxxxxxxxxx"),
        (10, "xxxxxxxxx…"),
    ],
)
def test_what_a_terminal_is_too_narrow_for_is_left_out_from_the_right(
    columns: int, row: str
) -> None:
    assert on_a_terminal(columns, f"{TABLE})", NO_COLOR="1")[1:] == [row]


def test_a_table_of_prose_is_folded_in_its_last_column() -> None:
    program = 'print_table(("A", "B"), [("x", "one two three")], fold=True)'
    assert on_a_terminal(12, program, NO_COLOR="1")[1:] == ["x  one two", "   three"]


def test_a_terminal_gets_colour_unless_it_is_asked_not_to() -> None:
    assert "\x1b[31mfailed" in on_a_terminal(80, f"{TABLE})")[1]
    assert "\x1b" not in "".join(on_a_terminal(80, f"{TABLE})", NO_COLOR="1"))


def test_in_a_pipe_no_line_of_a_table_ends_in_blanks() -> None:
    rows = [("a", "long enough"), ("b", "")]
    said = printed(lambda: output.print_table(("NAME", "LAST"), rows))
    assert said == "NAME  LAST\na     long enough\nb\n"
