"""The sender's world with a catalog of the user's own."""

from typing import Any

import pytest
from tests.conftest import NewWorld
from tests.records.conftest import LATER, NOW, made, types

from pivotal_sandbox.common.timestamps import format_rfc3339
from pivotal_sandbox.domain.catalog import PING, Catalog, EventType
from pivotal_sandbox.errors import InputError


def invoice(name: str, data: dict[str, Any], **schema: Any) -> EventType:
    example = {"id": "1", "type": name, "created_at": "2026-05-24T08:00:00.000Z", "data": data}
    return EventType(name, name.split(".")[0], "", False, {"type": "object", **schema}, example)


INVOICE = {
    "id": "inv_000417",
    "total": 5,
    "lines": [{"text": "Ä"}],
    "created_at": "2020-01-01T00:00:00.000Z",
    "updated_at": "2020-01-01T00:00:00.000Z",
}
OWN = Catalog(
    [
        invoice("invoice.paid", INVOICE, properties={"total": {"type": "integer"}}),
        invoice("invoice.updated", INVOICE),
        invoice("invoice.deleted", INVOICE),
        invoice("note.written", {"text": "Hello"}),
        invoice("note.deleted", {"text": "Hello"}),
        invoice("customer.at_risk", {"customerId": 7, "health": "red"}),
        invoice("customer.updated", {"customerId": 7, "health": "red"}),
    ]
)


def test_a_record_of_another_object_is_like_the_example_with_its_own_id(
    new_world: NewWorld,
) -> None:
    world = new_world(catalog=OWN)
    change = world.trigger("invoice.paid", NOW, set={"total": 6, "lines.0.text": "Ö"})
    [event] = change.events
    id = event.data["id"]
    assert id != "inv_000417"
    assert id.startswith("inv_")
    assert event.data == {
        "id": id,
        "total": 6,
        "lines": [{"text": "Ö"}],
        "created_at": format_rfc3339(NOW),
        "updated_at": format_rfc3339(NOW),
    }
    assert OWN.get("invoice.paid").example["data"] == INVOICE
    assert world.records("invoice")[id] == event.data
    again = world.trigger("invoice.paid", LATER, set={"id": id})
    assert again.events[0].data["total"] == 6


def test_every_field_of_a_record_that_is_new_to_the_receiver_has_changed(
    new_world: NewWorld,
) -> None:
    [event] = new_world(catalog=OWN).trigger("invoice.updated", NOW).events
    assert event.changed == ("total", "lines", "created_at", "updated_at")


def test_a_record_of_another_object_lives_by_create_change_and_delete(new_world: NewWorld) -> None:
    world = new_world(catalog=OWN)
    made = world.create("invoice", {"total": 1}, NOW)
    [id] = world.records("invoice")
    assert (made.events, made.records[0].id) == ((), id)
    change = world.change("invoice", id, {"total": 2}, LATER)
    assert types(change) == ["invoice.updated"]
    assert change.events[0].changed == ("total", "updated_at")
    with pytest.raises(InputError, match="must be"):
        world.trigger("invoice.paid", LATER, set={"total": "2"})
    gone = world.trigger("invoice.deleted", LATER, set={"id": id})
    assert (gone.events[0].data["total"], gone.records[0].record) == (2, None)
    assert world.records("invoice") == {}


def test_a_record_without_an_id_is_sent_and_not_kept(new_world: NewWorld) -> None:
    world = new_world(catalog=OWN)
    change = world.trigger("note.written", NOW, set={"text": "Bye"})
    assert (change.records, change.events[0].data) == ((), {"text": "Bye"})
    assert world.create("note", {}, NOW).records == ()
    assert world.trigger("note.deleted", NOW).records == ()
    assert world.records("note") == {}


def test_an_object_of_our_name_but_another_form_is_like_its_example(new_world: NewWorld) -> None:
    world = new_world(catalog=OWN)
    [event] = world.trigger("customer.at_risk", NOW).events
    assert event.data == {"customerId": 7, "health": "red"}


def test_a_type_of_their_own_can_happen_to_an_object_of_ours(
    new_world: NewWorld, catalog: Catalog
) -> None:
    example = {**catalog.get("customer.updated").example, "type": "customer.merged"}
    updated = catalog.get("customer.updated")
    merged = EventType("customer.merged", "customer", "", False, updated.schema, example)
    world = new_world(catalog=Catalog([*catalog, merged]))
    id = made(world, "customer")
    [event] = world.trigger("customer.merged", LATER, set={"name": "Both"}).events
    assert (event.type, event.data["id"], event.data["name"]) == ("customer.merged", id, "Both")
    assert types(world.change("customer", id, {"health": "at_risk"}, LATER)) == [
        "customer.updated",
        "customer.at_risk",
    ]


def test_a_type_of_our_name_about_another_object_is_like_its_example(
    new_world: NewWorld, catalog: Catalog
) -> None:
    task = catalog.get("task.updated")
    strange = EventType(
        "customer.at_risk",
        "task",
        "",
        False,
        task.schema,
        {**task.example, "type": "customer.at_risk"},
    )
    [event] = new_world(catalog=Catalog([strange])).trigger("customer.at_risk", NOW).events
    assert event.data["title"] == task.example["data"]["title"]
    assert event.data["status"] == task.example["data"]["status"]


def test_a_ping_is_no_pattern_for_a_record(new_world: NewWorld) -> None:
    ping = EventType(PING, "note", "", False, {}, {"type": PING, "data": {"id": "ping_1"}})
    note = invoice("note.written", {"id": "note_1"})
    [made] = new_world(catalog=Catalog([ping, note])).create("note", {}, NOW).records
    assert made.id.startswith("note_")


def test_only_types_of_the_catalog_are_fired(new_world: NewWorld, catalog: Catalog) -> None:
    fewer = Catalog([catalog.get("customer.at_risk"), catalog.get("customer.deleted")])
    world = new_world(catalog=fewer)
    id = made(world, "customer")
    assert types(world.change("customer", id, {"health": "at_risk"}, LATER)) == ["customer.at_risk"]
