"""`asyncapi`: the description of the events, without a running sandbox."""

import json

import click

from pivotal_sandbox.cli.output import json_option, print_json


@click.command()
@json_option
def asyncapi(as_json: bool) -> None:
    """Print the AsyncAPI description of all events.

    \b
    pivotal-sandbox asyncapi > asyncapi.json
    """
    from pivotal_sandbox import data
    from pivotal_sandbox.web.asyncapi import document

    description = document(data.load_catalog())
    if as_json:
        print_json(description)
    else:
        click.echo(json.dumps(description, ensure_ascii=False, indent=2).encode())
