"""`explain`: which mistake makes a wrong signature, offline or of a delivery in a sandbox's log."""

import sys
from dataclasses import dataclass
from typing import Any, BinaryIO

import click

from pivotal_sandbox.cli.client import Client, Json
from pivotal_sandbox.cli.commands.signature import read_body
from pivotal_sandbox.cli.export_source import body_of
from pivotal_sandbox.cli.output import json_option, not_so, note, print_json, printable
from pivotal_sandbox.clock import wall_time
from pivotal_sandbox.common.headers import SIGNATURE_HEADER
from pivotal_sandbox.domain.models import Headers
from pivotal_sandbox.errors import InputError
from pivotal_sandbox.explain.explain import Explanation
from pivotal_sandbox.explain.explain import explain as explained
from pivotal_sandbox.explain.mistakes.mistake import Mistake


@dataclass(frozen=True, slots=True)
class _Sent:
    """What a sandbox knows of a delivery; `others` are the secrets of all its endpoints."""

    body: bytes
    headers: Headers
    secrets: tuple[str, ...]
    others: dict[str, str]


@click.command()
@click.option(
    "--secret",
    "secrets",
    envvar="PIVOTAL_WEBHOOK_SECRET",
    show_envvar=True,
    multiple=True,
    help="The secret to verify with; with --delivery by default the endpoint's. Repeatable.",
)
@click.option("--header", help="The pivotal-signature header's value.")
@click.option(
    "--body",
    type=click.File("rb"),
    metavar="FILE|-",
    help="The raw request body; by default what is piped in, or with --delivery what was sent.",
)
@click.option(
    "--computed",
    metavar="MAC",
    help="What your own code computed, in base64 or hex: the mistake is looked for there.",
)
@click.option(
    "--other-secret",
    "others",
    multiple=True,
    metavar="SECRET",
    help="A secret of another endpoint, of the other mode, or an old one. Repeatable.",
)
@click.option(
    "--delivery",
    metavar="ID",
    help="Take what is not given from this delivery of a running sandbox, and all its secrets.",
)
@click.option(
    "--now",
    type=float,
    metavar="N",
    help="Unix seconds to judge at; default: now, but no time at all for what is kept in a log.",
)
@json_option
def explain(
    secrets: tuple[str, ...],
    header: str | None,
    body: BinaryIO | None,
    computed: str | None,
    others: tuple[str, ...],
    delivery: str | None,
    now: float | None,
    as_json: bool,
) -> None:
    """Name the mistake that makes a wrong signature.

    Exit code 0 if the signature holds, or what your code computed is right; 1 if not, whether a
    mistake is found or none. What would be right is never printed.

    \b
    pivotal-sandbox explain --secret whsec_... --header v1,t=...,sig=... --body body.json
    pivotal-sandbox explain --delivery msg_... --computed "$(cat mac)"
    """
    labelled = {f"--other-secret {place}": secret for place, secret in enumerate(others, start=1)}
    headers: Headers = ()
    if delivery is not None:
        sent = _sent(delivery, secrets)
        headers = sent.headers
        header = dict(headers).get(SIGNATURE_HEADER) if header is None else header
        content = read_body(body) if body else sent.body
        secrets = sent.secrets
        labelled |= sent.others
    elif not secrets or header is None:
        missing = "--header" if secrets else "--secret"
        raise click.UsageError(f"Name what it is about by {missing}, or a delivery by --delivery.")
    else:
        content = read_body(body or sys.stdin.buffer)
        now = wall_time() if now is None and computed is None else now
    told = explained(
        content, header, secrets, now=now, computed=computed, others=labelled, headers=headers
    )
    if as_json:
        print_json(_explanation_text(told))
    else:
        _print(told)
    if not told.ok:
        not_so()


def _sent(delivery: str, secrets: tuple[str, ...]) -> _Sent:
    client = Client()
    found = client.get("deliveries", delivery)
    if not found["attempts"]:
        raise InputError(f"The delivery {delivery} was not tried yet: nothing is signed.")
    request = found["attempts"][-1]["request"]
    ids = [row["id"] for row in client.all("endpoints", query={})]
    endpoints = [client.get("endpoints", id) for id in ids]
    if not secrets and found["endpoint_id"] not in ids:
        raise InputError(f"The endpoint {found['endpoint_id']} is gone: name its --secret.")
    return _Sent(
        body_of(found["event"] if request["body"] is None else request),
        tuple((name.lower(), value) for name, value in request["headers"]),
        secrets or tuple(row["secret"] for row in endpoints if row["id"] == found["endpoint_id"]),
        _labelled(endpoints),
    )


def _labelled(endpoints: list[Json]) -> dict[str, str]:
    found = {}
    for row in endpoints:
        whose = f"the {row['mode']} endpoint {row['id']}"
        found[whose] = row["secret"]
        if row["previous_secret"] is not None:
            found[f"{whose} before its rotation"] = row["previous_secret"]
    return found


def _explanation_text(told: Explanation) -> Json:
    return {
        "verified": told.verified,
        "reason": told.reason,
        "computed": told.computed,
        "mistakes": [_row(mistake) for mistake in told.mistakes],
        "alike": list(told.alike),
        "explanation": told.sentence,
        "mend": told.mend or None,
    }


def _row(mistake: Mistake) -> dict[str, Any]:
    return {"id": mistake.id, "help": mistake.help, "mend": mistake.mend}


def _print(told: Explanation) -> None:
    click.echo(printable(told.sentence))
    for mistake in told.mistakes:
        click.echo(f"\n{click.style(mistake.id, bold=True)}")
        click.echo(printable(f"  seen in:  {mistake.help}"))
        click.echo(printable(f"  to mend:  {mistake.mend}"))
    if told.mistakes:
        note("\nEach explanation: docs/signatures.md.")
