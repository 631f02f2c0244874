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


def listed(client: Client, *path: str, query: Query, limit: int, everything: bool) -> list[Json]:
    """Return the newest items of a list: so many, or all of them."""
    size = _LONGEST_PAGE if everything else min(limit, _LONGEST_PAGE)
    found = client.all(*path, query={**query, "limit": size})
    return list(found if everything else islice(found, limit))


def print_listed(
    rows: list[Json],
    noun: str,
    show: Callable[[list[Json]], None],
    *,
    as_json: bool,
    nothing: str | None = None,
) -> None:
    """Print what was listed: as JSON, or by `show` with how many there are."""
    if as_json:
        print_json({"items": rows})
        return
    if rows:
        show(rows)
    note(f"{format_count(len(rows), noun)}." if rows else nothing or f"No {noun} matches.")
