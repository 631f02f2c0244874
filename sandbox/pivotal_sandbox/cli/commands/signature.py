"""`sign` and `verify`: signatures without a running sandbox."""

from typing import BinaryIO

import click

from pivotal_sandbox import signature
from pivotal_sandbox.cli.output import json_option, not_so, print_json, printable
from pivotal_sandbox.clock import wall_time
from pivotal_sandbox.errors import SignatureError

secret_option = click.option(
    "--secret",
    envvar="PIVOTAL_WEBHOOK_SECRET",
    show_envvar=True,
    required=True,
    help="The endpoint's secret, prefix included.",
)
body_option = click.option(
    "--body",
    type=click.File("rb"),
    default="-",
    metavar="FILE|-",
    help="The raw request body; by default what is piped in.",
)


@click.command()
@secret_option
@body_option
@click.option("--timestamp", type=int, metavar="N", help="Unix seconds to sign; default: now.")
@json_option
def sign(secret: str, body: BinaryIO, timestamp: int | None, as_json: bool) -> None:
    """Print the signature header of a body.

    \b
    printf '{"id":"evt_1"}' | pivotal-sandbox sign --secret whsec_...
    """
    timestamp = int(wall_time()) if timestamp is None else timestamp
    header = signature.sign(read_body(body), secret, timestamp=timestamp)
    if as_json:
        print_json({"header": header, "timestamp": timestamp})
    else:
        click.echo(header)


@click.command()
@secret_option
@click.option(
    "--header",
    "headers",
    required=True,
    multiple=True,
    help="The pivotal-signature header's value; given twice it is a repeated header.",
)
@body_option
@click.option(
    "--tolerance",
    type=click.IntRange(0),
    default=signature.TOLERANCE,
    show_default=True,
    metavar="N",
    help="Seconds that the signature may be away from now, both ways.",
)
@click.option("--now", type=float, metavar="N", help="Unix seconds to judge at; default: now.")
@json_option
def verify(
    secret: str,
    headers: tuple[str, ...],
    body: BinaryIO,
    tolerance: int,
    now: float | None,
    as_json: bool,
) -> None:
    """Say whether a signature header holds for a body.

    Exit code 1 and a reason code if it does not.

    \b
    pivotal-sandbox verify --secret whsec_... --header v1,t=...,sig=... --body body.json
    """
    refused = None
    try:
        signature.verify_headers(
            read_body(body),
            headers,
            secret,
            now=wall_time() if now is None else now,
            tolerance=tolerance,
        )
    except SignatureError as error:
        refused = error
    reason = refused and refused.reason
    verdict = str(refused) if refused else "Signature valid."
    if as_json:
        print_json({"verified": refused is None, "reason": reason, "verdict": verdict})
    else:
        click.echo(printable(f"{reason}: {verdict}" if reason else verdict))
    if refused:
        not_so()


def read_body(body: BinaryIO) -> bytes:
    """Return a body to its end; nothing waits for somebody to type one."""
    if body.isatty():
        raise click.UsageError("Name the body by --body FILE, or pipe it in.")
    return body.read()
