import json
from typing import Any

import pytest

from pivotal_sandbox.common.json_schema import Schema
from pivotal_sandbox.common.json_values import deep_copy
from pivotal_sandbox.domain.catalog_loader import load_catalog
from pivotal_sandbox.domain.openapi_catalog import is_openapi, webhooks_catalog
from pivotal_sandbox.errors import InputError
from pivotal_sandbox.web.api.operations import OPERATIONS
from pivotal_sandbox.web.openapi import document

INVOICE = {
    "type": "object",
    "properties": {"id": {"type": "string"}, "lines": {"$ref": "#/components/schemas/Lines"}},
    "required": ["id", "lines"],
}
LINES = {"type": "array", "items": {"$ref": "#/components/schemas/Line"}}
LINE = {
    "type": "object",
    "properties": {"total": {"type": "integer"}, "part_of": {"$ref": "#/components/schemas/Line"}},
}


def described(body: Any, **more: Any) -> dict[str, Any]:
    content = {"application/json": {"schema": body, **more}}
    return {
        "openapi": "3.1.0",
        "webhooks": {
            "invoice.paid": {"post": {"summary": "It is paid", "requestBody": {"content": content}}}
        },
        "components": {"schemas": {"Invoice": INVOICE, "Lines": LINES, "Line": LINE}},
    }


def test_our_own_description_comes_back_as_our_own_catalog() -> None:
    own = load_catalog()
    back = webhooks_catalog(deep_copy(document(OPERATIONS, own)))
    assert [event_type.name for event_type in back] == [event_type.name for event_type in own]
    for event_type in back:
        assert event_type.schema == own.get(event_type.name).schema
        assert event_type.example["data"] == own.get(event_type.name).example["data"]
        assert event_type.description == own.get(event_type.name).description


def test_a_body_that_is_no_event_is_its_data_and_what_it_refers_to_comes_along() -> None:
    [event_type] = webhooks_catalog(described({"$ref": "#/components/schemas/Invoice"}))
    assert (event_type.name, event_type.object, event_type.description) == (
        "invoice.paid",
        "invoice",
        "It is paid",
    )
    assert event_type.example["data"]["id"] == "text"
    schema = Schema(event_type.schema)
    schema.check({"id": "1", "lines": [{"total": 1, "part_of": {"total": 2}}]})
    with pytest.raises(InputError, match="must be an integer"):
        schema.check({"id": "1", "lines": [{"part_of": {"total": "2"}}]})
    assert schema.has("lines.0.total")


def test_of_a_body_that_is_an_event_it_is_the_data() -> None:
    event = {"type": "object", "properties": {"type": {}, "data": LINE}}
    example = {"type": "whatever", "data": {"total": 5}}
    [event_type] = webhooks_catalog(described(event, example=example))
    assert event_type.example["type"] == "invoice.paid"
    assert event_type.example["data"] == {"total": 5}
    assert event_type.schema["properties"]["total"] == {"type": "integer"}


@pytest.mark.parametrize(
    "more",
    [
        {"examples": {"first": {"value": {"total": 7}}, "second": {"value": {"total": 8}}}},
        {"example": {"total": 7}},
    ],
)
def test_the_first_example_that_is_given_is_taken(more: dict[str, Any]) -> None:
    [event_type] = webhooks_catalog(described({"$ref": "#/components/schemas/Line"}, **more))
    assert event_type.example["data"] == {"total": 7}


@pytest.mark.parametrize("more", [{"examples": [{"total": 7}]}, {"example": {"total": 7}}])
def test_an_example_may_stand_in_the_schema(more: dict[str, Any]) -> None:
    [event_type] = webhooks_catalog(described({**LINE, **more}))
    assert event_type.example["data"] == {"total": 7}


def test_a_webhook_may_be_a_reference_and_its_key_a_path() -> None:
    given = described(INVOICE)
    given["components"]["pathItems"] = {"p": given["webhooks"].pop("invoice.paid")}
    given["webhooks"]["invoice"] = {"$ref": "#/components/pathItems/p"}
    assert [event_type.name for event_type in webhooks_catalog(given)] == ["invoice"]


def without(path: str) -> dict[str, Any]:
    whole: dict[str, Any] = deep_copy(described(INVOICE))
    *above, last = path.split("/")
    node = whole
    for part in above:
        node = node[part.replace("~1", "/")]
    del node[last.replace("~1", "/")]
    return whole


CONTENT = "webhooks/invoice.paid/post/requestBody/content"


@pytest.mark.parametrize(
    "path",
    [
        "webhooks",
        "webhooks/invoice.paid/post",
        "webhooks/invoice.paid/post/requestBody",
        CONTENT,
        f"{CONTENT}/application~1json/schema",
        "components/schemas/Line",
    ],
)
def test_what_is_missing_is_named_by_its_place(path: str) -> None:
    with pytest.raises(InputError) as refused:
        webhooks_catalog(without(path))
    wanted = f"/{path}"
    if path.startswith("components"):
        assert '"#/components/schemas/Line" leads nowhere' in str(refused.value)
        wanted = f"/{CONTENT}/application~1json/schema/$ref"
    assert refused.value.pointer == wanted


@pytest.mark.parametrize(
    ("given", "says", "pointer"),
    [
        ({"openapi": "3.0.3"}, '3.1; this document is of "3.0.3"', "/openapi"),
        ({"swagger": "2.0"}, '3.1; this document is of "2.0"', "/swagger"),
        ({"openapi": "3.1.0", "webhooks": {}}, "one webhook or more", "/webhooks"),
        ({"openapi": "3.1.0", "webhooks": {"a": 5}}, "This is an object", "/webhooks/a"),
        (
            {"openapi": "3.1.0", "webhooks": {"a": {"$ref": "#/webhooks/a"}}},
            "refers to itself",
            "/webhooks/a",
        ),
        (
            {"openapi": "3.1.0", "webhooks": {"a": {"post": {"requestBody": {"content": {}}}}}},
            "application/json",
            "/webhooks/a/post/requestBody/content",
        ),
    ],
)
def test_what_is_wrong_is_named_by_its_place(given: Any, says: str, pointer: str) -> None:
    with pytest.raises(InputError) as refused:
        webhooks_catalog(given)
    assert says in str(refused.value)
    assert refused.value.pointer == pointer


@pytest.mark.parametrize(
    ("body", "more", "pointer"),
    [
        (LINE, {"example": {"total": "much"}}, "/webhooks/invoice.paid/example/data/total"),
        (LINE, {"example": [1]}, "/webhooks/invoice.paid/example"),
        ({"type": "nonsense"}, {"example": {}}, "/webhooks/invoice.paid/schema/type"),
        (
            {"properties": {"type": {}, "data": LINE}},
            {"example": [1]},
            "/webhooks/invoice.paid/example",
        ),
        (
            {"properties": {"type": {}, "data": True}},
            {},
            f"/{CONTENT}/application~1json/schema/properties/data",
        ),
    ],
)
def test_what_the_catalog_refuses_is_named_by_its_webhook(
    body: Any, more: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(InputError) as refused:
        webhooks_catalog(described(body, **more))
    assert refused.value.pointer == pointer


def test_a_document_is_known_by_its_version() -> None:
    assert is_openapi({"openapi": "3.1.0"})
    assert is_openapi({"swagger": "2.0"})
    assert not is_openapi({"event_types": []})
    assert not is_openapi([json.dumps("openapi")])
