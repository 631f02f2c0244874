"""`deliveries`: the log of a running sandbox."""

import json

import click

from pivotal_sandbox.cli.client import Client, Json
from pivotal_sandbox.cli.export_options import export_options, export_request
from pivotal_sandbox.cli.options import (
    MODES,
    STATUSES,
    all_of,
    assignments,
    event_types,
    no_validate_option,
)
from pivotal_sandbox.cli.output import (
    code_of,
    console,
    json_option,
    milliseconds,
    moment,
    note,
    pill,
    pretty,
    print_facts,
    print_headers,
    print_json,
    print_table,
    printable,
)
from pivotal_sandbox.cli.pagination import list_items, page_options, print_items, search_options
from pivotal_sandbox.common.text import format_count

filters = all_of(
    click.option("--mode", type=click.Choice(MODES), help="Those of one mode."),
    click.option("--endpoint", "endpoint_id", metavar="ID", help="Those to one endpoint."),
    click.option("--status", type=click.Choice(STATUSES), help="Those in one state."),
    click.option(
        "--type",
        "event_type",
        metavar="TYPE",
        shell_complete=event_types,
        help="Those of one event type.",
    ),
    click.option("--status-code", type=int, metavar="N", help="Those last answered so."),
    search_options("an id, the URL or the body"),
)


@click.group()
def deliveries() -> None:
    """Read the log of deliveries, replay from it, and export it."""


@deliveries.command("list")
@filters
@page_options
@json_option
def list_(limit: int, everything: bool, as_json: bool, **given: object) -> None:
    """Print deliveries, newest first."""
    rows, more = list_items(Client(), "deliveries", query=given, limit=limit, everything=everything)
    print_items(rows, "delivery", print_deliveries, more=more, as_json=as_json)


def print_deliveries(rows: list[Json]) -> None:
    """Print deliveries as a table, if there are any."""
    if not rows:
        return
    print_table(
        ("DELIVERY", "EVENT", "STATUS", "CODE", "TOOK", "TRIES", "CREATED (UTC)", "URL"),
        [
            (
                row["id"],
                row["event_type"],
                pill(row["status"]),
                code_of(row["last_status_code"]),
                milliseconds(row["last_duration_ms"]),
                str(row["attempt_count"]),
                moment(row["created_at"]),
                row["url"],
            )
            for row in rows
        ],
    )


@deliveries.command()
@click.argument("delivery", metavar="ID")
@json_option
def show(delivery: str, as_json: bool) -> None:
    """Print one delivery with its body and all its attempts."""
    found = Client().get("deliveries", delivery)
    if as_json:
        print_json(found)
        return
    _summary(found)
    for attempt in found["attempts"]:
        _attempt(attempt)


def _summary(found: Json) -> None:
    facts = (
        ("delivery", found["id"]),
        ("event", f"{found['event_type']}  {found['event_id']}  ({found['mode']})"),
        ("endpoint", f"{found['url']}  {found['endpoint_id']}"),
        ("status", found["status"]),
        ("created", f"{moment(found['created_at'])} UTC"),
        ("next try", found["next_attempt_at"] and f"{moment(found['next_attempt_at'])} UTC"),
        ("replay of", found["replay_of"]),
        ("fault", found["fault"]),
    )
    print_facts(facts)
    click.echo()
    event = found["event"]
    is_json = event["body_encoding"] == "json"
    _body(json.dumps(event["body"]) if is_json else event["body"], event["body_encoding"])


def _attempt(attempt: Json) -> None:
    ended, answer = attempt["status_code"] or attempt["error"], attempt["response"]
    when, took = f"{moment(attempt['started_at'])} UTC", milliseconds(attempt["duration_ms"])
    click.echo()
    click.secho(f"attempt {attempt['number']}  {when}  {ended}  {took}", bold=True)
    print_headers("> ", attempt["request"]["headers"])
    if attempt["request"]["body"] is not None:
        note("The body on the wire was not the event's:")
        _body(attempt["request"]["body"], attempt["request"]["body_encoding"])
    if answer is None:
        click.echo(f"< {printable(attempt['detail'] or attempt['error'])}")
        return
    click.echo(f"< {attempt['status_code']}")
    print_headers("< ", answer["headers"])
    if answer["body"]:
        console().print(pretty(answer["body"]))
    if answer["truncated"]:
        note("The response went on; its first 64 KiB are kept.")


