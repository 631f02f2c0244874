"""The event types, and which endpoint wants which event."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pivotal_sandbox.domain.catalog import (
    PING,
    Catalog,
    EventType,
    check_subscription,
    subscribed,
)
from pivotal_sandbox.domain.models import Endpoint, Event, Mode
from pivotal_sandbox.errors import InputError, NotFound

CUSTOMER = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"health": {}, "owner": {"type": "object", "properties": {"name": {}}}},
}


def entry(name: str = "invoice.paid", **more: Any) -> dict[str, Any]:
    example = {"id": "1", "type": name, "created_at": "2026-05-24T08:00:00.000Z", "data": {}}
    return {
        "name": name,
        "object": "invoice",
        "schema": {"type": "object"},
        "example": example,
        **more,
    }


def parse(*entries: Any) -> Catalog:
    return Catalog.parse({"event_types": list(entries)})


def endpoint(*event_types: str, fields: tuple[str, ...] = (), **more: Any) -> Endpoint:
    return Endpoint(
        id="ep_1",
        url="http://127.0.0.1/",
        mode=more.pop("mode", "test"),
        secret="whsec_1",
        created_at=0,
        event_types=event_types or ("*",),
        field_filter=fields,
        **more,
    )


def event(type: str = "customer.updated", *changed: str, mode: Mode = "test") -> Event:
    return Event("evt_1", type, mode, 0, b"{}", changed)


# -- reading


def test_the_types_keep_their_order_and_are_found_by_name() -> None:
    catalog = parse(entry("b.x", description="When.", documented=True), entry("a.x"), entry(PING))
    assert [event_type.name for event_type in catalog] == ["b.x", "a.x", PING]
    assert len(catalog) == 3
    assert "a.x" in catalog
    assert "c.x" not in catalog
    assert catalog.get("b.x") == EventType(
        name="b.x",
        object="invoice",
        description="When.",
        documented=True,
        schema={"type": "object"},
        example=entry("b.x")["example"],
    )
    assert (catalog.get("a.x").description, catalog.get("a.x").documented) == ("", False)


def test_the_objects_are_those_with_records() -> None:
    catalog = parse(entry("b.x"), entry("b.y"), entry("a.x", object="a"), entry(PING, object="ep"))
    assert catalog.objects == ("invoice", "a")


def test_an_unknown_type_is_answered_with_the_nearest(catalog: Catalog) -> None:
    with pytest.raises(NotFound) as caught:
        catalog.get("customer.atrisk")
    assert caught.value.pointer == "/type"
    assert str(caught.value) == (
        'There is no event type "customer.atrisk". Did you mean "customer.at_risk"?'
    )


def without(key: str) -> dict[str, Any]:
    return {name: value for name, value in entry().items() if name != key}


@pytest.mark.parametrize(
    ("document", "pointer", "says"),
    [
        ([], "", "The catalog is an object with event_types."),
        ({"event_type": []}, "/event_type", 'Did you mean "event_types"?'),
        ({}, "/event_types", "one type or more"),
        ({"event_types": {}}, "/event_types", "one type or more"),
        ({"event_types": []}, "/event_types", "one type or more"),
        ({"event_types": [5]}, "/event_types/0", "An event type is an object with name, object,"),
        ({"event_types": [entry(nmae="a")]}, "/event_types/0/nmae", 'Did you mean "name"?'),
        ({"event_types": [without("name")]}, "/event_types/0/name", 'lacks "name"'),
        ({"event_types": [without("object")]}, "/event_types/0/object", 'lacks "object"'),
        ({"event_types": [without("schema")]}, "/event_types/0/schema", "which is an object"),
        ({"event_types": [without("example")]}, "/event_types/0/example", 'lacks "example"'),
        ({"event_types": [entry(object=5)]}, "/event_types/0/object", "which is a string"),
        ({"event_types": [entry(description=5)]}, "/event_types/0/description", "a string"),
        ({"event_types": [entry(documented=1)]}, "/event_types/0/documented", "true or false"),
        ({"event_types": [entry("a b")]}, "/event_types/0/name", '"a b" is no name'),
        ({"event_types": [entry("a\n")]}, "/event_types/0/name", "is no name"),
        ({"event_types": [entry("*")]}, "/event_types/0/name", "is no name"),
        ({"event_types": [entry("a" * 65)]}, "/event_types/0/name", "64 at most"),
        ({"event_types": [entry(), entry()]}, "/event_types/1/name", "listed twice"),
        (
            {"event_types": [entry(), entry("a.b", example=entry()["example"])]},
            "/event_types/1/example",
            'its "type" is "a.b"',
        ),
        (
            {"event_types": [entry(example={"type": "invoice.paid", "data": []})]},
            "/event_types/0/example",
            'its "data" an object',
        ),
    ],
)
def test_a_wrong_catalog_is_refused_at_the_place(document: Any, pointer: str, says: str) -> None:
    with pytest.raises(InputError) as caught:
        Catalog.parse(document)
    assert caught.value.pointer == pointer
    assert says in str(caught.value)


keys = st.sampled_from(["event_types", "name", "object", "schema", "example", "type", "data", "x"])
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["a.b", "", "invoice"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=5),
    max_leaves=15,
)


@given(anything)
def test_any_json_is_a_catalog_or_an_input_error(document: Any) -> None:
    try:
        catalog = Catalog.parse(document)
    except InputError:
        return
    assert len(catalog) > 0


def test_a_schema_that_is_none_is_refused_at_its_place() -> None:
    catalog = parse(entry(), entry("a.b", schema={"properties": {"n": {"type": "nmuber"}}}))
    with pytest.raises(InputError, match="no JSON Schema") as caught:
        catalog.check()
    assert caught.value.pointer == "/event_types/1/schema/properties/n/type"


def test_an_example_that_is_not_as_its_schema_has_it_is_refused_at_its_place() -> None:
    example = {**entry()["example"], "data": {"n": "1"}}
    catalog = parse(entry(schema={"properties": {"n": {"type": "integer"}}}, example=example))
    with pytest.raises(InputError, match="must be an integer") as caught:
        catalog.check()
    assert caught.value.pointer == "/event_types/0/example/data/n"


def test_the_built_in_catalog_passes_the_check(catalog: Catalog) -> None:
    catalog.check()


# -- subscribing


@pytest.mark.parametrize(
    ("wanting", "happened", "yes"),
    [
        (endpoint(), event(), True),
        (endpoint("customer.updated"), event(), True),
        (endpoint("task.updated", "customer.updated"), event(), True),
        (endpoint("customer.created"), event(), False),
        (endpoint("customer.created", "*"), event(), True),
        (endpoint("customer"), event(), False),
        (endpoint(enabled=False), event(), False),
        (endpoint(mode="live"), event(), False),
        (endpoint(mode="live"), event(mode="live"), True),
        (endpoint(), event(mode="live"), False),
        (endpoint("*", PING), event(PING), False),
    ],
)
def test_mode_state_and_types_decide(wanting: Endpoint, happened: Event, yes: bool) -> None:
    assert subscribed(wanting, happened) is yes


@pytest.mark.parametrize(
    ("fields", "changed", "yes"),
    [
        (("health",), ("health",), True),
        (("health",), ("arr", "health"), True),
        (("arr", "health"), ("health",), True),
        (("owner",), ("owner.name",), True),
        (("owner.name",), ("owner",), True),
        (("owner.name",), ("owner.email",), False),
        (("phases",), ("phases.0.status",), True),
        (("heal",), ("health",), False),
        (("health",), ("heal",), False),
        (("health",), (), False),
        ((), (), True),
    ],
)
def test_a_field_filter_lets_an_update_through_where_a_path_of_it_changed(
    fields: tuple[str, ...], changed: tuple[str, ...], yes: bool
) -> None:
    assert subscribed(endpoint(fields=fields), event("customer.updated", *changed)) is yes


@pytest.mark.parametrize("type", ["customer.at_risk", "customer.created", "phase.changed"])
def test_a_field_filter_is_for_updates_only(type: str) -> None:
    assert subscribed(endpoint(fields=("arr",)), event(type, "health"))


def test_a_field_filter_does_not_overrule_the_types() -> None:
    assert not subscribed(endpoint("task.updated", fields=("arr",)), event("x.updated", "arr"))


@pytest.mark.parametrize(
    ("event_types", "field_filter"),
    [
        (["*"], []),
        (["customer.created", "webhook.ping"], []),
        (["*"], ["health", "owner.email", "owner", "custom_fields.anything", "tags.0"]),
        (["*"], ["phases.3.status", "due_date", "last_seen_at"]),
    ],
)
def test_what_is_in_the_catalog_can_be_subscribed_to(
    catalog: Catalog, event_types: list[str], field_filter: list[str]
) -> None:
    check_subscription(event_types, field_filter, catalog)


@pytest.mark.parametrize(
    ("event_types", "field_filter", "pointer", "says"),
    [
        ([], [], "/event_types", 'Name one event type or more, or "*".'),
        (["*", "customer.updatd"], [], "/event_types/1", 'Did you mean "customer.updated"?'),
        (["customer.*"], [], "/event_types/0", '"*" stands for all'),
        (["*"], ["health", "helth"], "/field_filter/1", 'Did you mean "health"?'),
        (["*"], ["owner.nmae"], "/field_filter/0", 'Did you mean "owner.name"?'),
        (["*"], ["phases.status"], "/field_filter/0", 'Did you mean "phases.0.status"?'),
        (["*"], ["health.x"], "/field_filter/0", 'has "health.x"'),
        (["*"], [""], "/field_filter/0", 'has ""'),
        (["*"], ["endpoint_id"], "/field_filter/0", 'has "endpoint_id"'),
    ],
)
def test_what_is_not_in_the_catalog_cannot(
    catalog: Catalog, event_types: list[str], field_filter: list[str], pointer: str, says: str
) -> None:
    with pytest.raises(InputError) as caught:
        check_subscription(event_types, field_filter, catalog)
    assert caught.value.pointer == pointer
    assert says in str(caught.value)


def test_every_field_of_an_updated_record_can_be_filtered_by(catalog: Catalog) -> None:
    for event_type in catalog:
        if event_type.name.endswith(".updated"):
            check_subscription(["*"], list(event_type.example["data"]), catalog)
