"""What commands print: data on stdout, the rest on stderr. Rich is loaded when first used."""

import json
import os
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import click

from pivotal_sandbox.common.durations import format_elapsed
from pivotal_sandbox.common.http_status import is_success
from pivotal_sandbox.common.text import printable as printable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

WIDEST = 10_000  # a pipe has no width: nothing is wrapped or cut there
GAP = 2  # columns between two columns of a table
LEAST = 12  # what the last column of a table is worth showing in

STYLES = {
    "pending": "yellow",
    "retrying": "yellow",
    "delivered": "green",
    "failed": "red",
    "cancelled": "bright_black",
}

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def print_json(value: Any) -> None:
    """Print one line of JSON in UTF-8, whatever the terminal's encoding."""
    line = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    # A lone surrogate has no UTF-8 form; written as \\udxxx it is what JSON calls it.
    click.echo(line.encode("utf-8", "backslashreplace"))


def note(text: str) -> None:
    """Say something that is not data."""
    click.echo(printable(text), err=True)


def not_so() -> NoReturn:
    """End with exit code 1: what was asked about is not so."""
    raise click.exceptions.Exit(1)


def console() -> "Console":
    """Return a console on stdout that colours for terminals only."""
    from rich.console import Console

    return Console(
        width=None if sys.stdout.isatty() else WIDEST,
        color_system=None if os.environ.get("NO_COLOR") else "auto",
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=True,
    )


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence["Text | str"]], *, fold: bool = False
) -> None:
    """Print rows under their columns, the most important first.

    What a terminal is too narrow for is folded in the last column, or left out from the right.
    """
    from rich.cells import cell_len
    from rich.table import Table

    out = console()
    cells = [[printable(c) if isinstance(c, str) else c for c in row] for row in rows]
    widths = [max(cell_len(str(c)) for c in column) for column in zip(columns, *cells, strict=True)]
    shown, room = len(columns), out.width
    while not fold and shown > 1 and sum(widths[: shown - 1]) + GAP * (shown - 1) + LEAST > room:
        shown -= 1
    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="dim")
    for column in columns[: shown - 1]:
        table.add_column(column, no_wrap=True)
    rest = room - sum(widths[: shown - 1]) - GAP * (shown - 1)
    table.add_column(columns[shown - 1], no_wrap=not fold, overflow="ellipsis", max_width=rest)
    for row in cells:
        table.add_row(*row[:shown])
    if out.is_terminal:
        out.print(table)
        return
    with out.capture() as printed:
        out.print(table)
    for line in printed.get().splitlines():
        click.echo(line.rstrip())  # nobody sees where a column ends


def print_facts(facts: Iterable[tuple[str, object]]) -> None:
    """Print what is known of one thing: a name and a value each, if there is a value."""
    for name, value in facts:
        if value:
            click.echo(f"{click.style(f'{name:<10}', dim=True)}{printable(str(value))}")


def print_headers(mark: str, headers: Iterable[Sequence[str]]) -> None:
    """Print the headers of a message; `mark` says of which way it went."""
    for name, value in headers:
        click.echo(f"{mark}{click.style(printable(name), dim=True)}: {printable(value)}")


def pretty(text: str) -> "Text | str":
    """Return a body for reading: JSON indented and coloured, anything else as it is."""
    try:
        value = json.loads(text)
    except ValueError:
        return printable(text)
    from rich.highlighter import JSONHighlighter
    from rich.text import Text

    indented = Text(printable(json.dumps(value, ensure_ascii=False, indent=2)))
    JSONHighlighter().highlight(indented)
    return indented


def pill(status: str) -> "Text":
    """Return a delivery's status, coloured."""
    from rich.text import Text

    return Text(status, style=STYLES.get(status, ""))


def code_of(status_code: int | None, error: str | None = None) -> "Text":
    """Return a status code or an error code, coloured by what it means for a delivery."""
    from rich.text import Text

    if status_code is None:
        return Text(error or "-", style="red" if error else "bright_black")
    return Text(str(status_code), style="green" if is_success(status_code) else "red")


def milliseconds(ms: float | None) -> str:
    """Return a duration for reading: "8 ms", "1.24 s"."""
    if ms is None:
        return "-"
    if ms < 9.95:
        return f"{ms:.1f} ms"
    return format_elapsed(ms)


def moment(text: str | None) -> str:
    """Return an RFC 3339 time for reading: UTC, to the second."""
    return text.replace("T", " ")[:19] if text else "-"
