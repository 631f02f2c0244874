"""`demo`: a story of two minutes, told in a sandbox that one can look into meanwhile."""

from typing import TYPE_CHECKING

import click

from pivotal_sandbox.cli.output import console, not_so, note
from pivotal_sandbox.cli.signals import run_until_stopped
from pivotal_sandbox.clock import sleep
from pivotal_sandbox.common.durations import DAY

if TYPE_CHECKING:
    from pivotal_sandbox.scenarios.parser import Scenario
    from pivotal_sandbox.scenarios.transcript import Entry, Summary

STORY = "demo"

# How long one looks at what was printed, in ms: at speed 1 the whole takes two minutes.
READ_MS = 1_800
READ_EACH_MS = 52  # character of a sentence
STEP_MS = 700
ATTEMPT_MS = 700
JUDGED_MS = 1_500

_BAR = 24  # columns for the 24 hours of retries
_BEFORE_BAR = 72
_LEAST_BAR = 8
PROSE = 78  # columns


@click.command()
@click.option(
    "--speed",
    type=click.FloatRange(0.1, 100_000),
    default=1.0,
    show_default=True,
    metavar="N",
    help="Tell it N times as fast: at 1 it takes two minutes, at 1000 a moment.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    show_default=True,
    help="Where the inspector listens meanwhile; 0 picks a free one.",
)
def demo(speed: float, port: int) -> None:
    """Watch two minutes of it: events, an outage, retries, a replay.

    A sandbox in memory runs meanwhile, at the address that is printed: open it, and see the
    same in the inspector. Nothing is asked, and nothing stays. It is `scenario show demo`, told
    slowly.
    """
    from pivotal_sandbox.scenarios.library import load_scenario

    story = load_scenario(STORY)
    summary = run_until_stopped(_narration(story, speed, port))
    if summary is None:
        note("Stopped.")
        return
    _ending()
    if not summary.ok:  # somebody took part, by way of the inspector
        not_so()


async def _narration(story: "Scenario", speed: float, port: int) -> "Summary":
    from pivotal_sandbox.scenarios.environment import scenario_clock
    from pivotal_sandbox.scenarios.runner import ScenarioRunner
    from pivotal_sandbox.web.server import Settings, serve_empty

    show = _Show(speed)
    settings = Settings(port=port, seed=story.seed, grace_s=0.2)
    clock = scenario_clock(story)
    async with serve_empty(settings, clock=clock, sign_time="sandbox") as (sandbox, _):
        await show.opening(story.title, sandbox.base_url)
        return await ScenarioRunner(story, sandbox, show.tell).run()


class _Show:
    """Prints what is told, and leaves time to read it."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._console = console()

    async def opening(self, title: str, url: str) -> None:
        """Say what this is, and where to look."""
        out = self._console
        look = f"Look into it while it runs: {url}"
        if out.is_terminal:
            from rich.panel import Panel
            from rich.text import Text

            text = Text.assemble(
                (f"{title}\n\n", "bold"),
                "A sender, a receiver and their clock, on this machine, in memory.\n",
                "Look into it while it runs: ",
                (url, "cyan underline"),
            )
            out.print(Panel(text, border_style="cyan", padding=(1, 3), width=min(out.width, PROSE)))
        else:
            click.echo(f"{title}\n{look}")
        await self._pause(READ_MS + READ_EACH_MS * len(look))

    async def tell(self, entry: "Entry") -> None:
        """Print an entry; what is not for the reader of a story is left out."""
        from pivotal_sandbox.cli.scenario_output import lines_of
        from pivotal_sandbox.scenarios.transcript import AttemptMade, ExpectationChecked, Narration

        lines = lines_of(entry, f"{STORY}.toml")
        if isinstance(entry, Narration) and self._console.is_terminal:
            self._narrate(entry.text)
        else:
            for line in lines:
                click.echo(line + self._day(entry, len(click.unstyle(line))))
        if isinstance(entry, Narration):
            await self._pause(READ_MS + READ_EACH_MS * len(entry.text))
        elif isinstance(entry, AttemptMade):
            await self._pause(ATTEMPT_MS)
        elif lines:
            await self._pause(JUDGED_MS if isinstance(entry, ExpectationChecked) else STEP_MS)

    def _narrate(self, text: str) -> None:
        from rich.padding import Padding
        from rich.text import Text

        out = self._console
        out.print()
        # Not soft-wrapped: it is prose, and is read in lines of a book's length.
        out.print(
            Padding(Text(text, style="bold"), (0, 0, 0, 2)),
            width=min(out.width, PROSE),
            soft_wrap=False,
        )
        out.print()

    def _day(self, entry: "Entry", width: int) -> str:
        """Return where in the 24 hours of its retries an attempt lies: a bar, where it has room."""
        from pivotal_sandbox.scenarios.transcript import AttemptMade

        if not isinstance(entry, AttemptMade) or not self._console.is_terminal:
            return ""
        bar = min(_BAR, self._console.width - _BEFORE_BAR - 1)
        delivery, attempt = entry.attempted.delivery, entry.attempted.attempt
        is_retry = delivery.first_failed_at is not None and attempt.number > 1
        if not is_retry or bar < _LEAST_BAR or width > _BEFORE_BAR:
            return ""
        gone = round(bar * (attempt.started_at - (delivery.first_failed_at or 0)) / DAY)
        done = click.style("━" * gone, fg="yellow")
        return f"{' ' * (_BEFORE_BAR - width)}{done}{click.style('─' * (bar - gone), dim=True)}"

    async def _pause(self, milliseconds: float) -> None:
        if milliseconds >= self._speed:  # what is shorter than 1 ms is none
            await sleep(milliseconds / self._speed)


def _ending() -> None:
    """Print what to try next."""
    from pivotal_sandbox.cli.commands.up import program

    command = program()
    steps = (
        (f"{command} up", "run it yourself, with the inspector"),
        (f"{command} trigger customer.at_risk --wait", "send an event, and see what became of it"),
        (f"{command} scenario list", "more stories, and your own"),
        (f"{command} check URL", "throw genuine and hostile requests at your receiver"),
    )
    width = max(len(step) for step, _ in steps)
    click.echo("\nTo try next:")
    for step, what in steps:
        click.echo(f"  {click.style(f'{step:<{width}}', fg='cyan')}  {click.style(what, dim=True)}")
