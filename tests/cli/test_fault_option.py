from collections.abc import Callable

import click
from click.testing import Result

from pivotal_sandbox.cli.fault_option import fault_option, faults
from pivotal_sandbox.faults.registry import FAULTS

Run = Callable[..., Result]


def completed(incomplete: str) -> list[str]:
    command = click.Command("trigger", params=[])
    fault_option(command)
    return [item.value for item in faults(click.Context(command), click.Option(["-f"]), incomplete)]


def test_a_name_that_was_begun_is_completed() -> None:
    assert completed("un") == [
        "unknown-version",
        "unpadded-signature",
        "unknown-event-type",
        "unicode",
    ]
    assert len(completed("")) == len(FAULTS)
    assert completed("x") == []


def test_the_help_of_trigger_names_them_all(run: Run) -> None:
    said = run("trigger", "--help").stdout
    for fault in FAULTS:
        assert fault.name in said, fault.name
    assert "  Faults of traffic: duplicate, concurrent-duplicate, " in said
