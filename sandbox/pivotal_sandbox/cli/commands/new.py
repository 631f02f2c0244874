"""`new`: a receiver to start from, and the list of those there are."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pivotal_sandbox.cli.output import json_option, note, print_json, print_table

if TYPE_CHECKING:
    from pivotal_sandbox.templates import Template

HIGHEST_PORT = 65535


def _names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Complete the name of a template."""
    from pivotal_sandbox import templates

    return [
        template.name for template in templates.templates() if template.name.startswith(incomplete)
    ]


@click.command()
@click.argument("template", required=False, shell_complete=_names)
@click.argument(
    "folder", metavar="[DIR]", required=False, type=click.Path(file_okay=False, path_type=Path)
)
@click.option("--list", "listing", is_flag=True, help="List the templates, and write none.")
@click.option(
    "--path",
    default="/webhooks/pivotal",
    show_default=True,
    metavar="PATH",
    help="Where the receiver takes its events.",
)
@click.option(
    "--port",
    type=click.IntRange(1, HIGHEST_PORT),
    default=8000,
    show_default=True,
    help="Where it listens, unless PORT says otherwise.",
)
@json_option
def new(
    template: str | None,
    folder: Path | None,
    listing: bool,
    path: str,
    port: int,
    as_json: bool,
) -> None:
    """Write a receiver to start from, in the stack that you have.

    DIR is new or empty, by default named as TEMPLATE: nothing is ever overwritten. The receiver
    verifies, keeps each event once, hands it to a function for its type, which you fill in, and
    gets grade A from `check`.
    """
    if listing:
        _print_list(as_json)
        return
    if template is None:
        raise click.UsageError(
            "Missing argument 'TEMPLATE': `pivotal-sandbox new --list` shows them."
        )
    from pivotal_sandbox import templates

    chosen = templates.find(template)
    folder = folder or Path(chosen.name)
    project = templates.render(chosen, project=folder.resolve().name, path=path, port=port)
    templates.write(project, folder)
    if as_json:
        print_json(
            {
                "template": chosen.name,
                "dir": str(folder),
                "files": list(project.files),
                "install": project.commands.install,
                "test": project.commands.test,
                "check": project.check,
            }
        )
        return
    note(f"{len(project.files)} files are in {folder}. Next:\n")
    click.echo(f"cd {folder}")
    for line in (project.commands.install, project.commands.test, project.check):
        click.echo(line)


def _print_list(as_json: bool) -> None:
    from pivotal_sandbox import templates

    found = templates.templates()
    if as_json:
        print_json({"items": [_facts(template) for template in found]})
        return
    print_table(
        ("template", "language", "framework", "proven by", "versions"),
        [
            (
                template.name,
                template.language,
                template.framework,
                _proven(template),
                _versions(template.versions),
            )
            for template in found
        ],
    )


def _facts(template: "Template") -> dict[str, object]:
    return {
        "name": template.name,
        "language": template.language,
        "framework": template.framework,
        "runtime": template.runtime,
        "versions": template.versions,
        "proven_by": template.proven,
    }


def _proven(template: "Template") -> str:
    return ", ".join(template.proven) or "not proven"


def _versions(versions: dict[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in versions.items())
