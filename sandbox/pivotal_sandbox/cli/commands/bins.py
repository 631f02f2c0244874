"""`bins`: how the capture receiver of a running sandbox answers."""

from typing import Any

import click

from pivotal_sandbox.cli.client import Client, Json
from pivotal_sandbox.cli.output import json_option, print_facts, print_json, print_table

_WORDS = {"hang": {"hang": True}, "reset": {"reset": True}}


@click.group()
def bins() -> None:
    """Say how the bins at /in/NAME answer, and what they verify with."""


@bins.command()
@click.argument("name")
@json_option
def show(name: str, as_json: bool) -> None:
    """Print how a bin behaves."""
    _print(Client().get("bins", name), as_json)


@bins.command("set")
@click.argument("name")
@click.option(
    "--status",
    "statuses",
    type=int,
    multiple=True,
    metavar="N",
    help="Answer with it; given again, the next request's answer. The last one repeats.",
)
@click.option("--delay", metavar="D", help="Answer each --status so much later.")
@click.option("--hang", is_flag=True, help="Never answer.")
@click.option("--reset", is_flag=True, help="Reset the connection.")
@click.option(
    "--step",
    "steps",
    multiple=True,
    metavar="STEP",
    help="A status, hang, reset, or an object with status, delay, headers, body; repeatable.",
)
@click.option("--forward-to", metavar="URL", help="Pass requests on, and answer what comes back.")
@click.option("--secret", metavar="TEXT", help="Verify with it; by default with the endpoints'.")
@json_option
def set_(
    name: str,
    statuses: tuple[int, ...],
    delay: str | None,
    hang: bool,
    reset: bool,
    steps: tuple[str, ...],
    forward_to: str | None,
    secret: str | None,
    as_json: bool,
) -> None:
    """Say how a bin behaves from its next request on.

    What is not given goes back to its default: 200 at once, nothing passed on.

    \b
    pivotal-sandbox bins set demo --status 500 --status 500 --status 200
    pivotal-sandbox bins set demo --step 503 --step hang --step '{"status": 200, "delay": "2s"}'
    pivotal-sandbox bins set demo
    """
    if sum(map(bool, (statuses or delay, hang, reset, steps))) > 1:
        raise click.UsageError(
            "--status, --hang, --reset and --step do not mix: --step takes all, in their order, "
            "as in --step 500 --step hang."
        )
    body = {
        "behaviour": _behaviour(statuses, delay, hang, reset, steps),
        "forward_to": forward_to,
        "secret": secret,
    }
    _print(Client().call("PUT", "bins", name, body=body), as_json)


def _behaviour(
    statuses: tuple[int, ...], delay: str | None, hang: bool, reset: bool, steps: tuple[str, ...]
) -> list[Any]:
    """Return the steps as the API takes them."""
    if steps:
        return [_step(step) for step in steps]
    if hang or reset:
        return [_WORDS["hang" if hang else "reset"]]
    return [{"status": status, "delay": delay or "0s"} for status in statuses or (200,)]


def _step(text: str) -> Any:
    from pivotal_sandbox.common.json_values import parse_value

    return _WORDS.get(text) or parse_value(text)


def _print(found: Json, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    facts = (
        ("bin", found["name"]),
        ("captures", found["url"]),
        ("passes to", found["forward_to"]),
        ("secret", found["secret"]),
    )
    print_facts(facts)
    if found["forward_to"]:
        return
    click.echo()
    print_table(
        ("REQUEST", "ANSWER", "AFTER", "HEADERS", "BODY"),
        [
            (_which(number, len(found["behaviour"])), *_answer(step))
            for number, step in enumerate(found["behaviour"], 1)
        ],
    )


def _which(number: int, count: int) -> str:
    if number < count:
        return str(number)
    return f"{number} and on" if count > 1 else "every"


def _answer(step: Json) -> tuple[str, ...]:
    for word, meaning in (("hang", "none: it hangs"), ("reset", "none: it resets")):
        if word in step:
            return meaning, "", "", ""
    headers = ", ".join(f"{name}: {value}" for name, value in step["headers"].items())
    return str(step["status"]), step["delay"], headers, step["body"]
