"""Events with a content that surprises: genuine all the same, and as the schema has them."""

import json
import unicodedata
from typing import Any

import pytest
from tests.conftest import NewWorld
from tests.records.conftest import NOW

from pivotal_sandbox.common.json_schema import Schema
from pivotal_sandbox.domain.catalog import PING, Catalog
from pivotal_sandbox.domain.catalog_loader import load_catalog
from pivotal_sandbox.domain.models import Event
from pivotal_sandbox.domain.payload import build_body
from pivotal_sandbox.errors import InputError
from pivotal_sandbox.faults.content import BIG, DELAY, LARGE, OF_EVENTS, alter_event

TYPES = [event_type.name for event_type in load_catalog() if event_type.name != PING]


@pytest.fixture(scope="module")
def events(new_world: NewWorld) -> dict[str, Event]:
    """One event of each type."""
    found = {}
    for type in TYPES:
        data = new_world().trigger(type, NOW).events[0].data
        found[type] = Event(f"evt_{type}", type, "test", NOW, build_body("evt_1", type, NOW, data))
    return found


def body(event: Event) -> Any:
    return json.loads(event.body)


def leaves(value: Any, at: str = "") -> dict[str, Any]:
    """Return every part of a value that has no parts of its own, by its path."""
    parts = value.items() if isinstance(value, dict) else enumerate(value)
    found: dict[str, Any] = {}
    for key, part in parts:
        path = f"{at}.{key}" if at else str(key)
        found |= leaves(part, path) if isinstance(part, dict | list) else {path: part}
    return found


@pytest.mark.parametrize("fault", sorted(OF_EVENTS))
@pytest.mark.parametrize("type", TYPES)
def test_every_type_can_have_it_and_keeps_id_time_and_mode(
    type: str, fault: str, events: dict[str, Event], catalog: Catalog
) -> None:
    before, after = events[type], alter_event(fault, events[type], catalog)
    assert after.body != before.body
    after.body.decode()  # the index of the payloads takes text only
    assert (after.id, after.mode, after.changed) == (before.id, before.mode, before.changed)
    assert (after.created_at == before.created_at) is (fault != "delayed")
    assert (after.type == before.type) is (fault != "unknown-event-type")


@pytest.mark.parametrize("fault", ["null-optionals", "unicode", "big-integers", "delayed"])
@pytest.mark.parametrize("type", TYPES)
def test_these_are_still_as_the_schema_has_them(
    type: str, fault: str, events: dict[str, Event], catalog: Catalog
) -> None:
    spoilt = body(alter_event(fault, events[type], catalog))
    Schema(catalog.get(type).schema).check(spoilt["data"])
    assert list(spoilt) == ["id", "type", "created_at", "data"]


def test_other_faults_leave_events_alone(events: dict[str, Event], catalog: Catalog) -> None:
    event = events["task.created"]
    assert alter_event("wrong-secret", event, catalog) is event


def test_an_unknown_type_is_unknown_to_the_catalog(
    events: dict[str, Event], catalog: Catalog
) -> None:
    spoilt = alter_event("unknown-event-type", events["phase.changed"], catalog)
    assert spoilt.type == body(spoilt)["type"] == "onboarding.reassigned"
    assert spoilt.type not in catalog


def test_a_type_that_a_catalog_of_ones_own_has_is_not_called_unknown() -> None:
    entry = {"object": "customer", "schema": {}}
    names = ["customer.updated", "customer.reassigned"]
    own = Catalog.parse(
        {
            "event_types": [
                {**entry, "name": name, "example": {"type": name, "data": {}}} for name in names
            ]
        }
    )
    event = Event("evt_1", names[0], "test", NOW, build_body("evt_1", names[0], NOW, {}))
    assert alter_event("unknown-event-type", event, own).type == "customer.reassigned_again"


def test_extra_fields_are_at_the_top_and_in_data(
    events: dict[str, Event], catalog: Catalog
) -> None:
    before, after = (
        body(schema)
        for schema in (
            events["task.created"],
            alter_event("extra-fields", events["task.created"], catalog),
        )
    )
    extra = {"x_unknown": {"nested": [1, None, "added later"]}}
    assert after == {**before, "data": before["data"] | extra} | extra


def test_whatever_may_be_null_is(events: dict[str, Event], catalog: Catalog) -> None:
    data = body(alter_event("null-optionals", events["customer.at_risk"], catalog))["data"]
    assert [data[key] for key in ("domain", "email", "owner", "arr", "health_reason")] == [None] * 5
    assert set(data["custom_fields"].values()) == {None}
    assert data["name"]
    assert data["health"] == "at_risk"


