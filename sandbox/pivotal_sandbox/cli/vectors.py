"""`vectors`: the signature vectors, to test an implementation in any language with."""

import json

import click

from pivotal_sandbox import data
from pivotal_sandbox.cli.output import json_option, print_json


@click.command()
@json_option
def vectors(as_json: bool) -> None:
    """Print the signature vectors that test any implementation.

    \b
    pivotal-sandbox vectors > pivotal_signature.json
    """
    content = (data.FIXTURES / "vectors" / "pivotal_signature.json").read_bytes()
    if as_json:
        print_json(json.loads(content))
    else:
        click.echo(content, nl=False)
