"""`clock`: the time that a running sandbox lives in."""

from math import isfinite
from typing import Any

import click

from pivotal_sandbox.cli.attempt_output import attempt_line
from pivotal_sandbox.cli.client import Client
from pivotal_sandbox.cli.output import json_option, moment, note, print_json
from pivotal_sandbox.common.text import format_count


@click.group()
def clock() -> None:
    """Show the sandbox's time, and move it."""


@clock.command()
@json_option
def show(as_json: bool) -> None:
    """Print the time, how fast it runs, and when the next attempt is due."""
    _print(Client().get("clock"), as_json)


@clock.command()
@click.argument("duration")
@json_option
def advance(duration: str, as_json: bool) -> None:
    """Move time forward by DURATION, and make every attempt that falls due.

    A duration is whole numbers with their units: 30s, 5m, 24h, 2d, 23h59m.
    """
    answer = Client().call("POST", "clock", body={"advance": duration}, wait_s=None)
    if as_json:
        print_json(answer)
        return
    for attempt in answer["attempts"]:
        click.echo(attempt_line(attempt["delivery"], attempt))
    note(f"{format_count(len(answer['attempts']), 'attempt')} made; it is {_now(answer)}.")


@clock.command()
@click.argument("factor", type=float, metavar="N")
@json_option
def speed(factor: float, as_json: bool) -> None:
    """Let time run N times as fast as the wall clock; 0 stops it."""
    if not isfinite(factor):  # JSON has no such number
        raise click.BadParameter("The speed is from 0 (manual) to 1000000.", param_hint="N")
    _print(Client().call("POST", "clock", body={"speed": factor}), as_json)


def _print(answer: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(answer)
        return
    speed = answer["speed"]
    pace = {0: "stands still", 1: "runs as on the wall"}.get(speed, f"runs {speed:g} times as fast")
    due = answer["next_attempt_at"]
    click.echo(f"It is {_now(answer)}, and time {pace}.")
    click.echo(f"The next attempt is due at {moment(due)} UTC." if due else "No attempt is due.")


def _now(answer: dict[str, Any]) -> str:
    return f"{moment(answer['now'])} UTC"
