"""Load a catalog from JSON, YAML or an OpenAPI document."""

import json
from pathlib import Path
from typing import Any

import pytest

from pivotal_sandbox.domain.catalog_loader import load_catalog
from pivotal_sandbox.errors import InputError
from pivotal_sandbox.package_data import FIXTURES

EXAMPLE = {
    "id": "evt_1",
    "type": "invoice.paid",
    "created_at": "2026-05-24T08:00:00.000Z",
    "data": {"id": "inv_1", "total": 5},
}
SCHEMA = {"type": "object", "properties": {"total": {"type": "integer"}}}


def write(folder: Path, **entry: Any) -> Path:
    path = folder / "catalog.json"
    whole = {"name": "invoice.paid", "object": "invoice", "schema": SCHEMA, "example": EXAMPLE}
    path.write_text(json.dumps({"event_types": [{**whole, **entry}]}))
    return path


def test_the_built_in_catalog_is_read_with_its_files_and_once() -> None:
    catalog = load_catalog()
    assert len(catalog) == 21
    assert catalog.objects == ("customer", "contact", "onboarding", "task")
    assert catalog.get("task.created").schema["title"] == "Task"
    assert catalog.get("task.created").example["type"] == "task.created"
    assert load_catalog() is catalog


def test_the_built_in_catalog_can_be_read_as_a_users_own() -> None:
    own = load_catalog(FIXTURES / "catalog.json")
    assert list(own) == list(load_catalog())


def test_a_users_own_catalog_holds_objects_or_names_files_beside_it(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts/schema.json").write_text(json.dumps(SCHEMA))
    catalog = load_catalog(write(tmp_path, schema="parts/schema.json"))
    assert catalog.get("invoice.paid").schema == SCHEMA
    assert catalog.get("invoice.paid").example == EXAMPLE


def test_a_byte_order_mark_is_no_hindrance(tmp_path: Path) -> None:
    path = write(tmp_path)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert len(load_catalog(path)) == 1


def refused(path: Path) -> InputError:
    with pytest.raises(InputError) as caught:
        load_catalog(path)
    assert str(path) in str(caught.value)
    return caught.value


def test_a_catalog_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert "cannot be read: No such file or directory." in str(refused(tmp_path / "none.json"))


def test_a_name_that_no_file_can_have_is_refused(tmp_path: Path) -> None:
    assert "cannot be read: embedded null byte." in str(refused(write(tmp_path, schema="a\0b")))


def test_a_file_that_is_not_there_is_named_with_the_place_that_names_it(tmp_path: Path) -> None:
    error = refused(write(tmp_path, example="gone.json"))
    assert error.pointer == "/event_types/0/example"
    assert "gone.json" in str(error)
    assert "at /event_types/0/example" in str(error)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"{", "is no JSON: Input data was truncated"),
        (b'{"event_types": [x]}', "(byte 17)"),
        (b'{"a": "\xff"}', "is no JSON"),
        (b"[" * 100_000, "is no JSON"),
        (b"[]", "The catalog is an object"),
        (b'{"event_types": [5]}', "at /event_types/0: An event type is an object"),
    ],
)
def test_a_broken_catalog_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "catalog.json"
    path.write_bytes(content)
    assert says in str(refused(path))


def test_a_schema_that_is_none_is_refused_at_its_place(tmp_path: Path) -> None:
    error = refused(write(tmp_path, schema={"type": "objct"}))
    assert error.pointer == "/event_types/0/schema/type"


def test_an_example_unlike_its_schema_is_refused_at_its_place(tmp_path: Path) -> None:
    example = {**EXAMPLE, "data": {"total": "5"}}
    assert refused(write(tmp_path, example=example)).pointer == "/event_types/0/example/data/total"


OPENAPI = """\
openapi: 3.1.0
info: {title: Invoices, version: 2026-05-24}
webhooks:
  invoice.paid:
    post:
      summary: An invoice is paid
      requestBody:
        content:
          application/json:
            schema: {$ref: "#/components/schemas/Invoice"}
            example: {id: inv_1, paid_at: 2026-05-24T08:00:00Z, total: 5}
      responses:
        200: {description: Thanks}
components:
  schemas:
    Invoice:
      type: object
      properties:
        paid_at: {type: string, format: date-time}
        total: {type: integer}
"""


@pytest.mark.parametrize("name", ["openapi.yaml", "openapi.YML"])
def test_the_webhooks_of_an_openapi_document_are_a_catalog(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(OPENAPI)
    [event_type] = load_catalog(path)
    assert (event_type.name, event_type.description) == ("invoice.paid", "An invoice is paid")
    # A date in YAML is the text that it would be in JSON.
    assert event_type.example["data"] == {
        "id": "inv_1",
        "paid_at": "2026-05-24T08:00:00Z",
        "total": 5,
    }


def test_an_openapi_document_may_be_json_too(tmp_path: Path) -> None:
    path = tmp_path / "openapi.json"
    body = {"content": {"application/json": {"schema": SCHEMA}}}
    webhooks = {"invoice.paid": {"post": {"requestBody": body}}}
    path.write_text(json.dumps({"openapi": "3.1.1", "webhooks": webhooks}))
    assert load_catalog(path).get("invoice.paid").example["data"] == {"total": 1}


def test_the_catalogs_own_format_may_be_yaml_too(tmp_path: Path) -> None:
    path = write(tmp_path)
    assert list(load_catalog(path.rename(tmp_path / "catalog.yaml"))) == list(
        load_catalog(write(tmp_path))
    )


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (
            OPENAPI.replace("total: 5", "total: five"),
            "at /webhooks/invoice.paid/example/data/total",
        ),
        (OPENAPI.replace("3.1.0", "3.0.3"), "at /openapi: Webhooks are a part of OpenAPI 3.1"),
        (OPENAPI.replace('schemas/Invoice"', 'schemas/Invoce"'), "leads nowhere"),
        ("openapi: [3.1", "line 1, column 14: this is no YAML"),
        ("a: !!python/object:os.system x", "this is no YAML: could not determine a constructor"),
        ("a: \x01", "this is no YAML"),
        ("&a [*a]", "this is no YAML"),
        ("", "The catalog is an object"),
    ],
)
def test_a_broken_document_is_refused_at_its_place(tmp_path: Path, content: str, says: str) -> None:
    path = tmp_path / "openapi.yaml"
    path.write_text(content)
    assert says in str(refused(path))
