"""The records, and what a change of them fires."""

from typing import Any

import pytest
from tests.web.pages.conftest import Look

from pivotal_sandbox.sandbox.sandbox import Sandbox


@pytest.fixture
async def customer(sandbox: Sandbox) -> dict[str, Any]:
    """A healthy customer."""
    change, _ = await sandbox.change(
        "test",
        lambda world, now: world.create("customer", {"health": "healthy", "name": "Acme"}, now),
    )
    record = change.records[-1].record
    assert record is not None
    return record


async def test_records_are_listed_by_object(look: Look, customer: dict[str, Any]) -> None:
    page = await look("/world")
    assert "customer 1" in page.find("nav", class_="objects").text
    assert "Acme" in page.main
    assert "No task yet." in (await look("/world", object="task")).main
    assert 'Did you mean "task"' in (await look("/world", code=404, object="tsk")).main


async def test_what_a_change_fires_is_said_before_it_is_saved(
    look: Look, sandbox: Sandbox, customer: dict[str, Any]
) -> None:
    query = {"object": "customer", "edit": customer["id"]}
    assert "Change a field to see" in (await look("/world", **query)).main
    page = await look("/world", **query, **{"set.health": "at_risk"})
    assert "This will fire customer.updated and customer.at_risk." in page.main
    page = await look("/world", **query, **{"set.health_score": "many"})
    assert '"health_score" is "many"' in page.main
    records = await sandbox.records("test", "customer")
    assert records[customer["id"]] == customer


async def test_a_change_is_saved_and_fires(
    press: Look, sandbox: Sandbox, customer: dict[str, Any]
) -> None:
    page = await press(f"/world/customer/{customer['id']}", **{"set.health": "at_risk"})
    assert "Saved. Fired customer.updated, customer.at_risk." in page.main
    assert (await sandbox.records("test", "customer"))[customer["id"]]["health"] == "at_risk"
    page = await press(f"/world/customer/{customer['id']}")
    assert "Nothing changed." in page.main


async def test_a_cell_leads_to_its_field_and_is_saved_in_place(
    look: Look, press: Look, customer: dict[str, Any]
) -> None:
    page = await look("/world")
    [cell] = [a for a in page.with_class("cell") if a.attributes.get("data-field") == "health"]
    assert cell.text == "healthy"
    assert cell.attributes["href"].endswith(f"edit={customer['id']}&object=customer#set.health")
    [template] = [t for t in page.all("select") if t.attributes["name"] == "set.health"]
    assert "at_risk" in template.text
    path = f"/world/customer/{customer['id']}"
    page = await press(path, inline="1", **{"set.health": "at_risk"})
    assert "Saved. Fired customer.updated, customer.at_risk." in page.main
    assert page.with_class("pane") == []
    page = await press(path, inline=customer["id"], **{"set.health_score": "7"})
    assert page.answer.url.params["cursor"] == customer["id"]


async def test_what_is_nothing_is_an_empty_cell(look: Look, sandbox: Sandbox) -> None:
    await sandbox.change("test", lambda world, now: world.create("customer", {"email": None}, now))
    page = await look("/world")
    [cell] = [a for a in page.with_class("cell") if a.attributes.get("data-field") == "email"]
    assert (cell.text, cell.attributes["aria-label"]) == ("", "email: nothing")


async def test_a_record_is_made_and_deleted(press: Look, sandbox: Sandbox) -> None:
    page = await press("/world", object="task")
    assert "Fired task.created" in page.main
    [id] = await sandbox.records("test", "task")
    page = await press(f"/world/task/{id}", do="delete")
    assert "Deleted. It fired nothing." in page.main  # the catalog has no task.deleted
    assert not await sandbox.records("test", "task")


async def test_one_that_is_gone_is_said_to_be(look: Look, press: Look) -> None:
    assert (
        "There is no task tsk_x."
        in (await look("/world", code=404, object="task", edit="tsk_x")).main
    )
    await press("/world/task/tsk_x", code=404, **{"set.title": "T"})


async def test_pages_follow_each_other(look: Look, sandbox: Sandbox) -> None:
    def many(world: Any, now: int) -> Any:
        for _ in range(60):
            change = world.create("customer", {}, now)
        return change

    await sandbox.change("test", many)
    first = await look("/world")
    [older] = [a for a in first.all("a") if a.text == "Older"]
    second = await look(older.attributes["href"])
    keys = [
        t.attributes["data-key"]
        for p in (first, second)
        for t in p.all("tr")
        if "data-key" in t.attributes
    ]
    assert len(set(keys)) == 60
