"""`load`: signed events at a rate, or as fast as a receiver answers."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pivotal_sandbox.cli.options import a_rate, allow_host_option, catalog_option, duration_option
from pivotal_sandbox.cli.output import json_option, not_so, note, print_json

if TYPE_CHECKING:
    from pivotal_sandbox.load.stats import LoadStats


@click.command()
@click.argument("url")
@click.option(
    "--rate",
    metavar="N/s",
    callback=a_rate,
    help="So many in which time: 200/s, 30/m or 1000/h; without it, as fast as answers come.",
)
@duration_option("30s", "How long to send.")
@click.option(
    "--secret",
    envvar="PIVOTAL_WEBHOOK_SECRET",
    show_envvar=True,
    metavar="SECRET",
    help="What the receiver verifies with; made up, and shown, if not given.",
)
@click.option(
    "--connections",
    type=click.IntRange(1, 1024),
    default=32,
    show_default=True,
    metavar="N",
    help="At most so many requests are in flight.",
)
@catalog_option
@click.option(
    "--html",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write a page with plots there, too.",
)
@allow_host_option("Send beyond loopback: a name, an address, a network or *; repeatable.")
@json_option
def load(
    url: str,
    rate: float | None,
    duration: int,
    secret: str | None,
    connections: int,
    catalog: Path | None,
    html: Path | None,
    allow_hosts: tuple[str, ...],
    as_json: bool,
) -> None:
    """Put a receiver under a load of signed events.

    At a rate, each request has a due time that was fixed before, and its latency counts from then:
    a receiver that stalls cannot hide what waits meanwhile. Each event is new: its id, its
    signature. Exit code 1 if not all were delivered.

    \b
    pivotal-sandbox load http://127.0.0.1:8000/webhooks/pivotal --rate 200/s --secret whsec_...
    """
    from pivotal_sandbox.load import report as reports
    from pivotal_sandbox.load.runner import Load
    from pivotal_sandbox.load.workers import send

    if html is not None and not os.access(html.absolute().parent, os.W_OK):
        raise click.BadParameter(
            f"{html.parent} is no folder that can be written to.", param_hint="--html"
        )
    if secret is None:
        from pivotal_sandbox.cli.direct_trigger import generate_secret

        secret = generate_secret()
    wish = Load(url, secret, rate, duration, connections, allow_hosts, catalog)
    with _progress(duration) as tell:
        report = send(wish, tell)
    if as_json:
        print_json(reports.as_json(report))
    else:
        click.echo(reports.as_text(report).encode("utf-8"))
    if html is not None:
        from pivotal_sandbox.load.report_html import render_html

        html.write_text(render_html(report), "utf-8")
        note(f"The page is in {html}.")
    if not report.ok:
        not_so()


@contextmanager
def _progress(duration: int) -> "Iterator[Callable[[LoadStats], None]]":
    """Show at a terminal how far it is, and nowhere else."""
    if not sys.stderr.isatty():
        yield lambda tally: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("connecting", total=duration)

        def tell(tally: "LoadStats") -> None:
            fates = tally.fates()
            spent = (max(tally.slices, default=0) + 1) * tally.slice_ms
            told = f"{len(tally):,} sent"
            if missed := len(tally) - fates["delivered"]:
                told += f", {missed:,} not delivered"
            bar.update(task, completed=min(spent, duration), description=told)

        yield tell
