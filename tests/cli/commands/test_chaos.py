import json
from collections.abc import Awaitable, Callable

import pytest
from click.testing import Result

from pivotal_sandbox.sandbox.sandbox import Sandbox

Ask = Callable[..., Awaitable[Result]]


async def test_nothing_goes_wrong_by_chance_at_first(ask: Ask) -> None:
    said = await ask("chaos", "show")
    assert (said.exit_code, said.stdout) == (0, "")
    assert said.stderr == "Nothing goes wrong by chance.\n"


async def test_what_is_set_is_a_table_and_ends_when_told(ask: Ask, sandbox: Sandbox) -> None:
    said = await ask("chaos", "set", "5xx=10%,delay=200ms..2s@2.5%,duplicate=5%")
    assert said.exit_code == 0
    assert [line.split()[:2] for line in said.stdout.splitlines()] == [
        ["NAME", "RATE"],
        ["5xx", "10%"],
        ["delay", "200ms..2s@2.5%"],
        ["duplicate", "5%"],
    ]
    assert (await ask("chaos", "show")).stdout == said.stdout
    shown = json.loads((await ask("chaos", "show", "--json")).stdout)
    assert shown["spec"] == "5xx=10%,delay=200ms..2s@2.5%,duplicate=5%"
    assert sandbox.fault_injector.chaos is not None
    await ask("chaos", "set", "")
    assert sandbox.fault_injector.chaos is None


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("5xx=101%", "no rate for 5xx"),
        ("5x=1%", 'Did you mean "5xx"?'),
        ("duplicate=60%,unicode=60%", "120 % together"),
    ],
)
async def test_what_is_wrong_is_wrong_usage(ask: Ask, spec: str, says: str) -> None:
    said = await ask("chaos", "set", spec)
    assert (said.exit_code, said.stdout) == (2, "")
    assert says in said.stderr
