"""`wait`: until deliveries of a running sandbox are what one waits for."""

import click

from pivotal_sandbox.cli.client import ANSWER_S, Client, Json
from pivotal_sandbox.cli.commands.deliveries import print_deliveries
from pivotal_sandbox.cli.options import STATUSES, assignments, event_types, timeout_option
from pivotal_sandbox.cli.output import json_option, not_so, note, print_json
from pivotal_sandbox.common.durations import SECOND, parse_duration
from pivotal_sandbox.common.text import format_count


@click.command()
@click.argument("type", metavar="TYPE", shell_complete=event_types)
@click.option(
    "--status",
    type=click.Choice(STATUSES),
    default="delivered",
    show_default=True,
    help="What the deliveries are to be.",
)
@click.option(
    "--count",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    metavar="N",
    help="So many deliveries.",
)
@timeout_option("10s", "How long to wait, at most 5m.")
@click.option(
    "--where",
    multiple=True,
    callback=assignments,
    metavar="PATH=VALUE",
    help="Only those with it, as in --where data.health=at_risk or --where mode=live; repeatable.",
)
@json_option
def wait(type: str, status: str, count: int, timeout: str, where: Json, as_json: bool) -> None:
    """Wait until deliveries of an event type are so.

    Those in the log count. If it does not happen in time, the exit code is 1, and what was seen of
    the type is printed.

    \b
    pivotal-sandbox wait customer.at_risk
    pivotal-sandbox wait task.completed --status failed --timeout 1m --where data.title=Kickoff
    """
    wish = {"type": type, "status": status, "count": count, "timeout": timeout, "where": where}
    wait_s = parse_duration(timeout) / SECOND + ANSWER_S
    answer = Client().call("POST", "wait", body=wish, wait_s=wait_s)
    matched = "matched" in answer
    if as_json:
        print_json(answer)
    else:
        print_deliveries(answer["matched" if matched else "seen"])
    if not matched:
        seen = answer["seen"]
        note(f"{answer['detail']} Seen: {format_count(len(seen), 'delivery') if seen else 'none'}.")
        not_so()