def test_free_text_is_in_many_scripts_and_what_has_a_form_keeps_it(
    events: dict[str, Event], catalog: Catalog
) -> None:
    event = events["task.created"]
    before, after = leaves(body(event)), leaves(body(alter_event("unicode", event, catalog)))
    changed = {path: value for path, value in after.items() if value != before[path]}
    assert "data.title" in changed
    assert not changed.keys() & {"id", "data.id", "data.status", "data.due_date", "data.created_at"}
    text = changed["data.title"]
    scripts = {unicodedata.name(char).split()[0] for char in text if char.isalpha()}
    assert {"LATIN", "GREEK", "CYRILLIC", "HEBREW", "ARABIC", "CJK", "THAI"} <= scripts
    assert max(text) > "\uffff"
    assert "\u2028" in text
    assert any(unicodedata.combining(char) for char in text)
    assert any(unicodedata.bidirectional(char) in ("R", "AL") for char in text)


def test_no_two_texts_are_the_same_where_items_are_to_be_unique(catalog: Catalog) -> None:
    data = catalog.get("customer.created").example["data"] | {"tags": ["a", "b", "c"]}
    event = Event(
        "e", "customer.created", "test", NOW, build_body("e", "customer.created", NOW, data)
    )
    tags = body(alter_event("unicode", event, catalog))["data"]["tags"]
    assert len(set(tags)) == 3
    assert all(len(tag) <= 40 for tag in tags)


def test_big_integers_are_exact_where_nothing_bounds_them(
    events: dict[str, Event], catalog: Catalog
) -> None:
    event = alter_event("big-integers", events["customer.created"], catalog)
    data = body(event)["data"]
    assert data["seats"] == data["custom_fields"]["big_integer"] == 9_007_199_254_740_993 == BIG
    assert data["health_score"] in (None, *range(101))
    assert event.body.count(b"9007199254740993") == 2
    contact = body(alter_event("big-integers", events["contact.created"], catalog))["data"]
    assert contact["primary"] in (True, False)


def test_a_large_body_is_a_mebibyte_to_the_byte(events: dict[str, Event], catalog: Catalog) -> None:
    spoilt = alter_event("large-body", events["customer.created"], catalog)
    assert len(spoilt.body) == LARGE == 1_048_576
    data = body(spoilt)["data"]
    assert set(data.pop("padding")) == {"x"}
    assert data == body(events["customer.created"])["data"]


def test_a_body_that_is_larger_already_stays_as_large(catalog: Catalog) -> None:
    data = {"name": "x" * LARGE}
    event = Event("e", "task.created", "test", NOW, build_body("e", "task.created", NOW, data))
    assert body(alter_event("large-body", event, catalog))["data"] == {**data, "padding": ""}


def test_an_empty_body_has_no_bytes_and_invalid_json_half_of_them(
    events: dict[str, Event], catalog: Catalog
) -> None:
    event = events["customer.created"]
    assert alter_event("empty-body", event, catalog).body == b""
    cut = alter_event("invalid-json", event, catalog).body
    assert cut == event.body[: len(event.body) // 2]
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        json.loads(cut)


@pytest.mark.parametrize("padding", ["", "a", "ab", "abc"])
def test_json_is_cut_between_two_characters(padding: str, catalog: Catalog) -> None:
    body = build_body("e", "task.created", NOW, {"title": padding + "é" * 200})
    event = Event("e", "task.created", "test", NOW, body)
    assert alter_event("invalid-json", event, catalog).body.decode().endswith("é")


def test_a_delayed_event_happened_six_hours_ago(events: dict[str, Event], catalog: Catalog) -> None:
    spoilt = alter_event("delayed", events["customer.created"], catalog)
    assert spoilt.created_at == NOW - DELAY == NOW - 6 * 60 * 60 * 1000
    assert body(spoilt)["created_at"] == "2026-05-28T14:26:40.000Z"


@pytest.mark.parametrize("fault", ["null-optionals", "unicode", "big-integers"])
def test_where_there_is_nothing_to_spoil_it_is_refused(fault: str, catalog: Catalog) -> None:
    data = {"endpoint_id": "ep_1", "mode": "test"}
    ping = Event("evt_1", PING, "test", NOW, build_body("evt_1", PING, NOW, data))
    with pytest.raises(InputError, match=rf"schema of webhook\.ping lets {fault} change") as caught:
        alter_event(fault, ping, catalog)
    assert caught.value.pointer == "/fault"


def test_what_may_be_null_by_an_enumeration_is_and_a_constant_stays() -> None:
    schema = {
        "properties": {
            "may": {"enum": ["a", None]},
            "must": {"enum": ["a"]},
            "is": {"const": "a"},
            "one": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            "whole": {"type": "integer", "multipleOf": 5},
        }
    }
    own = Catalog.parse(
        {
            "event_types": [
                {
                    "name": "a.b",
                    "object": "a",
                    "schema": schema,
                    "example": {"type": "a.b", "data": {}},
                }
            ]
        }
    )
    data = {"may": "a", "must": "a", "is": "a", "one": "a", "whole": 5}
    event = Event("evt_1", "a.b", "test", NOW, build_body("evt_1", "a.b", NOW, data))
    assert body(alter_event("null-optionals", event, own))["data"] == {
        **data,
        "may": None,
        "one": None,
    }
