"""`trigger`: makes one event happen, in a running sandbox or for one URL."""

import json
from functools import partial
from typing import BinaryIO

import click

from pivotal_sandbox.cli.client import Client, Json
from pivotal_sandbox.cli.fault_option import fault_option, list_of_faults
from pivotal_sandbox.cli.options import (
    allow_host_option,
    event_types,
    mode_option,
    no_validate_option,
    set_option,
    timeout_option,
)
from pivotal_sandbox.cli.output import json_option, not_so, note, print_json
from pivotal_sandbox.cli.trigger_output import all_delivered, print_triggered, waited_for
from pivotal_sandbox.common.durations import parse_duration


@click.command(epilog=list_of_faults())
@click.argument("type", metavar="TYPE", shell_complete=event_types)
@click.option("--to", metavar="URL", help="Send it there, once, without a running sandbox.")
@click.option(
    "--secret",
    envvar="PIVOTAL_WEBHOOK_SECRET",
    show_envvar=True,
    help="With --to: what to sign with; by default a new secret, which is shown.",
)
@allow_host_option("With --to: a name, an address or a network beyond loopback; repeatable.")
@click.option("--endpoint", "endpoint_id", metavar="ID", help="Send it to this endpoint only.")
@mode_option
@set_option
@click.option("--data", type=click.File("rb"), metavar="FILE|-", help="The record, as JSON.")
@click.option("--count", type=click.IntRange(1), default=1, metavar="N", help="So many events.")
@fault_option
@click.option("--wait", is_flag=True, help="Wait for the answer; exit code 1 if it is no 2xx.")
@timeout_option("30s", "How long --wait waits.")
@no_validate_option
@json_option
@click.pass_context
def trigger(
    ctx: click.Context,
    type: str,
    to: str | None,
    secret: str | None,
    allow_hosts: tuple[str, ...],
    endpoint_id: str | None,
    mode: str | None,
    edits: Json,
    data: BinaryIO | None,
    count: int,
    fault: str | None,
    wait: bool,
    timeout: str,
    no_validate: bool,
    as_json: bool,
) -> None:
    """Make an event happen, and send it.

    `pivotal-sandbox events` lists the types.

    \b
    pivotal-sandbox trigger customer.at_risk --wait
    pivotal-sandbox trigger task.completed --set title=Kickoff
    pivotal-sandbox trigger task.updated --fault stale-timestamp --wait
    pivotal-sandbox trigger webhook.ping --to http://127.0.0.1:3000/hook --secret whsec_...
    """
    request = {
        "type": type,
        "mode": mode,
        "set": edits,
        "data": _record(data),
        "validate": not no_validate,
        "fault": fault,
    }
    if to is None:
        _only_with_to(ctx, "secret", "allow_hosts")
        if type == "webhook.ping" and endpoint_id is None:
            raise click.UsageError(
                "webhook.ping goes to one endpoint: name it by --endpoint ID. "
                "`pivotal-sandbox endpoints list` shows those there are."
            )
        parse_duration(timeout)
        once = partial(
            _by_the_sandbox,
            Client(),
            {**request, "endpoint_id": endpoint_id},
            timeout if wait else None,
            as_json,
        )
    elif endpoint_id is not None:
        raise click.UsageError("--to names a URL and --endpoint an endpoint: give one of them.")
    else:
        from pivotal_sandbox.cli.direct_trigger import generate_secret, send_and_print
        from pivotal_sandbox.common.urls import parse_url

        parse_url(to)  # before a secret is shown that nothing will be signed with
        secret = generate_secret() if secret is None else secret
        once = partial(send_and_print, request, to, secret, allow_hosts, as_json)
    results = [once() for _ in range(count)]
    if not all(results):
        not_so()


def _only_with_to(ctx: click.Context, *names: str) -> None:
    for name in names:
        if ctx.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE:
            option = {"allow_hosts": "--allow-host"}.get(name, f"--{name}")
            raise click.UsageError(f"{option} goes with --to; the running sandbox has its own.")


def _record(file: BinaryIO | None) -> Json | None:
    if file is None:
        return None
    try:
        record = json.load(file)
    except (ValueError, RecursionError) as error:
        raise click.BadParameter(f"It is not JSON: {error}.", param_hint="--data") from None
    if not isinstance(record, dict):
        raise click.BadParameter("A record is a JSON object.", param_hint="--data")
    return record


def _by_the_sandbox(client: Client, request: Json, timeout: str | None, as_json: bool) -> bool:
    """Trigger once, and say whether it went as asked."""
    answer = client.call("POST", "events", body=request)
    event, deliveries = answer["event"], answer["deliveries"]
    if timeout is not None:
        deliveries = waited_for(client, deliveries, timeout)
    if as_json:
        print_json({"event": event, "deliveries": deliveries})
    else:
        print_triggered(event, deliveries)
    if not deliveries:
        note(
            f"No endpoint of {event['mode']} mode wants {event['type']}, so nothing was sent. "
            "Add one by `pivotal-sandbox endpoints add URL`, or name a receiver by --to URL."
        )
        return False
    return timeout is None or all_delivered(deliveries)
