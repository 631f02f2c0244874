"""The world's records, kept."""

from pivotal_sandbox.records.changes import RecordChange
from pivotal_sandbox.store.database import Database
from pivotal_sandbox.store.records import load_records, record_rows

ACME = {"id": "cus_2", "name": "Žofie & syn", "arr": 12.5, "tags": [], "owner": None}


async def test_records_are_there_again_in_the_order_of_their_ids(database: Database) -> None:
    rows = record_rows(
        "test",
        [
            RecordChange("customer", "cus_2", ACME),
            RecordChange("customer", "cus_1", {"id": "cus_1"}),
            RecordChange("task", "tsk_1", {"id": "tsk_1"}),
        ],
    )
    await database.put(rows)
    records = await load_records(database, "test")
    assert records == {
        "customer": {"cus_1": {"id": "cus_1"}, "cus_2": ACME},
        "task": {"tsk_1": {"id": "tsk_1"}},
    }
    assert list(records["customer"]) == ["cus_1", "cus_2"]


async def test_the_modes_never_cross(database: Database) -> None:
    await database.put(record_rows("test", [RecordChange("customer", "cus_1", {"mode": "test"})]))
    await database.put(record_rows("live", [RecordChange("customer", "cus_1", {"mode": "live"})]))
    assert await load_records(database, "test") == {"customer": {"cus_1": {"mode": "test"}}}
    assert await load_records(database, "live") == {"customer": {"cus_1": {"mode": "live"}}}


async def test_the_last_state_of_a_record_counts(database: Database) -> None:
    touched = [
        RecordChange("customer", "cus_1", {"name": "a"}),
        RecordChange("customer", "cus_1", {"name": "b"}),
        RecordChange("customer", "cus_2", {"name": "null"}),
    ]
    await database.put(record_rows("test", touched))
    records = await load_records(database, "test")
    assert records == {"customer": {"cus_1": {"name": "b"}, "cus_2": {"name": "null"}}}


async def test_a_deleted_record_is_not_there_any_more(database: Database) -> None:
    await database.put(record_rows("test", [RecordChange("customer", "cus_1", ACME)]))
    await database.put(record_rows("test", [RecordChange("customer", "cus_1", None)]))
    assert await load_records(database, "test") == {}
