"""`openapi`: the description of the REST API, without a running sandbox."""

import json

import click

from pivotal_sandbox.cli.output import json_option, print_json


@click.command()
@json_option
def openapi(as_json: bool) -> None:
    """Print the OpenAPI description of the REST API and its webhooks.

    \b
    pivotal-sandbox openapi > openapi.json
    """
    # It needs the whole API, which completion of a command's name does not.
    from pivotal_sandbox import data
    from pivotal_sandbox.web.api import OPERATIONS
    from pivotal_sandbox.web.openapi import document

    description = document(OPERATIONS, data.load_catalog())
    if as_json:
        print_json(description)
    else:
        click.echo(json.dumps(description, ensure_ascii=False, indent=2).encode())
