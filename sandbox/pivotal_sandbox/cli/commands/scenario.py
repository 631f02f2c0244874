"""`scenario`: stories from files, told in a sandbox of their own."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pivotal_sandbox.cli.options import allow_host_option, catalog_option
from pivotal_sandbox.cli.output import json_option, not_so, note, print_json, print_table
from pivotal_sandbox.errors import InputError

if TYPE_CHECKING:
    from pivotal_sandbox.scenarios.parser import Scenario
    from pivotal_sandbox.scenarios.transcript import Entry


def names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Complete the name of a story that is shipped."""
    from pivotal_sandbox.scenarios.library import scenario_names

    return [name for name in scenario_names() if name.startswith(incomplete)]


STDIN = "-"

story_argument = click.argument("story", metavar="NAME|FILE", shell_complete=names)


@click.group()
def scenario() -> None:
    """Tell stories from files, and see whether what they expect holds.

    A story is TOML: records, changes, faults, waits, outages, expectations. docs/scenarios.md
    describes it.
    """


@scenario.command("list")
@json_option
def list_(as_json: bool) -> None:
    """Print the stories that are shipped."""
    from pivotal_sandbox.scenarios.library import load_scenario, scenario_names

    stories = [load_scenario(name) for name in scenario_names()]
    if as_json:
        for story in stories:
            shown = {"name": story.name, "title": story.title, "description": story.description}
            print_json({**shown, "steps": len(story.steps)})
    else:
        rows = [(story.name, str(len(story.steps)), story.title) for story in stories]
        print_table(("SCENARIO", "STEPS", "TITLE"), rows, fold=True)


@scenario.command()
@story_argument
def show(story: str) -> None:
    """Print the file of a story, to copy and change."""
    from pivotal_sandbox.scenarios.library import load_scenario

    click.echo(load_scenario(story).text.encode(), nl=False)


@scenario.command()
@click.argument("story", metavar="NAME|FILE|-", shell_complete=names)
@click.option("--to", metavar="URL", help="Your receiver, in place of the story's bins.")
@click.option(
    "--secret",
    envvar="PIVOTAL_WEBHOOK_SECRET",
    show_envvar=True,
    help="With --to: what to sign with; by default a new secret, which is shown.",
)
@allow_host_option("Send beyond loopback: a name, an address, a network or *; repeatable.")
@click.option("--seed", type=int, metavar="N", help="Other records and ids than the file's.")
@catalog_option
@json_option
@click.pass_context
def run(
    ctx: click.Context,
    story: str,
    to: str | None,
    secret: str | None,
    allow_hosts: tuple[str, ...],
    seed: int | None,
    catalog: Path | None,
    as_json: bool,
) -> None:
    """Tell a story, by name or from a file of yours, and judge what it expects.

    It needs no running sandbox, and no time: its clock stands still but for the story. With --to it
    is told to your receiver; what rests on how the bins behave is then skipped. Exit code 1 where
    an expectation fails.

    \b
    pivotal-sandbox scenario run receiver-outage
    pivotal-sandbox scenario run mine.toml --to http://127.0.0.1:8000/webhooks/pivotal
    """
    from dataclasses import replace

    from pivotal_sandbox.domain.catalog_loader import load_catalog
    from pivotal_sandbox.scenarios.library import load_scenario
    from pivotal_sandbox.scenarios.parser import parse_scenario

    events = load_catalog(catalog)
    if story == STDIN:
        found = parse_scenario(_typed(), "stdin", events, file="stdin")
    else:
        found = load_scenario(story, events)
    if seed is not None:
        found = replace(found, seed=seed)
    if to is None and ctx.get_parameter_source("secret") is click.core.ParameterSource.COMMANDLINE:
        raise click.UsageError("--secret goes with --to; the endpoints of a story have their own.")
    from pivotal_sandbox.cli.scenario_output import Transcript, json_of
    from pivotal_sandbox.cli.signals import run_until_stopped
    from pivotal_sandbox.scenarios.environment import run_scenario
    from pivotal_sandbox.scenarios.executor import Receiver

    transcript, receiver = Transcript(found.file), None
    if to is not None:
        from pivotal_sandbox.cli.direct_trigger import generate_secret
        from pivotal_sandbox.common.urls import parse_url

        parse_url(to)
        receiver = Receiver(to, secret or generate_secret())

    async def tell(entry: "Entry") -> None:
        if as_json:
            print_json(json_of(entry))
            return
        for line in transcript.add(entry):
            click.echo(line)

    if not as_json:
        click.echo(_head(found))
    summary = run_until_stopped(
        run_scenario(found, tell, receiver=receiver, allow_hosts=allow_hosts, catalog=catalog)
    )
    for line in transcript.rest():
        click.echo(line)
    if summary is None:
        note("Stopped before the end of the story.")
    if summary is None or not summary.ok:
        not_so()


def _typed() -> str:
    """Return what comes on stdin."""
    try:
        return sys.stdin.buffer.read().decode()
    except UnicodeDecodeError:
        raise InputError("What came on stdin is no UTF-8.") from None


def _head(story: "Scenario") -> str:
    from textwrap import fill

    about = fill(" ".join(story.description.split()), width=96)
    return "\n".join(filter(None, (click.style(story.title, bold=True), about))) + "\n"
