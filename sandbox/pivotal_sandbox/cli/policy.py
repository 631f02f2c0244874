"""`policy`: how the sender behaves, and which of it Pivotal documents."""

import click

from pivotal_sandbox.cli.output import json_option, print_json, print_table
from pivotal_sandbox.core.policy import DEFAULTS


@click.command()
@json_option
def policy(as_json: bool) -> None:
    """Print how Pivotal delivers: documented, and assumed.

    Where Pivotal's docs are silent the sandbox assumes, and says so here.
    """
    if as_json:
        rules = [
            {"name": rule.name, "value": rule.value, "documented": rule.documented}
            for rule in DEFAULTS
        ]
        print_json({"rules": rules})
        return
    print_table(
        ("RULE", "SOURCE", "THE SANDBOX'S ANSWER"),
        [
            (rule.name, "documented" if rule.documented else "assumed", rule.value)
            for rule in DEFAULTS
        ],
        fold=True,
    )
