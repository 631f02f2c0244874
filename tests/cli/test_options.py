from collections.abc import Callable

import click
import pytest
from click.testing import CliRunner, Result

from pivotal_sandbox.cli.options import event_types, objects, set_option

Run = Callable[..., Result]


@click.command()
@set_option
def command(edits: dict[str, object]) -> None:
    """Print what was set."""
    click.echo(repr(edits))


@pytest.mark.parametrize(
    ("given", "value"),
    [("a=1", 1), ("a=null", None), ("a=one", "one"), ("a=b=c", "b=c"), ("a=", ""), ('a="1"', "1")],
)
def test_a_value_is_json_or_else_a_text(given: str, value: object) -> None:
    said = CliRunner().invoke(command, ["--set", given])
    assert said.output == f"{ {'a': value}!r}\n"


def test_the_last_of_two_values_holds() -> None:
    said = CliRunner().invoke(command, ["--set", "a=1", "--set", "b.c=2", "--set", "a=3"])
    assert said.output == "{'a': 3, 'b.c': 2}\n"


@pytest.mark.parametrize("given", ["name", "=1", ""])
def test_what_assigns_nothing_is_wrong_usage(given: str) -> None:
    said = CliRunner().invoke(command, ["--set", given])
    assert said.exit_code == 2
    assert f"Invalid value for '--set': \"{given}\" is not PATH=VALUE." in said.output


def test_types_and_objects_are_completed_from_the_catalog() -> None:
    ctx, param = click.Context(command), command.params[0]
    assert event_types(ctx, param, "customer.c") == ["customer.created", "customer.churned"]
    assert len(event_types(ctx, param, "")) == 21
    assert objects(ctx, param, "c") == ["customer", "contact"]


@pytest.mark.parametrize("arguments", [("trigger",), ("wait",), ("endpoints", "ping")])
def test_the_help_names_the_variable_that_sets_an_option(
    run: Run, arguments: tuple[str, ...]
) -> None:
    assert "env var: PIVOTAL_SANDBOX_TIMEOUT" in " ".join(run(*arguments, "--help").stdout.split())
