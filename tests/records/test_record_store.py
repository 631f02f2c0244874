"""The sender's world: creating, changing and deleting, and what that fires."""

from typing import Any

import pytest
from tests.records.conftest import LATER, NOW, made, schema_of, types

from pivotal_sandbox.common.ids import is_id
from pivotal_sandbox.common.timestamps import format_rfc3339
from pivotal_sandbox.domain.catalog import Catalog
from pivotal_sandbox.errors import Conflict, InputError, NotFound
from pivotal_sandbox.records.factory import PREFIXES
from pivotal_sandbox.records.record_store import Change, RecordStore


@pytest.mark.parametrize("object", ["customer", "contact", "onboarding", "task"])
def test_a_record_is_made_whole_with_an_id_of_its_kind(
    world: RecordStore, catalog: Catalog, object: str
) -> None:
    change = world.create(object, {}, NOW)
    record = change.records[-1].record
    assert record is not None
    schema_of(catalog, object).check(record)
    assert is_id(PREFIXES[object], record["id"])
    assert record["created_at"] == record["updated_at"] == format_rfc3339(NOW)
    assert types(change) == [f"{object}.created"]
    assert change.events[0].data == record
    assert world.records(object)[record["id"]] == record


def test_what_a_record_belongs_to_is_made_along_where_there_is_none(world: RecordStore) -> None:
    change = world.create("task", {}, NOW)
    assert [record.object for record in change.records] == ["customer", "onboarding", "task"]
    customer, onboarding, task = (record.record for record in change.records)
    assert customer
    assert onboarding
    assert task
    assert onboarding["customer_id"] == task["customer_id"] == customer["id"]
    assert task["onboarding_id"] == onboarding["id"]
    assert customer["created_at"] <= onboarding["created_at"] <= task["created_at"]


def test_what_a_record_belongs_to_is_the_last_of_those_there(world: RecordStore) -> None:
    made(world, "customer")
    last = made(world, "customer")
    lost = made(world, "customer", health="churned")
    contact = world.create("contact", {}, NOW)
    onboarding = world.create("onboarding", {}, NOW)
    assert len(contact.records) == len(onboarding.records) == 1
    assert contact.events[0].data["customer_id"] == last != lost
    assert onboarding.events[0].data["primary_contact_id"] == contact.records[0].id


def test_given_fields_are_in_the_record_and_the_rest_is_drawn(world: RecordStore) -> None:
    fields = {"name": "Ñandú", "owner.name": "Ana", "custom_fields.tier": 3, "arr": None}
    fields["owner"] = {"name": "-", "email": "ana@example.com"}
    fields["owner.name"] = fields.pop("owner.name")
    record = world.create("customer", fields, NOW).events[0].data
    assert record["name"] == "Ñandú"
    assert record["owner"] == {"name": "Ana", "email": "ana@example.com"}
    assert record["custom_fields"]["tier"] == 3
    assert record["arr"] is None
    assert record["currency"]


def test_a_record_can_begin_in_another_state(world: RecordStore) -> None:
    change = world.create("customer", {"health": "at_risk"}, NOW)
    assert types(change) == ["customer.created"]
    assert change.events[0].data["at_risk_since"] == format_rfc3339(NOW)


def test_an_id_can_be_given_but_not_twice(world: RecordStore) -> None:
    id = "cus_" + "A" * 26
    assert made(world, "customer", id=id) == id
    with pytest.raises(Conflict) as caught:
        made(world, "customer", id=id)
    assert caught.value.pointer == "/id"


def test_a_link_to_no_record_is_refused_with_the_nearest(world: RecordStore) -> None:
    id = made(world, "customer")
    wrong = id[:-1] + ("A" if id[-1] != "A" else "B")
    with pytest.raises(NotFound) as caught:
        made(world, "contact", customer_id=wrong)
    assert caught.value.pointer == "/customer_id"
    assert str(caught.value) == f'There is no customer "{wrong}". Did you mean "{id}"?'
    assert world.records("contact") == {}
    assert set(world.records("customer")) == {id}


def test_a_change_fires_updated_with_the_paths_that_changed(world: RecordStore) -> None:
    id = made(world, "customer", plan="growth", tags=["a"])
    before = world.records("customer")[id]
    change = world.change("customer", id, {"plan": "starter", "tags": ["a"]}, LATER)
    [event] = change.events
    assert (event.type, event.changed) == ("customer.updated", ("plan", "updated_at"))
    assert event.data == {**before, "plan": "starter", "updated_at": format_rfc3339(LATER)}
    [touched] = change.records
    assert (touched.object, touched.id, touched.record) == ("customer", id, event.data)
    assert world.records("customer")[id] == event.data


def test_nothing_different_fires_nothing(world: RecordStore) -> None:
    id = made(world, "customer", plan="growth")
    before = world.records("customer")[id]
    assert world.change("customer", id, {"plan": "growth"}, LATER) == Change()
    assert world.records("customer")[id] is before


