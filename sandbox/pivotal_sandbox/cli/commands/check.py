"""`check`: the battery against a receiver."""

import os
import shutil
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pivotal_sandbox.cli.check_output import print_findings, print_list, print_requests
from pivotal_sandbox.cli.options import allow_host_option
from pivotal_sandbox.cli.output import json_option, not_so, note

if TYPE_CHECKING:
    from pivotal_sandbox.check.model import Report, Result
    from pivotal_sandbox.check.options import CheckOptions
    from pivotal_sandbox.check.probe import Probe

FORMATS = ("text", "json", "junit", "sarif", "html")
WIDTH = 100


def _ids(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Complete the id of a check, or the name of a group."""
    from pivotal_sandbox.check.registry import CASES, GROUPS

    names = [*GROUPS, *(case.id for case in CASES)]
    return [name for name in names if name.startswith(incomplete)]


def _seconds(ctx: click.Context, param: click.Parameter, text: str) -> float:
    from pivotal_sandbox.common.durations import parse_duration

    return parse_duration(text) / 1000


@click.command()
@click.argument("url", required=False)
@click.option(
    "--secret",
    envvar="PIVOTAL_WEBHOOK_SECRET",
    show_envvar=True,
    metavar="SECRET",
    help="What the receiver verifies with; made up for what --start starts.",
)
@click.option(
    "--start",
    metavar="CMD",
    help="Start the receiver by this shell command, with PORT, PIVOTAL_WEBHOOK_SECRET and "
    "PIVOTAL_PROBE_FILE in its environment, and end it afterwards. With a probe it is killed once "
    "and started again, to see whether what it acknowledged is kept.",
)
@click.option("--probe-url", metavar="URL", help="Ask this, with {id} in it, how often.")
@click.option("--probe-cmd", metavar="CMD", help="Run this, with {id} in it, to see how often.")
@click.option(
    "--probe-file",
    type=click.Path(dir_okay=False, resolve_path=True, path_type=Path),
    help="Count the lines with the id in this file of JSON Lines.",
)
@click.option(
    "--only",
    multiple=True,
    metavar="ID",
    shell_complete=_ids,
    help="Run this check or group only; repeatable.",
)
@click.option(
    "--skip",
    multiple=True,
    metavar="ID",
    shell_complete=_ids,
    help="Leave this check or group out; repeatable.",
)
@click.option("--list", "listing", is_flag=True, help="List the checks, and run none.")
@click.option(
    "--replay",
    metavar="ID",
    shell_complete=_ids,
    help="Print the requests of this check as curl commands, and run none; with --output, write "
    "their bytes to that folder.",
)
@click.option(
    "--lint",
    "lint_paths",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    help="Look for unsafe comparison and re-serialisation in this Python source; repeatable.",
)
@click.option("--seed", type=int, metavar="N", help="Draw the same as another run did.")
@click.option("--pace", type=float, metavar="N", help="Send at most N requests per second.")
@click.option(
    "--timeout",
    default="10s",
    show_default=True,
    metavar="D",
    callback=_seconds,
    help="What Pivotal waits for an answer.",
)
@click.option(
    "--max-skew",
    default="5m",
    show_default=True,
    metavar="D",
    callback=_seconds,
    help="How wrong the receiver lets a clock be; 0s for not at all.",
)
@click.option("--previous-secret", metavar="SECRET", help="Still good: it was just rotated.")
@click.option("--revoked-secret", metavar="SECRET", help="No longer good.")
@click.option(
    "--verifies-async",
    is_flag=True,
    help="The receiver acknowledges first and verifies later; needs a probe.",
)
@allow_host_option("Send beyond loopback: a name, an address, a network or *; repeatable.")
@click.option(
    "--format",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="The form of the report.",
)
@click.option("--output", type=click.Path(path_type=Path), help="Write there, in place of stdout.")
@json_option
def check(
    url: str | None,
    secret: str | None,
    start: str | None,
    probe_url: str | None,
    probe_cmd: str | None,
    probe_file: Path | None,
    only: tuple[str, ...],
    skip: tuple[str, ...],
    listing: bool,
    replay: str | None,
    lint_paths: tuple[Path, ...],
    format: str,
    output: Path | None,
    as_json: bool,
    seed: int | None,
    pace: float | None,
    timeout: float,
    max_skew: float,
    previous_secret: str | None,
    revoked_secret: str | None,
    verifies_async: bool,
    allow_hosts: tuple[str, ...],
) -> None:
    """Throw genuine and hostile requests at a receiver, and grade it.

    F can be forged, D refuses genuine events, C does things twice, B has lesser findings or no
    probe, A is clean. A probe shows what the receiver did: without one, no A.
    """
    format = "json" if as_json else format
    if listing:
        print_list(only, skip, as_json=format == "json")
    elif lint_paths:
        if url is not None:
            raise click.UsageError(
                "--lint reads source and asks no receiver: leave the URL out, and check it by a "
                "command of its own."
            )
        if print_findings(lint_paths, as_json=format == "json"):
            not_so()
    elif url is None:
        raise click.UsageError("Missing argument 'URL': where the receiver takes its events.")
    else:
        secret = secret or (_new_secret() if start and not replay else None)
        if secret is None:
            raise click.UsageError(
                "Which secret does the receiver verify with? Give --secret, or set "
                "PIVOTAL_WEBHOOK_SECRET."
            )
        # Imported here so that the help does not load the battery.
        from pivotal_sandbox.check.options import CheckOptions

        options = CheckOptions(
            only=only,
            skip=skip,
            seed=seed,
            pace=pace,
            timeout=timeout,
            max_skew=int(max_skew),
            previous_secret=previous_secret,
            revoked_secret=revoked_secret,
            verifies_async=verifies_async,
            allow_host=allow_hosts,
        )
        if replay:
            print_requests(url, secret, replay, output, options)
            return
        probe = _probe(probe_url, probe_cmd, probe_file, allow_hosts)
        report = _run(url, secret, options, start=start, probe=probe, probe_file=probe_file)
        _print(report, format, output)
        if not report.passed:
            not_so()


def _run(
    url: str,
    secret: str,
    options: "CheckOptions",
    *,
    start: str | None,
    probe: "Probe | None",
    probe_file: Path | None,
) -> "Report":
    import asyncio

    from pivotal_sandbox.check import runner
    from pivotal_sandbox.check.receiver_process import start_receiver
    from pivotal_sandbox.check.registry import CONTROL, select_checks

    progress = _Progress(len(select_checks(options.only, options.skip)))
    printed = ""

    async def run() -> "Report":
        async with AsyncExitStack() as stack:
            receiver = None
            if start:
                receiver = await stack.enter_async_context(
                    start_receiver(start, url, secret, probe_file=probe_file)
                )

            def add(result: "Result") -> None:
                nonlocal printed
                progress.add(result)
                # What matters is what it printed then, not what all that follows makes of it.
                if receiver and result.id in (CONTROL, "still-alive") and not printed:
                    went_wrong = result.outcome in ("failed", "error")
                    printed = receiver.output() if went_wrong else ""

            report = await runner.check(
                url,
                secret,
                options,
                probe=probe,
                restart=receiver.restart if receiver else None,
                on_result=add,
            )
            if printed:
                note(f"The receiver printed:\n{printed}\n")
            return report

    try:
        return asyncio.run(run())
    finally:
        progress.end()


def _probe(
    url: str | None, command: str | None, file: Path | None, allow_hosts: tuple[str, ...]
) -> "Probe | None":
    from pivotal_sandbox.check.probe import ProbeCommand, ProbeFile, ProbeUrl
    from pivotal_sandbox.sender.egress import AddressGuard

    if sum(option is not None for option in (url, command, file)) > 1:
        raise click.UsageError("One probe is enough: --probe-url, --probe-cmd or --probe-file.")
    if url is not None:
        return ProbeUrl(url, AddressGuard(allow_hosts))
    if command is not None:
        return ProbeCommand(command)
    return None if file is None else ProbeFile(file)


def _print(report: "Report", format: str, output: Path | None) -> None:
    from pivotal_sandbox.check.reports import render

    if output is not None:
        output.write_text(render(report, format), "utf-8")
        note(f"Grade {report.grade}. The report is in {output}.")
        return
    terminal = sys.stdout.isatty()
    text = render(
        report,
        format,
        color=terminal and not os.environ.get("NO_COLOR"),
        width=shutil.get_terminal_size().columns if terminal else WIDTH,
    )
    click.echo(text.rstrip("\n").encode("utf-8", "backslashreplace"))


def _new_secret() -> str:
    from random import SystemRandom

    from pivotal_sandbox.common.ids import new_secret

    return new_secret(SystemRandom())


class _Progress:
    """A line at the terminal that counts the checks, and is gone at the end."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._shown = sys.stderr.isatty()

    def add(self, result: "Result") -> None:
        self._done += 1
        if self._shown:
            click.echo(f"\r\x1b[K{self._done} of {self._total}: {result.id}", err=True, nl=False)

    def end(self) -> None:
        if self._shown:
            click.echo("\r\x1b[K", err=True, nl=False)
