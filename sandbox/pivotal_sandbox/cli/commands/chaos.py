"""`chaos`: what goes wrong by chance in a running sandbox."""

import click

from pivotal_sandbox.cli.client import Client, Json
from pivotal_sandbox.cli.output import json_option, note, print_json, print_table
from pivotal_sandbox.common.durations import format_duration


@click.group()
def chaos() -> None:
    """Let things go wrong by chance, and see what does."""


@chaos.command()
@json_option
def show(as_json: bool) -> None:
    """Print what goes wrong, and how often."""
    _print(Client().get("chaos"), as_json)


@chaos.command("set")
@click.argument("spec")
@json_option
def set_(spec: str, as_json: bool) -> None:
    """Let things go wrong as SPEC has it, from now on; "" ends it.

    SPEC is a list of NAME=RATE with commas between. The names are 5xx, timeout, delay and those of
    the faults: docs/faults.md has them all.

    \b
    pivotal-sandbox chaos set 5xx=10%,timeout=2%
    pivotal-sandbox chaos set delay=200ms..2s,duplicate=5%
    pivotal-sandbox chaos set delay=1s..5s@20%
    pivotal-sandbox chaos set ""
    """
    _print(Client().call("PUT", "chaos", body={"spec": spec}), as_json)


def _print(answer: Json, as_json: bool) -> None:
    if as_json:
        print_json(answer)
        return
    if not answer["rules"]:
        note("Nothing goes wrong by chance.")
        return
    print_table(("NAME", "RATE", "WHAT"), [_row(rule) for rule in answer["rules"]])


def _row(rule: Json) -> tuple[str, str, str]:
    rate = f"{rule['rate'] * 100:g}%"
    if rule["from_ms"] is not None:
        span = f"{format_duration(rule['from_ms'])}..{format_duration(rule['to_ms'])}"
        rate = f"{span}@{rate}"
    return rule["name"], rate, rule["help"]
