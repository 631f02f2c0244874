"""Records are restored from the database, and a changed catalog file is reloaded."""

import json
import os
import random
from pathlib import Path
from typing import Any

import pytest

from pivotal_sandbox.common.ids import Ids
from pivotal_sandbox.errors import InputError, NotFound
from pivotal_sandbox.records.changes import Change
from pivotal_sandbox.sandbox.record_stores import RecordStores
from pivotal_sandbox.store.database import Database
from pivotal_sandbox.store.records import record_rows


async def opened(database: Database, file: Path | None = None) -> RecordStores:
    stores = RecordStores(Ids(random.Random(7)), "7", file)
    await stores.load(database)
    return stores


async def fire(stores: RecordStores, type: str, **fields: Any) -> Change:
    return (await stores.get("test")).trigger(type, 7, set=fields)


def names_of(stores: RecordStores) -> list[str]:
    return [event_type.name for event_type in stores.current_catalog()]


def write_catalog(path: Path, *names: str) -> None:
    example = {"id": "evt_1", "created_at": "2026-01-01T00:00:00.000Z", "data": {"id": "inv_1"}}
    types = [
        {
            "name": name,
            "object": "invoice",
            "description": "An invoice.",
            "documented": False,
            "schema": {"type": "object"},
            "example": example | {"type": name},
        }
        for name in names
    ]
    path.write_text(json.dumps({"event_types": types}))


async def test_load_restores_stored_records_and_drops_the_others() -> None:
    database = Database()
    stores = await opened(database)
    kept = await fire(stores, "customer.created", name="Kept")
    await database.put(record_rows("test", kept.records))
    await fire(stores, "customer.created", name="Not kept")
    await stores.load(database)
    updated = await fire(stores, "customer.updated")
    assert updated.events[0].data["name"] == "Kept"
    await database.close()


async def test_a_catalog_is_reloaded_when_its_file_changes(tmp_path: Path) -> None:
    file, database = tmp_path / "catalog.json", Database()
    write_catalog(file, "invoice.created")
    stores = await opened(database, file)
    assert names_of(stores) == ["invoice.created"]
    assert (await fire(stores, "invoice.created")).events[0].type == "invoice.created"
    with pytest.raises(NotFound):
        await fire(stores, "invoice.paid")

    write_catalog(file, "invoice.created", "invoice.paid")
    os.utime(file, ns=(1, 1))  # however coarse the file system's clock is
    assert (await fire(stores, "invoice.paid")).events[0].type == "invoice.paid"

    file.write_text("{")
    for _ in range(2):  # and it is not silently the old one afterwards
        with pytest.raises(InputError, match=r"catalog\.json"):
            await fire(stores, "invoice.paid")
    await database.close()


async def test_the_current_catalog_is_the_last_readable_one(
    tmp_path: Path,
) -> None:
    file, database = tmp_path / "catalog.json", Database()
    write_catalog(file, "invoice.created")
    stores = await opened(database, file)
    write_catalog(file, "invoice.created", "invoice.paid")
    os.utime(file, ns=(1, 1))
    assert names_of(stores) == [
        "invoice.created",
        "invoice.paid",
    ]
    assert (await fire(stores, "invoice.paid")).events[0].type == "invoice.paid"
    file.write_text("{")
    assert names_of(stores) == [
        "invoice.created",
        "invoice.paid",
    ]
    await database.close()


async def test_an_openapi_document_is_reloaded_when_its_file_changes(tmp_path: Path) -> None:
    file, database = tmp_path / "openapi.yaml", Database()
    hook = "{post: {requestBody: {content: {application/json: {schema: {type: object}}}}}}"
    file.write_text(f"openapi: 3.1.0\nwebhooks:\n  invoice.created: {hook}\n")
    stores = await opened(database, file)
    assert names_of(stores) == ["invoice.created"]
    file.write_text(f"openapi: 3.1.0\nwebhooks:\n  invoice.paid: {hook}\n")
    os.utime(file, ns=(1, 1))
    assert (await fire(stores, "invoice.paid")).events[0].type == "invoice.paid"
    await database.close()


async def test_a_fault_of_several_events_that_fails_changes_no_records() -> None:
    database = Database()
    stores = await opened(database)
    for fault in ("out-of-order", "burst", None):
        with pytest.raises(InputError, match="plan"):
            await stores.make_change(
                "test", "customer.at_risk", 7, fault=fault, set={"plan": "gold"}
            )
        assert not (await stores.get("test")).records("customer")
    change = await stores.make_change("test", "customer.at_risk", 7, fault="out-of-order")
    assert [event.type for event in change.events] == ["customer.updated", "customer.at_risk"]
    await database.close()
