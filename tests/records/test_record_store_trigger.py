"""The sender's world: triggering."""

from typing import Any

import pytest
from tests.conftest import NewWorld
from tests.records.conftest import BUILT_IN, LATER, NOW, made, schema_of, types

from pivotal_sandbox.common.json_schema import Schema
from pivotal_sandbox.common.timestamps import format_rfc3339
from pivotal_sandbox.domain.catalog import PING, Catalog
from pivotal_sandbox.errors import InputError
from pivotal_sandbox.records.changes import Change
from pivotal_sandbox.records.factory import PREFIXES
from pivotal_sandbox.records.record_store import RecordStore


def test_every_type_is_triggered_here(catalog: Catalog) -> None:
    assert {event_type.name for event_type in catalog} == {*BUILT_IN, PING}


@pytest.mark.parametrize("type", BUILT_IN)
@pytest.mark.parametrize("times", [1, 8])
def test_each_type_can_be_triggered_again_and_again(
    new_world: NewWorld, catalog: Catalog, type: str, times: int
) -> None:
    for seed in range(10):
        world = new_world(f"{type}/{seed}")
        for step in range(times):
            change = world.trigger(type, NOW + step * 1000)
            [event] = change.events
            assert event.type == type
            Schema(catalog.get(type).schema).check(event.data)
            for record in change.records:
                if record.record is not None:
                    schema_of(catalog, record.object).check(record.record)
                assert world.records(record.object).get(record.id) == record.record
            if not type.endswith(("created", "deleted")):
                assert {*event.changed} - {"updated_at"}
                assert event.data["updated_at"] == format_rfc3339(NOW + step * 1000)


@pytest.mark.parametrize(
    ("type", "field", "value"),
    [
        ("customer.at_risk", "health", "at_risk"),
        ("customer.recovered", "health", "healthy"),
        ("customer.churned", "health", "churned"),
        ("onboarding.started", "status", "in_progress"),
        ("onboarding.delayed", "status", "delayed"),
        ("onboarding.completed", "status", "completed"),
        ("onboarding.cancelled", "status", "cancelled"),
        ("task.completed", "status", "completed"),
        ("task.overdue", "status", "overdue"),
    ],
)
def test_a_trigger_makes_the_change_that_the_type_says(
    world: RecordStore, type: str, field: str, value: str
) -> None:
    [event] = world.trigger(type, NOW).events
    assert event.data[field] == value
    assert field in event.changed
    assert event.data["created_at"] < format_rfc3339(NOW)


def test_triggers_go_on_with_the_same_record(world: RecordStore) -> None:
    story = [
        *("customer.created", "customer.at_risk", "customer.recovered", "customer.updated"),
        *("customer.at_risk", "customer.churned", "customer.deleted"),
    ]
    events = [world.trigger(type, NOW + step).events[0] for step, type in enumerate(story)]
    assert len({event.data["id"] for event in events}) == 1
    health = [event.data["health"] for event in events]
    assert health == ["healthy", "at_risk", *["healthy"] * 2, "at_risk", *["churned"] * 2]
    assert world.records("customer") == {}


def test_a_trigger_takes_the_fitting_record_that_changed_last(world: RecordStore) -> None:
    first, second = made(world, "customer"), made(world, "customer")
    world.change("customer", first, {"seats": 7}, LATER)
    assert world.trigger("customer.updated", LATER).events[0].data["id"] == first
    world.trigger("customer.at_risk", LATER, set={"id": second})
    assert world.trigger("customer.recovered", LATER).events[0].data["id"] == second
    at_risk = [world.trigger("customer.at_risk", LATER).events[0].data["id"] for _ in range(3)]
    assert at_risk[:2] == [second, first]
    assert at_risk[2] not in (first, second)


