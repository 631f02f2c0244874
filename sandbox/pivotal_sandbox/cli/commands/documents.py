"""`policy`, `vectors`, `openapi`, `asyncapi` and `completion`: documents that need no sandbox.

Each command imports what it prints when it runs, so that the others start without it.
"""

import json

import click

from pivotal_sandbox.cli.output import json_option, print_json, print_table


@click.command()
@json_option
def policy(as_json: bool) -> None:
    """Print how Pivotal delivers: documented, and assumed.

    Where Pivotal's docs are silent the sandbox assumes, and says so here.
    """
    from pivotal_sandbox.domain.retry_policy import DEFAULTS

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


@click.command()
@json_option
def vectors(as_json: bool) -> None:
    """Print the signature vectors that test any implementation.

    \b
    pivotal-sandbox vectors > pivotal_signature.json
    """
    from pivotal_sandbox.package_data import FIXTURES

    content = (FIXTURES / "vectors" / "pivotal_signature.json").read_bytes()
    if as_json:
        print_json(json.loads(content))
    else:
        click.echo(content, nl=False)


@click.command()
@json_option
def openapi(as_json: bool) -> None:
    """Print the OpenAPI description of the REST API and its webhooks.

    \b
    pivotal-sandbox openapi > openapi.json
    """
    # It needs the whole API, which completion of a command's name does not.
    from pivotal_sandbox.domain.catalog_loader import load_catalog
    from pivotal_sandbox.web.api.operations import OPERATIONS
    from pivotal_sandbox.web.openapi import document

    description = document(OPERATIONS, load_catalog())
    if as_json:
        print_json(description)
    else:
        click.echo(json.dumps(description, ensure_ascii=False, indent=2).encode())


@click.command()
@json_option
def asyncapi(as_json: bool) -> None:
    """Print the AsyncAPI description of all events.

    \b
    pivotal-sandbox asyncapi > asyncapi.json
    """
    from pivotal_sandbox.domain.catalog_loader import load_catalog
    from pivotal_sandbox.web.asyncapi import document

    description = document(load_catalog())
    if as_json:
        print_json(description)
    else:
        click.echo(json.dumps(description, ensure_ascii=False, indent=2).encode())


SHELLS = ("bash", "zsh", "fish")
PROGRAM = "pivotal-sandbox"
VARIABLE = "_PIVOTAL_SANDBOX_COMPLETE"  # click asks for it, under a name made of the program's


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the script that completes commands in a shell.

    \b
    bash  eval "$(pivotal-sandbox completion bash)"      in ~/.bashrc
    zsh   eval "$(pivotal-sandbox completion zsh)"       in ~/.zshrc
    fish  pivotal-sandbox completion fish | source       in ~/.config/fish/config.fish
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None  # click has all three
    click.echo(kind(ctx.find_root().command, {}, PROGRAM, VARIABLE).source())
