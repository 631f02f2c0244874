"""`events`: the event types, without a running sandbox."""

import json

import click

from pivotal_sandbox.cli.options import event_types
from pivotal_sandbox.cli.output import console, json_option, pretty, print_json, print_table
from pivotal_sandbox.domain.catalog import EventType
from pivotal_sandbox.domain.catalog_loader import load_catalog


@click.command()
@click.argument("type", metavar="[TYPE]", required=False, shell_complete=event_types)
@json_option
def events(type: str | None, as_json: bool) -> None:
    """List the event types, or show one with schema and example."""
    catalog = load_catalog()
    if type is not None:
        _show(catalog.get(type), as_json)
    elif as_json:
        print_json({"items": [_brief(event_type) for event_type in catalog]})
    else:
        print_table(
            ("EVENT", "OBJECT", "SOURCE", "WHEN"),
            [
                (event_type.name, event_type.object, _source(event_type), event_type.description)
                for event_type in catalog
            ],
            fold=True,
        )


def _show(event_type: EventType, as_json: bool) -> None:
    if as_json:
        print_json(
            {**_brief(event_type), "schema": event_type.schema, "example": event_type.example}
        )
        return
    click.echo(
        f"{click.style(event_type.name, bold=True)}  {event_type.object}, {_source(event_type)}"
    )
    click.echo(event_type.description)
    for title, value in (("example", event_type.example), ("schema of data", event_type.schema)):
        click.secho(f"\n{title}", bold=True)
        console().print(pretty(json.dumps(value)))


def _brief(event_type: EventType) -> dict[str, object]:
    return {
        "name": event_type.name,
        "object": event_type.object,
        "description": event_type.description,
        "documented": event_type.documented,
    }


def _source(event_type: EventType) -> str:
    return "documented" if event_type.documented else "assumed"
