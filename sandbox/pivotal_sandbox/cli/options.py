"""Options that several commands share, and how their values are completed."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from pivotal_sandbox.cli.client import Json

F = TypeVar("F", bound=Callable[..., Any])

MODES = ("test", "live")
STATUSES = ("pending", "retrying", "delivered", "failed", "cancelled")


def assignments(ctx: click.Context, param: click.Parameter, given: tuple[str, ...]) -> "Json":
    """Return what PATH=VALUE options say: dotted path to JSON value, or to the text itself."""
    from pivotal_sandbox.core.value import parse_value

    values = {}
    for one in given:
        path, equals, value = one.partition("=")
        if not path or not equals:
            raise click.BadParameter(f'"{one}" is not PATH=VALUE.')
        values[path] = parse_value(value)
    return values


def event_types(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Complete the name of an event type."""
    from pivotal_sandbox import data

    return [one.name for one in data.load_catalog() if one.name.startswith(incomplete)]


def objects(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Complete the kind of a record."""
    from pivotal_sandbox import data

    return [object for object in data.load_catalog().objects if object.startswith(incomplete)]


def all_of(*options: Callable[[Any], Any]) -> Callable[[F], F]:
    """Return what adds the options to a command, in their order."""

    def add(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return add


mode_option = click.option("--mode", type=click.Choice(MODES), help="By default test.")
set_option = click.option(
    "--set",
    "edits",
    multiple=True,
    callback=assignments,
    metavar="PATH=VALUE",
    help="Edit the record, as in --set owner.email=a@b.example; repeatable.",
)
no_validate_option = click.option(
    "--no-validate", is_flag=True, help="Allow what the schema forbids, too."
)


def allow_host_option(help: str) -> Callable[[F], F]:
    """Return the option that names hosts beyond loopback."""
    return click.option("--allow-host", "allow_hosts", multiple=True, metavar="HOST", help=help)


def timeout_option(default: str, help: str) -> Callable[[F], F]:
    """Return the option that says how long to wait."""
    return click.option(
        "--timeout",
        envvar="PIVOTAL_SANDBOX_TIMEOUT",
        show_envvar=True,
        default=default,
        show_default=True,
        metavar="D",
        help=help,
    )