def test_an_onboarding_goes_through_its_phases(world: RecordStore) -> None:
    id = made(world, "onboarding")
    assert world.trigger("onboarding.started", NOW).events[0].data["current_phase"] == "kickoff"
    current = [
        world.trigger("phase.changed", NOW + step).events[0].data["current_phase"]
        for step in range(5)
    ]
    assert current == ["setup", "data_import", "training", "go_live", None]
    assert world.records("onboarding")[id]["progress"] == 100
    assert world.trigger("phase.changed", NOW).records[-1].id != id
    done = world.trigger("onboarding.completed", NOW, set={"id": id}).events[0].data
    assert (done["status"], done["progress"], done["completed_at"]) == (
        "completed",
        100,
        format_rfc3339(NOW),
    )


def test_what_is_set_is_in_the_event_and_stays(world: RecordStore) -> None:
    id = made(world, "customer", owner={"name": "Ana", "email": "ana@example.com"})
    set = {"health_score": 3, "owner.name": "Zoë"}
    change = world.trigger("customer.at_risk", LATER, set=set)
    [event] = change.events
    assert event.data["id"] == id
    assert (event.data["health"], event.data["health_score"]) == ("at_risk", 3)
    assert event.data["owner"] == {"name": "Zoë", "email": "ana@example.com"}
    assert {"health", "health_score", "owner.name"} <= {*event.changed}
    assert world.records("customer")[id] == event.data


def test_what_is_set_counts_as_changed_even_where_it_was_so(world: RecordStore) -> None:
    made(world, "customer", plan="growth")
    [event] = world.trigger("customer.updated", LATER, set={"plan": "growth"}).events
    assert event.changed == ("plan",)


def test_an_update_changes_only_what_is_set(world: RecordStore) -> None:
    id = made(world, "contact")
    before = world.records("contact")[id]
    [event] = world.trigger("contact.updated", LATER, set={"title": "Chief"}).events
    assert event.data == {**before, "title": "Chief", "updated_at": format_rfc3339(LATER)}


def test_data_replaces_whole_fields_and_set_goes_on_top(world: RecordStore) -> None:
    data = {
        "name": "Ñ",
        "owner": {"name": "A", "email": "a@example.com"},
        "custom_fields": {"a": 1},
    }
    set = {"owner.name": "B", "custom_fields.b": 2}
    [event] = world.trigger("customer.created", NOW, set=set, data=data).events
    assert event.data["name"] == "Ñ"
    assert event.data["owner"] == {"name": "B", "email": "a@example.com"}
    assert event.data["custom_fields"] == {"a": 1, "b": 2}


@pytest.mark.parametrize("type", BUILT_IN)
def test_a_whole_example_can_be_sent_as_data(
    world: RecordStore, catalog: Catalog, type: str
) -> None:
    example = catalog.get(type).example["data"]
    [event] = world.trigger(type, NOW, data=example).events
    assert event.data == example


def test_the_edit_comes_first_and_then_what_the_type_says(
    world: RecordStore, catalog: Catalog
) -> None:
    healthy = catalog.get("customer.updated").example["data"]
    [event] = world.trigger("customer.at_risk", NOW, data=healthy).events
    assert event.data["health"] == "at_risk"
    assert event.data["id"] == healthy["id"]
    with pytest.raises(InputError, match="must be") as caught:
        world.trigger("customer.at_risk", NOW, set={"health": "at-risk"})
    assert caught.value.pointer == "/health"


def test_an_id_picks_the_record_or_is_that_of_a_new_one(world: RecordStore) -> None:
    first = made(world, "customer")
    made(world, "customer")
    assert world.trigger("customer.at_risk", NOW, set={"id": first}).events[0].data["id"] == first
    mine = "cus_" + "7" * 26
    assert world.trigger("customer.churned", NOW, data={"id": mine}).records[0].id == mine
    again = world.trigger("customer.created", NOW, set={"id": mine}).events[0].data
    assert (again["id"], again["health"]) == (mine, "churned")
    assert len(world.records("customer")) == 3


