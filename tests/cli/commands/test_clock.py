import json
from collections.abc import Awaitable, Callable

import pytest
from click.testing import Result

from pivotal_sandbox.common.durations import HOUR
from pivotal_sandbox.domain.bins import Bin, Step
from pivotal_sandbox.sandbox.sandbox import Sandbox

Ask = Callable[..., Awaitable[Result]]


async def test_show_says_the_time_and_what_is_due(ask: Ask, sandbox: Sandbox) -> None:
    sandbox.clock.advance_to(1_800_000_000_000)
    said = await ask("clock", "show")
    assert said.exit_code == 0
    assert said.stdout == (
        "It is 2027-01-15 08:00:00 UTC, and time stands still.\nNo attempt is due.\n"
    )
    answer = json.loads((await ask("clock", "show", "--json")).stdout)
    assert answer["mode"] == "manual"
    assert answer["now"] == "2027-01-15T08:00:00.000Z"


async def test_advance_prints_a_line_for_each_attempt(ask: Ask, sandbox: Sandbox) -> None:
    await sandbox.receiver.set_bin(Bin("demo", (Step(503), Step(503), Step(200))))
    await sandbox.trigger("customer.churned")
    await sandbox.dispatcher.settle()
    due = (await ask("clock", "show")).stdout
    assert "The next attempt is due at " in due
    said = await ask("clock", "advance", "24h")
    assert said.exit_code == 0
    [first, second] = said.stdout.splitlines()
    assert "customer.churned" in first
    assert "503" in first
    assert "retry in 1m" in first
    assert "200" in second
    assert second.endswith("delivered")
    assert said.stderr.startswith("2 attempts made; it is ")


async def test_advance_as_json_is_the_answer_of_the_api(ask: Ask, sandbox: Sandbox) -> None:
    before = sandbox.clock.now()
    answer = json.loads((await ask("clock", "advance", "1h", "--json")).stdout)
    assert answer["attempts"] == []
    assert sandbox.clock.now() == before + HOUR


async def test_a_duration_that_is_none_is_wrong_usage(ask: Ask) -> None:
    said = await ask("clock", "advance", "tomorrow")
    assert (said.exit_code, said.stdout) == (2, "")
    assert "23h59m" in said.stderr


async def test_speed_lets_time_run(ask: Ask, sandbox: Sandbox) -> None:
    said = await ask("clock", "speed", "60")
    assert said.stdout.splitlines()[0].endswith("and time runs 60 times as fast.")
    assert sandbox.clock.speed == 60
    answer = json.loads((await ask("clock", "speed", "0", "--json")).stdout)
    assert answer["speed"] == 0


@pytest.mark.parametrize("factor", ["nan", "inf"])
async def test_a_speed_that_is_no_number_is_wrong_usage(ask: Ask, factor: str) -> None:
    said = await ask("clock", "speed", factor)
    assert said.exit_code == 2
    assert "The speed is from 0 (manual) to 1000000." in said.stderr


async def test_a_speed_beyond_the_clock_is_wrong_usage(ask: Ask) -> None:
    said = await ask("clock", "speed", "--", "-1")
    assert said.exit_code == 2
    assert "0 (manual) to 1000000" in said.stderr
