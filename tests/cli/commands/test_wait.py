import asyncio
import json
from collections.abc import Awaitable, Callable

import pytest
from click.testing import Result

from pivotal_sandbox.domain.bins import Bin, Step
from pivotal_sandbox.sandbox.sandbox import Sandbox

Ask = Callable[..., Awaitable[Result]]
SOON = ("--timeout", "50ms")


async def test_what_happened_already_counts(ask: Ask, sandbox: Sandbox) -> None:
    [delivery] = (await sandbox.trigger("customer.at_risk")).deliveries
    await sandbox.dispatcher.settle()
    said = await ask("wait", "customer.at_risk")
    assert (said.exit_code, said.stderr) == (0, "")
    head, line = said.stdout.splitlines()
    assert head.split()[0] == "DELIVERY"
    assert line.split()[:3] == [delivery.id, "customer.at_risk", "delivered"]


async def test_it_waits_for_what_is_still_to_happen(ask: Ask, sandbox: Sandbox) -> None:
    waiting = asyncio.ensure_future(ask("wait", "task.completed", "--count", "2", "--json"))
    sent = [(await sandbox.trigger("task.completed")).deliveries[0].id for _ in range(2)]
    said = await waiting
    assert said.exit_code == 0
    answer = json.loads(said.stdout)
    assert [delivery["id"] for delivery in answer["matched"]] == sent
    assert answer["count"] == 2


async def test_too_late_ends_with_1_and_what_was_seen(ask: Ask, sandbox: Sandbox) -> None:
    await sandbox.receiver.set_bin(Bin("demo", (Step(404),)))
    [delivery] = (await sandbox.trigger("customer.at_risk")).deliveries
    await sandbox.dispatcher.settle()
    said = await ask("wait", "customer.at_risk", *SOON)
    assert said.exit_code == 1
    assert said.stdout.splitlines()[1].split()[:4] == [
        *(delivery.id, "customer.at_risk", "failed", "404")
    ]
    assert said.stderr == (
        "0 of 1 customer.at_risk came to be delivered within 50ms. Seen: 1 delivery.\n"
    )
    as_json = await ask("wait", "customer.at_risk", *SOON, "--json")
    assert as_json.exit_code == 1
    assert [seen["id"] for seen in json.loads(as_json.stdout)["seen"]] == [delivery.id]
    failed = await ask("wait", "customer.at_risk", "--status", "failed")
    assert failed.exit_code == 0


async def test_where_nothing_was_seen_it_says_so(ask: Ask) -> None:
    said = await ask("wait", "customer.at_risk", *SOON)
    assert (said.exit_code, said.stdout) == (1, "")
    assert said.stderr.endswith(" Seen: none.\n")


async def test_where_chooses_by_delivery_and_body(ask: Ask, sandbox: Sandbox) -> None:
    await sandbox.trigger("customer.at_risk", set={"name": "Zoë & Co", "arr": 12})
    await sandbox.dispatcher.settle()
    wish = ("wait", "customer.at_risk", *SOON, "--where", "data.name=Zoë & Co", "--where")
    assert (await ask(*wish, "data.arr=12")).exit_code == 0
    assert (await ask(*wish, "data.arr=13")).exit_code == 1
    assert (await ask(*wish, "mode=test")).exit_code == 0
    assert (await ask(*wish, "mode=live")).exit_code == 1


async def test_the_environment_says_how_long_to_wait(ask: Ask) -> None:
    said = await ask("wait", "customer.at_risk", env={"PIVOTAL_SANDBOX_TIMEOUT": "20ms"})
    assert (said.exit_code, "within 20ms" in said.stderr) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "cure"),
    [
        (("customer.at_rsk",), 'Did you mean "customer.at_risk"?'),
        (("customer.at_risk", "--status", "late"), "'failed'"),
        (("customer.at_risk", "--count", "0"), "--count"),
        (("customer.at_risk", "--timeout", "soon"), '"30s"'),
        (("customer.at_risk", "--timeout", "1d"), "At most 5m"),
        (("customer.at_risk", "--where", "name"), '"name" is not PATH=VALUE.'),
        ((), "TYPE"),
    ],
)
async def test_what_makes_no_sense_is_wrong_usage(
    ask: Ask, arguments: tuple[str, ...], cure: str
) -> None:
    said = await ask("wait", *arguments)
    assert (said.exit_code, said.stdout) == (2, "")
    assert cure in said.stderr