def test_a_link_picks_among_records_or_makes_what_it_names(world: RecordStore) -> None:
    first = made(world, "onboarding", status="in_progress")
    made(world, "customer")
    made(world, "onboarding", status="in_progress")
    customer = world.records("onboarding")[first]["customer_id"]
    link = {"customer_id": customer}
    assert world.trigger("onboarding.delayed", NOW, set=link).events[0].data["id"] == first
    task = world.trigger("task.created", NOW, set=link).events[0].data
    assert (task["onboarding_id"], task["customer_id"]) == (first, customer)
    mine = {"customer_id": "cus_" + "7" * 26}
    change = world.trigger("task.completed", NOW, set=mine)
    assert [record.object for record in change.records] == ["customer", "onboarding", "task"]
    assert change.records[0].id == mine["customer_id"]
    assert change.records[1].record
    assert change.records[1].record["customer_id"] == mine["customer_id"]


def test_a_phase_that_is_set_is_not_followed_by_another(world: RecordStore) -> None:
    made(world, "onboarding", status="in_progress", current_phase="kickoff")
    [event] = world.trigger("phase.changed", NOW, set={"current_phase": "training"}).events
    assert event.data["current_phase"] == "training"
    [event] = world.trigger("phase.changed", NOW, set={"phases.2.status": "in_progress"}).events
    phases = (event.data["previous_phase"], event.data["current_phase"])
    assert phases == ("training", "data_import")


@pytest.mark.parametrize(
    ("type", "set", "pointer"),
    [
        ("customer.created", {"helth": 1}, "/helth"),
        ("customer.at_risk", {"arr": "many"}, "/arr"),
        ("contact.created", {"customer_id": "cus_1"}, "/customer_id"),
        ("task.deleted", {}, "/type"),
        ("customer.deleted", {"id": 5}, "/id"),
        (PING, {}, "/type"),
    ],
)
def test_a_wrong_trigger_is_refused_and_changes_nothing(
    world: RecordStore, type: str, set: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(InputError) as caught:
        world.trigger(type, NOW, set=set)
    assert caught.value.pointer == pointer
    assert all(world.records(object) == {} for object in PREFIXES)


def test_without_validation_it_is_sent_anyway_and_the_world_stays_sound(
    world: RecordStore, catalog: Catalog
) -> None:
    id = made(world, "customer")
    set = {"arr": "many", "more": [1], "health": None, "id": None}
    [event] = world.trigger("customer.at_risk", LATER, set=set, validate=False).events
    assert {key: event.data[key] for key in set} == set
    assert {"arr", "more", "health", "id"} <= {*event.changed}
    kept = world.records("customer")[id]
    assert (kept["health"], kept["updated_at"]) == ("at_risk", format_rfc3339(LATER))
    schema_of(catalog, "customer").check(kept)


def test_a_deleted_record_is_shown_as_edited_last(world: RecordStore) -> None:
    id = made(world, "customer")
    change = world.trigger("customer.deleted", LATER, set={"name": "Æ"})
    assert change.events[0].data["name"] == "Æ"
    assert [(record.id, record.record) for record in change.records] == [(id, None)]


def test_a_contact_that_is_triggered_away_is_unlinked_without_another_event(
    world: RecordStore,
) -> None:
    made(world, "contact")
    onboarding = made(world, "onboarding")
    change = world.trigger("contact.deleted", LATER)
    assert types(change) == ["contact.deleted"]
    assert change.records[0].id == onboarding
    assert world.records("onboarding")[onboarding]["primary_contact_id"] is None


def test_what_an_event_can_happen_to_is_found_or_made_and_nothing_fires(world: RecordStore) -> None:
    id, made_now = world.stage("customer.recovered", NOW)
    assert made_now.events == ()
    assert world.records("customer")[str(id)]["health"] == "at_risk"
    assert [record.id for record in made_now.records] == [id]
    assert world.stage("customer.recovered", NOW) == (id, Change())
    assert world.stage("customer.recovered", NOW, set={"id": "cus_mine"})[0] == "cus_mine"
