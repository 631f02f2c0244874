import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from click.testing import Result

from pivotal_sandbox.sandbox.sandbox import Sandbox

Ask = Callable[..., Awaitable[Result]]


async def created(ask: Ask, *arguments: str) -> Any:
    """Create a record, and return it."""
    return json.loads((await ask("records", "create", *arguments, "--json")).stdout)["record"]


async def test_create_prints_the_id_and_the_event(ask: Ask, sandbox: Sandbox) -> None:
    said = await ask("records", "create", "customer", "--set", "name=Zoë & Co", "--set", "arr=12")
    assert (said.exit_code, said.stderr) == (0, "")
    id, event, delivery = said.stdout.splitlines()
    record = (await sandbox.records("test", "customer"))[id]
    assert (record["name"], record["arr"]) == ("Zoë & Co", 12)
    assert event.startswith("customer.created  evt_")
    assert delivery.startswith("  pending  msg_")


async def test_the_list_is_newest_first_with_a_line_each(ask: Ask) -> None:
    first = await created(ask, "customer", "--set", "health=at_risk")
    second = await created(ask, "customer", "--set", "name=Zoë & Co")
    said = await ask("records", "list", "customer")
    assert said.exit_code == 0
    head, newest, oldest = said.stdout.splitlines()
    assert head.split()[0] == "RECORD"
    assert newest.startswith(second["id"])
    assert newest.rstrip().endswith("  Zoë & Co")
    assert oldest.split()[:2] == [first["id"], "at_risk"]
    assert said.stderr == "2 records.\n"
    page = json.loads((await ask("records", "list", "customer", "--limit", "1", "--json")).stdout)
    assert page == {"items": [second]}
    both = json.loads((await ask("records", "list", "customer", "--all", "--json")).stdout)
    assert both == {"items": [second, first]}


async def test_the_modes_have_worlds_of_their_own(ask: Ask) -> None:
    live = await created(ask, "task", "--mode", "live")
    nothing = await ask("records", "list", "task")
    assert (nothing.stdout, nothing.stderr) == ("", "There is no task yet.\n")
    assert live["id"] in (await ask("records", "list", "task", "--mode", "live")).stdout
    assert (await ask("records", "show", "task", live["id"])).exit_code == 2
    assert (await ask("records", "show", "task", live["id"], "--mode", "live")).exit_code == 0


async def test_show_prints_the_whole_record(ask: Ask) -> None:
    record = await created(ask, "contact")
    said = await ask("records", "show", "contact", record["id"])
    assert (said.exit_code, json.loads(said.stdout)) == (0, record)
    assert said.stdout.count("\n") > 10
    as_json = await ask("records", "show", "contact", record["id"], "--json")
    assert (as_json.stdout.count("\n"), json.loads(as_json.stdout)) == (1, record)


async def test_change_prints_every_event_that_it_fired(ask: Ask, sandbox: Sandbox) -> None:
    id = (await created(ask, "customer", "--set", "health=healthy"))["id"]
    said = await ask("records", "change", "customer", id, "--set", "health=at_risk")
    assert said.exit_code == 0
    lines = said.stdout.splitlines()
    assert lines[0] == id
    events = [line.split()[0] for line in lines[1:] if not line.startswith(" ")]
    assert events == ["customer.updated", "customer.at_risk"]
    again = await ask("records", "change", "customer", id, "--set", "health=at_risk")
    assert (again.exit_code, again.stdout) == (0, f"{id}\n")
    assert again.stderr == "Nothing is different, so no event was fired.\n"


async def test_change_as_json_is_the_answer_of_the_api(ask: Ask) -> None:
    id = (await created(ask, "task"))["id"]
    change = ("records", "change", "task", id, "--set", "title=Kickoff", "--json")
    answer = json.loads((await ask(*change)).stdout)
    assert answer["record"]["title"] == "Kickoff"
    assert [fired["event"]["type"] for fired in answer["events"]] == ["task.updated"]


async def test_no_validate_allows_what_the_schema_forbids(ask: Ask) -> None:
    id = (await created(ask, "task"))["id"]
    change = ("records", "change", "task", id, "--set", "title=7")
    refused = await ask(*change)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "title" in refused.stderr
    assert (await ask(*change, "--no-validate")).exit_code == 0
    record = await created(ask, "task", "--set", "title=7", "--no-validate")
    assert record["title"] == 7


async def test_rm_deletes_a_record_and_prints_what_this_fired(ask: Ask, sandbox: Sandbox) -> None:
    contact, other = await created(ask, "contact"), await created(ask, "contact")
    said = await ask("records", "rm", "contact", contact["id"])
    assert (said.exit_code, said.stderr) == (0, "")
    first, second, third = said.stdout.splitlines()
    assert first == f"{contact['id']}  deleted"
    assert second.startswith("contact.deleted  evt_")
    assert third.startswith("  pending  msg_")
    answer = json.loads((await ask("records", "rm", "contact", other["id"], "--json")).stdout)
    assert answer["record"] is None
    assert [fired["event"]["type"] for fired in answer["events"]] == ["contact.deleted"]
    assert await sandbox.records("test", "contact") == {}


async def test_rm_says_where_no_event_tells_of_it(ask: Ask) -> None:
    task = await created(ask, "task")
    said = await ask("records", "rm", "task", task["id"])
    assert (said.exit_code, said.stdout) == (0, f"{task['id']}  deleted\n")
    assert said.stderr == "No event type tells of this, so no event was fired.\n"


@pytest.mark.parametrize(
    ("arguments", "cure"),
    [
        (("list", "custmer"), 'Did you mean "customer"?'),
        (("list", "customer", "--limit", "0"), "--limit"),
        (("show", "customer", "cus_x"), "`pivotal-sandbox records list customer` shows those"),
        (("create", "customer", "--set", "heath=good"), 'Did you mean "health"?'),
        (("create", "customer", "--set", "health"), '"health" is not PATH=VALUE.'),
        (("change", "customer", "cus_x"), "--set health=at_risk"),
        (("change", "customer", "cus_x", "--set", "arr=1"), "records list customer"),
        (("rm", "customer", "cus_x"), "records list customer"),
        (("rm", "customer"), "ID"),
        (("rm", "customer", "cus_x", "--mode", "prod"), "'test', 'live'"),
    ],
)
async def test_what_makes_no_sense_is_wrong_usage(
    ask: Ask, arguments: tuple[str, ...], cure: str
) -> None:
    said = await ask("records", *arguments)
    assert (said.exit_code, said.stdout) == (2, "")
    assert cure in said.stderr
