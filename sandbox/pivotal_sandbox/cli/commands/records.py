"""`records`: the world of a running sandbox, whose changes fire events."""

import json
from typing import Any

import click

from pivotal_sandbox.cli.client import Client, Json
from pivotal_sandbox.cli.options import (
    mode_option,
    no_validate_option,
    objects,
    set_option,
)
from pivotal_sandbox.cli.output import (
    console,
    json_option,
    moment,
    note,
    pretty,
    print_json,
    print_table,
    printable,
)
from pivotal_sandbox.cli.pagination import list_items, page_options, print_items
from pivotal_sandbox.cli.trigger_output import print_triggered

object_argument = click.argument("object", metavar="OBJECT", shell_complete=objects)
id_argument = click.argument("record", metavar="ID")


@click.group()
def records() -> None:
    """Read and change the records whose changes fire events.

    OBJECT is customer, contact, onboarding or task.
    """


@records.command("list")
@object_argument
@mode_option
@page_options
@json_option
def list_(object: str, mode: str | None, limit: int, everything: bool, as_json: bool) -> None:
    """Print the records of one kind, newest first."""
    rows, more = list_items(
        Client(), "records", object, query={"mode": mode}, limit=limit, everything=everything
    )
    nothing = f"There is no {object} yet."
    print_items(rows, "record", _print_table, more=more, as_json=as_json, nothing=nothing)


def _print_table(rows: list[Json]) -> None:
    print_table(
        ("RECORD", "STATE", "UPDATED (UTC)", "NAME"),
        [
            (
                str(row["id"]),
                _first(row, "health", "status", "role"),
                moment(_first(row, "updated_at")),
                _first(row, "name", "title"),
            )
            for row in rows
        ],
    )


@records.command()
@object_argument
@id_argument
@mode_option
@json_option
def show(object: str, record: str, mode: str | None, as_json: bool) -> None:
    """Print one record."""
    found = Client().get("records", object, record, query={"mode": mode})
    if as_json:
        print_json(found)
    else:
        console().print(pretty(json.dumps(found)))


@records.command()
@object_argument
@set_option
@mode_option
@no_validate_option
@json_option
def create(object: str, edits: Json, mode: str | None, no_validate: bool, as_json: bool) -> None:
    """Make a record; what is not given is made up.

    \b
    pivotal-sandbox records create customer --set name=Acme --set health=at_risk
    """
    body = {"set": edits, "validate": not no_validate}
    answer = Client().call("POST", "records", object, body=body, query={"mode": mode})
    _print(answer, answer["record"]["id"], as_json)


@records.command()
@object_argument
@id_argument
@set_option
@mode_option
@no_validate_option
@json_option
def change(
    object: str, record: str, edits: Json, mode: str | None, no_validate: bool, as_json: bool
) -> None:
    """Change a record, and print the events that this fires.

    \b
    pivotal-sandbox records change customer cus_... --set health=at_risk
    """
    if not edits:
        raise click.UsageError("Say what to change, as in --set health=at_risk.")
    body = {"set": edits, "validate": not no_validate}
    answer = Client().call("PATCH", "records", object, record, body=body, query={"mode": mode})
    _print(answer, record, as_json)


@records.command()
@object_argument
@id_argument
@mode_option
@json_option
def rm(object: str, record: str, mode: str | None, as_json: bool) -> None:
    """Delete a record with all that belongs to it, and print the events that this fires."""
    answer = Client().call("DELETE", "records", object, record, query={"mode": mode})
    _print(answer, record, as_json)


def _print(answer: Json, record: Any, as_json: bool) -> None:
    if as_json:
        print_json(answer)
        return
    deleted = answer["record"] is None
    click.echo(printable(f"{record}  deleted" if deleted else str(record)))
    for fired in answer["events"]:
        print_triggered(fired["event"], fired["deliveries"])
    if not answer["events"]:
        reason = "No event type tells of this" if deleted else "Nothing is different"
        note(f"{reason}, so no event was fired.")


def _first(record: Json, *fields: str) -> str:
    """Return the first of the fields that the record has, as a text."""
    return next((str(record[field]) for field in fields if record.get(field) is not None), "")