CUSTOMER, ONBOARDING, TASK = "customer", "onboarding", "task"


@pytest.mark.parametrize(
    ("object", "field", "states", "flip", "stamp"),
    [
        (CUSTOMER, "health", ("healthy", "at_risk"), "customer.at_risk", "at_risk_since"),
        (CUSTOMER, "health", ("churned", "at_risk"), "customer.at_risk", "at_risk_since"),
        (CUSTOMER, "health", ("at_risk", "healthy"), "customer.recovered", None),
        (CUSTOMER, "health", ("churned", "healthy"), None, None),
        (CUSTOMER, "health", ("healthy", "churned"), "customer.churned", "churned_at"),
        (CUSTOMER, "health", ("at_risk", "churned"), "customer.churned", "churned_at"),
        (ONBOARDING, "status", ("not_started", "in_progress"), "onboarding.started", "started_at"),
        (ONBOARDING, "status", ("delayed", "in_progress"), None, "started_at"),
        (ONBOARDING, "status", ("in_progress", "delayed"), "onboarding.delayed", None),
        (ONBOARDING, "status", ("delayed", "completed"), "onboarding.completed", "completed_at"),
        (ONBOARDING, "status", ("delayed", "cancelled"), "onboarding.cancelled", "cancelled_at"),
        (ONBOARDING, "status", ("cancelled", "not_started"), None, None),
        (TASK, "status", ("open", "completed"), "task.completed", "completed_at"),
        (TASK, "status", ("in_progress", "overdue"), "task.overdue", None),
        (TASK, "status", ("completed", "open"), None, None),
    ],
)
def test_a_flip_fires_beside_updated_and_after_it(
    world: RecordStore,
    object: str,
    field: str,
    states: tuple[str, str],
    flip: str | None,
    stamp: str | None,
) -> None:
    id = made(world, object, NOW, **{field: states[0]})
    change = world.change(object, id, {field: states[1]}, LATER)
    assert types(change) == [f"{object}.updated", *([flip] if flip else [])]
    for event in change.events:
        assert event.data[field] == states[1]
        assert field in event.changed
    stamps = {"at_risk_since", "churned_at", "started_at", "completed_at", "cancelled_at"}
    record = world.records(object)[id]
    known = {name: value for name, value in record.items() if name in stamps and value}
    known.pop("started_at", None) if stamp != "started_at" else None
    assert set(known) == ({stamp} if stamp else set())


def test_a_lost_customer_is_so_in_every_field_and_can_come_back(world: RecordStore) -> None:
    id = made(world, "customer")
    lost = world.change("customer", id, {"health": "churned"}, LATER).events[0].data
    assert (lost["lifecycle"], lost["churned_at"]) == ("churned", format_rfc3339(LATER))
    back = world.change("customer", id, {"health": "healthy"}, LATER).events[0].data
    assert (back["lifecycle"], back["churned_at"]) == ("active", None)


def test_what_is_given_is_not_overruled_by_what_would_follow(world: RecordStore) -> None:
    id = made(world, "customer")
    moment = "2020-01-01T00:00:00.000Z"
    fields = {"health": "at_risk", "at_risk_since": moment, "updated_at": moment}
    data = world.change("customer", id, fields, LATER).events[0].data
    assert data["at_risk_since"] == data["updated_at"] == moment


def test_a_phase_that_becomes_current_moves_those_before_it(world: RecordStore) -> None:
    id = made(world, "onboarding", status="in_progress")
    change = world.change("onboarding", id, {"current_phase": "data_import"}, LATER)
    assert types(change) == ["onboarding.updated", "phase.changed"]
    data = change.events[1].data
    statuses = [phase["status"] for phase in data["phases"]]
    assert statuses == ["completed", "completed", "in_progress", "pending", "pending"]
    assert (data["previous_phase"], data["progress"]) == (None, 40)
    data = world.change("onboarding", id, {"current_phase": "setup"}, LATER).events[0].data
    assert (data["previous_phase"], data["progress"]) == ("data_import", 20)


def test_a_phase_that_changes_moves_what_is_current(world: RecordStore) -> None:
    id = made(world, "onboarding", status="in_progress", current_phase="setup")
    fields = {"phases.1.status": "completed", "phases.2.status": "in_progress"}
    change = world.change("onboarding", id, fields, LATER)
    assert types(change) == ["onboarding.updated", "phase.changed"]
    data = change.events[0].data
    assert (data["previous_phase"], data["current_phase"]) == ("setup", "data_import")
    assert data["progress"] == 40
    assert (
        data["phases"][1]["completed_at"]
        == data["phases"][2]["started_at"]
        == format_rfc3339(LATER)
    )
    assert {"phases.1.status", "phases.1.completed_at", "current_phase"} <= set(
        change.events[0].changed
    )


