"""`endpoints`: where a running sandbox sends its events."""

from typing import Any

import click

from pivotal_sandbox.cli.client import Client, Json
from pivotal_sandbox.cli.options import MODES, event_types, mode_option, timeout_option
from pivotal_sandbox.cli.output import (
    json_option,
    moment,
    not_so,
    note,
    print_facts,
    print_json,
    print_table,
    printable,
)
from pivotal_sandbox.cli.trigger_output import all_delivered, print_triggered, waited_for

EVERY = ["*"]

type_option = click.option(
    "--type",
    "types",
    multiple=True,
    metavar="TYPE",
    shell_complete=event_types,
    help="Only events of this type; repeatable. '*' is every type.",
)
field_option = click.option(
    "--field",
    "fields",
    multiple=True,
    metavar="PATH",
    help="Of *.updated events only those that change this field; repeatable.",
)


@click.group()
def endpoints() -> None:
    """Add, show and change the endpoints that events go to."""


@endpoints.command("list")
@click.option("--mode", type=click.Choice(MODES), help="Those of one mode.")
@json_option
def list_(mode: str | None, as_json: bool) -> None:
    """Print the endpoints, newest first."""
    rows = list(Client().all("endpoints", query={"mode": mode, "limit": 500}))
    if as_json:
        print_json({"items": rows})
    elif rows:
        print_table(
            ("ENDPOINT", "MODE", "STATE", "URL", "EVENTS"),
            [(row["id"], row["mode"], _state(row), row["url"], _events(row)) for row in rows],
        )
    else:
        note("There is no endpoint: add one by `pivotal-sandbox endpoints add URL`.")


@endpoints.command()
@click.argument("url")
@mode_option
@type_option
@field_option
@click.option("--description", metavar="TEXT", help="What it is for.")
@json_option
def add(
    url: str,
    mode: str | None,
    types: tuple[str, ...],
    fields: tuple[str, ...],
    description: str | None,
    as_json: bool,
) -> None:
    """Add an endpoint at URL, and send it webhook.ping.

    \b
    pivotal-sandbox endpoints add http://127.0.0.1:3000/hook
    pivotal-sandbox endpoints add http://127.0.0.1:3000/hook --type customer.updated --field health
    """
    given = {
        "url": url,
        "mode": mode,
        "event_types": types,
        "field_filter": fields,
        "description": description,
    }
    _print(Client().call("POST", "endpoints", body=_changed_fields(given)), as_json)


@endpoints.command()
@click.argument("endpoint", metavar="ID")
@json_option
def show(endpoint: str, as_json: bool) -> None:
    """Print one endpoint, with its secret."""
    _print(Client().get("endpoints", endpoint), as_json)


@endpoints.command()
@click.argument("endpoint", metavar="ID")
@click.option("--url", metavar="URL", help="For new deliveries; retries keep the old one.")
@type_option
@field_option
@click.option("--all-fields", is_flag=True, help="No field filter: every change passes.")
@click.option("--description", metavar="TEXT", help="What it is for.")
@click.option(
    "--enable/--disable",
    "enabled",
    default=None,
    help="Send to it, or not; disabling cancels its pending deliveries.",
)
@json_option
def update(
    endpoint: str,
    url: str | None,
    types: tuple[str, ...],
    fields: tuple[str, ...],
    all_fields: bool,
    description: str | None,
    enabled: bool | None,
    as_json: bool,
) -> None:
    """Change an endpoint; what is not given stays."""
    if fields and all_fields:
        raise click.UsageError("--field filters and --all-fields does not: give one of them.")
    given = {
        "url": url,
        "event_types": types,
        "field_filter": fields,
        "description": description,
        "enabled": enabled,
    }
    changes = _changed_fields(given) | ({"field_filter": []} if all_fields else {})
    if not changes:
        raise click.UsageError("Say what to change, by options such as --url or --disable.")
    _print(Client().call("PATCH", "endpoints", endpoint, body=changes), as_json)


@endpoints.command()
@click.argument("endpoint", metavar="ID")
@click.option(
    "--overlap",
    default="24h",
    show_default=True,
    metavar="D",
    help="For how long the old secret signs too.",
)
@json_option
def rotate(endpoint: str, overlap: str, as_json: bool) -> None:
    """Give an endpoint a new secret; for a while the old one signs too."""
    path = ("endpoints", endpoint, "rotate-secret")
    _print(Client().call("POST", *path, body={"overlap": overlap}), as_json)


@endpoints.command()
@click.argument("endpoint", metavar="ID")
@click.option("--wait", is_flag=True, help="Wait for the answer; exit code 1 if it is no 2xx.")
@timeout_option("30s", "How long --wait waits.")
@json_option
def ping(endpoint: str, wait: bool, timeout: str, as_json: bool) -> None:
    """Send webhook.ping to an endpoint."""
    client = Client()
    answer = client.call("POST", "endpoints", endpoint, "ping")
    event, deliveries = answer["event"], answer["deliveries"]
    if wait:
        deliveries = waited_for(client, deliveries, timeout)
    if as_json:
        print_json({"event": event, "deliveries": deliveries})
    else:
        print_triggered(event, deliveries)
    if wait and not all_delivered(deliveries):
        not_so()


@endpoints.command()
@click.argument("endpoint", metavar="ID")
@json_option
def rm(endpoint: str, as_json: bool) -> None:
    """Delete an endpoint; its pending deliveries are cancelled, and stay in the log."""
    Client().call("DELETE", "endpoints", endpoint)
    if as_json:
        print_json({"deleted": endpoint})
    else:
        click.echo(printable(f"{endpoint}  deleted"))


def _changed_fields(options: dict[str, Any]) -> Json:
    """Return the options that were given."""
    return {name: value for name, value in options.items() if value not in (None, ())}


def _print(endpoint: Json, as_json: bool) -> None:
    if as_json:
        print_json(endpoint)
        return
    secret = endpoint.get("secret")
    facts = (
        ("endpoint", endpoint["id"]),
        ("url", endpoint["url"]),
        ("mode", f"{endpoint['mode']}, {_state(endpoint)}"),
        ("events", _events(endpoint)),
        ("fields", ", ".join(endpoint["field_filter"])),
        ("for", endpoint["description"]),
        ("secret", secret),
        ("" if secret else "secret", _overlap(endpoint["previous_secret_expires_at"])),
        ("created", f"{moment(endpoint['created_at'])} UTC"),
    )
    print_facts(facts)


def _overlap(until: str | None) -> str:
    """Say how long the secret from before a rotation signs, or that it did."""
    if until is None:
        return ""
    signs = "signs too" if until > Client().get("clock")["now"] else "signed too"
    return f"the one before {signs} until {moment(until)} UTC"


def _state(endpoint: Json) -> str:
    return "enabled" if endpoint["enabled"] else "disabled"


def _events(endpoint: Json) -> str:
    types = endpoint["event_types"]
    return "all" if types == EVERY else ", ".join(types)
