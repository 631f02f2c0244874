"""What the commands that list have in common: what to choose, how many, and page after page."""

from collections.abc import Callable
from itertools import islice

import click

from pivotal_sandbox.cli.client import Client, Json, Query
from pivotal_sandbox.cli.options import F, all_of
from pivotal_sandbox.cli.output import note, print_json
from pivotal_sandbox.common.text import format_count

PAGE = 50
_LONGEST_PAGE = 500
_MOST = 1_000_000_000  # more than any log holds


def search_options(where: str) -> Callable[[F], F]:
    """Return the options that choose by time, and by a text that is looked for in `where`."""
    return all_of(
        click.option(
            "--since", metavar="TIME", help="From then on: RFC 3339, or 1h for an hour ago."
        ),
        click.option("--until", metavar="TIME", help="Up to then, given like --since."),
        click.option("-q", metavar="TEXT", help=f"Those with this in {where}."),
    )


page_options = all_of(
    click.option(
        "--limit",
        type=click.IntRange(1),
        default=PAGE,
        show_default=True,
        metavar="N",
        help="At most so many.",
    ),
    click.option("--all", "everything", is_flag=True, help="All of them, instead."),
)


def list_items(
    client: Client, *path: str, query: Query, limit: int, everything: bool = False
) -> tuple[list[Json], bool]:
    """Return the newest items of a list, at most `limit` or all, and whether there are more."""
    if everything:
        return list(client.all(*path, query={**query, "limit": _LONGEST_PAGE})), False
    # One more than asked for tells whether there are more.
    wanted = min(limit, _MOST) + 1
    items = client.all(*path, query={**query, "limit": min(wanted, _LONGEST_PAGE)})
    rows = list(islice(items, wanted))
    return rows[:limit], len(rows) > limit


def print_items(
    rows: list[Json],
    noun: str,
    show: Callable[[list[Json]], None],
    *,
    more: bool,
    as_json: bool,
    nothing: str | None = None,
) -> None:
    """Print the items as JSON, or with `show` and their number; say if there are `more`."""
    if as_json:
        print_json({"items": rows})
        return
    if rows:
        show(rows)
    count = format_count(len(rows), noun)
    if more:
        note(f"{count}, and there are more: --all lists them all, --limit N the newest N.")
    else:
        note(f"{count}." if rows else nothing or f"No {noun} matches.")