def test_a_date_of_a_phase_is_no_change_of_phase(world: RecordStore) -> None:
    id = made(world, "onboarding")
    change = world.change("onboarding", id, {"phases.0.due_date": "2030-01-01"}, LATER)
    assert types(change) == ["onboarding.updated"]
    assert change.events[0].changed == ("phases.0.due_date", "updated_at")


@pytest.mark.parametrize(
    ("fields", "pointer", "says"),
    [
        ({"helth": 1}, "/helth", 'Did you mean "health"?'),
        ({"health": "at-risk"}, "/health", 'Did you mean "at_risk"?'),
        ({"arr": "12"}, "/arr", "must be a number or null"),
        ({"owner.nmae": "x"}, "/owner/nmae", 'Did you mean "name"?'),
        ({"name.first": "x"}, "/name/first", "which has no"),
        ({"created_at": "today"}, "/created_at", "no date-time"),
        ({"arr": float("nan")}, "/arr", "no JSON value"),
        ({"id": "cus_" + "B" * 26}, "/id", "does not change"),
        ({"tags": ["a", "a"]}, "/tags", "non-unique"),
    ],
)
def test_a_wrong_change_is_refused_and_changes_nothing(
    world: RecordStore, fields: dict[str, Any], pointer: str, says: str
) -> None:
    owner = {"name": "Ana", "email": "ana@example.com"}
    id = made(world, "customer", owner=owner)
    before = world.records("customer")[id]
    with pytest.raises(InputError) as caught:
        world.change("customer", id, fields, LATER)
    assert caught.value.pointer == pointer
    assert says in str(caught.value)
    assert world.records("customer")[id] is before


def test_fields_that_are_none_are_refused(world: RecordStore) -> None:
    with pytest.raises(InputError, match="Fields are an object"):
        world.create("customer", ["health"], NOW)  # type: ignore[arg-type]


def test_without_validation_everything_is_let_through(world: RecordStore) -> None:
    id = made(world, "customer")
    fields = {"helth": 1, "arr": "12", "name.first": "x", "tags.9": "y"}
    data = world.change("customer", id, fields, LATER, validate=False).events[0].data
    assert (data["helth"], data["arr"], data["name"]) == (1, "12", {"first": "x"})
    assert data["tags"] == {"9": "y"}
    other = world.create("contact", {"customer_id": "none"}, NOW, validate=False).events[0].data
    assert other["customer_id"] == "none"


def test_an_unknown_object_or_record_is_answered_with_the_nearest(world: RecordStore) -> None:
    id = made(world, "customer")
    with pytest.raises(NotFound, match='Did you mean "customer"') as caught:
        world.records("custmer")
    assert caught.value.pointer == "/object"
    with pytest.raises(NotFound, match=f'Did you mean "{id}"') as caught:
        world.change("customer", id[:-1], {}, NOW)
    assert caught.value.pointer == "/id"
    with pytest.raises(NotFound, match=f'Did you mean "{id}"'):
        world.delete("customer", id[:-1], NOW)
    with pytest.raises(NotFound, match='no object "endpoint"'):
        world.create("endpoint", {}, NOW)


def test_a_customer_goes_with_all_that_belongs_to_it(world: RecordStore) -> None:
    other = made(world, "task")
    id = made(world, "customer")
    contacts = [made(world, "contact", customer_id=id) for _ in range(2)]
    onboarding = made(world, "onboarding", customer_id=id)
    task = made(world, "task", onboarding_id=onboarding)
    change = world.delete("customer", id, LATER)
    assert {(record.object, record.id, record.record) for record in change.records} == {
        ("customer", id, None),
        ("onboarding", onboarding, None),
        ("task", task, None),
        *(("contact", contact, None) for contact in contacts),
    }
    assert types(change) == ["contact.deleted", "contact.deleted", "customer.deleted"]
    assert change.events[-1].data["id"] == id
    assert change.events[-1].data["updated_at"] == format_rfc3339(NOW)
    assert set(world.records("task")) == {other}
    assert len(world.records("customer")) == 1


def test_a_contact_that_goes_is_no_primary_contact_any_more(world: RecordStore) -> None:
    made(world, "customer")
    contact = made(world, "contact")
    onboarding = made(world, "onboarding")
    unlinked = made(world, "onboarding", primary_contact_id=None)
    change = world.delete("contact", contact, LATER)
    assert types(change) == ["onboarding.updated", "contact.deleted"]
    assert change.events[0].changed == ("primary_contact_id", "updated_at")
    assert world.records("onboarding")[onboarding]["primary_contact_id"] is None
    assert world.records("onboarding")[unlinked]["updated_at"] == format_rfc3339(NOW)
    assert world.records("contact") == {}


def test_deleting_what_has_no_event_fires_none(world: RecordStore) -> None:
    change = world.delete("task", made(world, "task"), LATER)
    assert (len(change.records), change.events) == (1, ())