def _body(body: str, encoding: str) -> None:
    if encoding == "base64":
        note("These bytes are no UTF-8; in base64:")
    console().print(pretty(body))


@deliveries.command()
@click.argument("ids", nargs=-1, metavar="[ID]...")
@filters
@click.option(
    "--verbatim", is_flag=True, help="Repeat the last attempt: its signature and id, too."
)
@click.option(
    "--set",
    "edits",
    multiple=True,
    callback=assignments,
    metavar="PATH=VALUE",
    help="Edit the event, as in --set data.health=churned; repeatable.",
)
@no_validate_option
@click.option("--rate", metavar="N/s", help="So many in which time: 5/s, 30/m or 1000/h.")
@click.option("--dry-run", is_flag=True, help="Say how many it would be, and send nothing.")
@json_option
def replay(
    ids: tuple[str, ...],
    verbatim: bool,
    edits: Json,
    no_validate: bool,
    rate: str | None,
    dry_run: bool,
    as_json: bool,
    **given: object,
) -> None:
    """Send deliveries again: those named, or all that the options choose.

    The body stays the same, byte for byte; the delivery id is new, and the URL is the one that the
    endpoint has now. With --set it is a new event, with an id of its own unless you give one.

    \b
    pivotal-sandbox deliveries replay msg_...
    pivotal-sandbox deliveries replay --status failed --since 1h --rate 5/s
    pivotal-sandbox deliveries replay msg_... --verbatim
    pivotal-sandbox deliveries replay msg_... --set data.name="Zoë & Co"
    """
    chosen = {name: value for name, value in given.items() if value is not None}
    if bool(ids) == bool(chosen):
        raise click.UsageError(
            "Name deliveries, or choose them by options such as --status failed: one of the two."
        )
    which: Json = {"ids": ids} if ids else {"filter": chosen}
    how = {
        "dry_run": dry_run,
        "verbatim": verbatim,
        "set": edits,
        "validate": not no_validate,
        "rate": rate,
    }
    answer = Client().call("POST", "deliveries", "replay", body={**which, **how})
    if as_json:
        print_json(answer)
        return
    for new in answer["items"]:
        click.echo(printable(f"{new['id']}  {new['event_type']}  replays {new['replay_of']}"))
    note(f"{format_count(answer['count'], 'delivery')} {'to replay' if dry_run else 'replayed'}.")


@deliveries.command()
@click.argument("ids", nargs=-1, metavar="[ID]...")
@filters
@click.option("--every-attempt", is_flag=True, help="All attempts at each, not the last one only.")
@export_options("a delivery with its attempts")
def export(
    ids: tuple[str, ...],
    every_attempt: bool,
    form: str | None,
    to: str | None,
    re_sign: bool,
    as_json: bool,
    **given: object,
) -> None:
    """Print what was sent, oldest first, as what sends the same requests again.

    Those deliveries that are named, or all that match: headers and body of the last attempt, to the
    byte, with the signature that it bore.

    \b
    pivotal-sandbox deliveries export msg_... --as curl | sh
    pivotal-sandbox deliveries export --status failed --as pytest > test_failed.py
    pivotal-sandbox deliveries export --since 1h --as scenario > last_hour.toml
    """
    wish = export_request(form, to, re_sign, as_json)
    if ids and any(value is not None for value in given.values()):
        raise click.UsageError(
            "Name deliveries, or choose them by options such as --status failed."
        )
    client = Client()
    if not ids:
        rows, _ = list_items(client, "deliveries", query=given, limit=1, everything=True)
        ids = tuple(row["id"] for row in reversed(rows))
    contents = [client.content("deliveries", id) for id in ids]
    if wish.lines:
        for content in contents:
            click.echo(content)
        note(f"{format_count(len(ids), 'delivery')}." if ids else "No delivery matches.")
        return
    from pivotal_sandbox.cli.export_source import attempts_sent

    made = [attempts_sent(content) for content in contents]
    sent = [
        attempt for attempts in made for attempt in (attempts if every_attempt else attempts[-1:])
    ]
    if sent:
        click.echo(wish.text(sent).encode(), nl=False)
    said = f"{format_count(len(sent), 'request')}." if ids else "No delivery matches."
    if waiting := sum(not attempts for attempts in made):
        said += f" {format_count(waiting, 'delivery')} left out: nothing was sent yet."
    note(said)
