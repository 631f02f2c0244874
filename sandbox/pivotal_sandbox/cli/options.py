"""Options that several commands share, and how their values are completed."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from pivotal_sandbox.cli.client import Json

F = TypeVar("F", bound=Callable[..., Any])

MODES = ("test", "live")
STATUSES = ("pending", "retrying", "delivered", "failed", "cancelled")


def assignments(ctx: click.Context, param: click.Parameter, given: tuple[str, ...]) -> "Json":
    """Return what PATH=VALUE options say: dotted path to JSON value, or to the text itself."""
    from pivotal_sandbox.common.json_values import parse_value

    values = {}
    for assignment in given:
        path, equals, value = assignment.partition("=")
        if not path or not equals:
            raise click.BadParameter(f'"{assignment}" is not PATH=VALUE.')
        values[path] = parse_value(value)
    return values


def event_types(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Complete the name of an event type."""
    from pivotal_sandbox.domain.catalog_loader import load_catalog

    return [
        event_type.name for event_type in load_catalog() if event_type.name.startswith(incomplete)
    ]


def objects(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Complete the kind of a record."""
    from pivotal_sandbox.domain.catalog_loader import load_catalog

    return [object for object in load_catalog().objects if object.startswith(incomplete)]


def duration_option(default: str, help: str) -> Callable[[F], F]:
    """Return the option that says how long something goes on, in ms; that is more than nothing."""
    return click.option(
        "--duration",
        default=default,
        show_default=True,
        metavar="D",
        callback=_some_time,
        help=help,
    )


def _some_time(ctx: click.Context, param: click.Parameter, given: str) -> int:
    from pivotal_sandbox.common.durations import parse_duration
    from pivotal_sandbox.errors import InputError

    try:
        duration = parse_duration(given)
    except InputError as error:
        raise click.BadParameter(str(error)) from None
    if duration <= 0:
        raise click.BadParameter("Nothing would be sent; write 30s, for example.")
    return duration


def a_rate(ctx: click.Context, param: click.Parameter, given: str | None) -> float | None:
    """Return how many a second an option asks for, if it does."""
    from pivotal_sandbox.common.durations import parse_rate
    from pivotal_sandbox.errors import InputError

    try:
        return None if given is None else parse_rate(given)
    except InputError as error:
        raise click.BadParameter(str(error)) from None


def all_of(*options: Callable[[Any], Any]) -> Callable[[F], F]:
    """Return what adds the options to a command, in their order."""

    def add(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return add


catalog_option = click.option(
    "--catalog",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Event types of your own: a catalog, or an OpenAPI document with webhooks.",
)
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
