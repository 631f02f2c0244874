"""Faults of several events: what happens to the records, in which order, at what time."""

import pytest
from tests.conftest import NewWorld
from tests.records.conftest import BUILT_IN, LATER, NOW, made, types

from pivotal_sandbox.common.timestamps import format_rfc3339
from pivotal_sandbox.domain.catalog import Catalog
from pivotal_sandbox.errors import InputError
from pivotal_sandbox.faults.traffic import OLDER, apply_traffic_fault, merge_changes
from pivotal_sandbox.records.changes import Change, FiredEvent, RecordChange
from pivotal_sandbox.records.record_store import RecordStore


def test_without_a_fault_one_event_happens(new_world: NewWorld) -> None:
    assert apply_traffic_fault(None, new_world(), "task.created", NOW) == new_world().trigger(
        "task.created", NOW
    )
    assert types(apply_traffic_fault("stale-timestamp", new_world(), "task.created", NOW)) == [
        "task.created"
    ]


def test_an_unknown_fault_is_refused_before_anything_happens(world: RecordStore) -> None:
    with pytest.raises(InputError, match='no fault "brust"'):
        apply_traffic_fault("brust", world, "task.created", NOW)
    assert not world.records("task")


def test_a_burst_is_twenty_events_of_one_moment(world: RecordStore) -> None:
    change = apply_traffic_fault("burst", world, "customer.created", NOW, set={"plan": "growth"})
    assert types(change) == ["customer.created"] * 20
    assert {event.data["plan"] for event in change.events} == {"growth"}
    assert {event.data["created_at"] for event in change.events} == {format_rfc3339(NOW)}
    assert len(world.records("customer")) == 20


@pytest.mark.parametrize("type", BUILT_IN)
def test_out_of_order_are_two_events_of_one_record_that_differ(
    type: str, world: RecordStore
) -> None:
    change = apply_traffic_fault("out-of-order", world, type, NOW)
    older, newer = change.events
    object = "onboarding" if type == "phase.changed" else type.partition(".")[0]
    creation = type.endswith(".created")
    assert older.type == (type if creation else f"{object}.updated")
    assert newer.type == (f"{object}.updated" if creation else type)
    assert older.data["id"] == newer.data["id"]
    if not type.endswith(".deleted"):
        assert older.data != newer.data
        assert newer.data["updated_at"] == format_rfc3339(NOW)
        assert older.data["updated_at"] <= format_rfc3339(NOW - OLDER)


def test_the_record_named_is_the_one_and_the_newer_event_has_the_edit(world: RecordStore) -> None:
    first, _ = made(world, "customer"), made(world, "customer")
    edit = {"id": first, "arr": 4711}
    older, newer = apply_traffic_fault(
        "out-of-order", world, "customer.updated", LATER, set=edit
    ).events
    assert older.data["id"] == newer.data["id"] == first
    assert (older.data["arr"] == 4711, newer.data["arr"]) == (False, 4711)


def test_a_record_that_is_fit_for_the_event_is_taken(world: RecordStore) -> None:
    id = made(world, "customer", health="at_risk")
    older, newer = apply_traffic_fault("out-of-order", world, "customer.recovered", LATER).events
    assert older.data["id"] == newer.data["id"] == id
    assert (older.data["health"], newer.data["health"]) == ("at_risk", "healthy")


def test_a_catalog_without_updates_has_the_type_twice(new_world: NewWorld) -> None:
    event_type = {
        "name": "lead.won",
        "object": "lead",
        "schema": {},
        "example": {"type": "lead.won", "data": {"amount": 1}},
    }
    world = new_world(catalog=Catalog.parse({"event_types": [event_type]}))
    assert types(apply_traffic_fault("out-of-order", world, "lead.won", NOW)) == [
        "lead.won",
        "lead.won",
    ]


def test_several_changes_are_one_that_keeps_of_each_record_the_last_state() -> None:
    first = Change(
        (RecordChange("a", "1", {"n": 1}), RecordChange("a", "2", {})), (FiredEvent("x", {}),)
    )
    second = Change((RecordChange("a", "1", {"n": 2}),), (FiredEvent("y", {}),))
    assert merge_changes(first, second) == Change(
        (RecordChange("a", "1", {"n": 2}), RecordChange("a", "2", {})),
        (FiredEvent("x", {}), FiredEvent("y", {})),
    )
