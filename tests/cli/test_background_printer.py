import os
import subprocess
import sys

PROGRAM = """
import sys, click
from pivotal_sandbox.cli.background_printer import BackgroundPrinter

with click.Context(click.Command("up")) as ctx:
    ctx.color = {color}
    printer = BackgroundPrinter(lambda n: click.style(f"line {{n}}", fg="red"))
    for n in range({count}):
        printer.add(n)
    {start}
    printer.close()
print("end", file=sys.stderr)
"""


def run_printer(
    count: int, *, start: str = "printer.start()", color: bool | None = None
) -> subprocess.Popen[bytes]:
    program = PROGRAM.format(count=count, start=start, color=color)
    return subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def test_lines_come_in_order_and_are_plain_in_a_pipe() -> None:
    out, err = run_printer(3).communicate(timeout=30)
    assert out == b"line 0\nline 1\nline 2\n"
    assert err == b"end\n"


def test_lines_are_styled_where_that_is_asked_for() -> None:
    out, _ = run_printer(1, color=True).communicate(timeout=30)
    assert out == b"\x1b[31mline 0\x1b[0m\n"


def test_what_nobody_could_have_read_is_counted() -> None:
    out, err = run_printer(1005).communicate(timeout=30)
    assert out.splitlines()[-1] == b"line 999"
    assert err.splitlines()[0].startswith(b"5 lines were left out")


def test_one_that_was_never_started_says_nothing_and_ends() -> None:
    out, err = run_printer(3, start="pass").communicate(timeout=30)
    assert (out, err) == (b"", b"end\n")


def test_a_reader_who_left_ends_nothing_but_the_lines() -> None:
    process = run_printer(3, start="printer.start()")
    assert process.stdout is not None
    process.stdout.close()
    process.stdout = None
    _, err = process.communicate(timeout=30)
    assert err == b"end\n"
    assert process.returncode == 0


def test_a_reader_who_stops_reading_does_not_hold_up_the_end() -> None:
    read, write = os.pipe()
    try:
        program = PROGRAM.format(count=900, start="printer.start()", color=None).replace(
            "line {n}", "line {n}" + "x" * 1000
        )
        said = subprocess.run(
            [sys.executable, "-c", program], stdout=write, stderr=subprocess.PIPE, timeout=30
        )
    finally:
        os.close(read)
        os.close(write)
    assert said.returncode == 0
    assert said.stderr == b"end\n"
