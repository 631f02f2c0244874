"""The world's records, one row each."""

from collections.abc import Iterable

import msgspec

from pivotal_sandbox.domain.models import Mode, Record
from pivotal_sandbox.records.changes import RecordChange
from pivotal_sandbox.store.database import Database, Row, Table

TABLE = Table("records", ["mode", "object", "id", "data"], key=["mode", "object", "id"])

_encode = msgspec.json.Encoder().encode


def record_rows(mode: Mode, touched: Iterable[RecordChange]) -> list[Row]:
    """Return the rows of records as a change left them; a deleted one leaves a gap."""
    return [Row(TABLE, (mode, t.object, t.id, _encode(t.record))) for t in touched]


async def load_records(database: Database, mode: Mode) -> dict[str, dict[str, Record]]:
    """Return the records of one mode: object -> id -> record, oldest first."""
    query = "SELECT object, id, data FROM records WHERE mode = ? AND data != ? ORDER BY id"
    rows = await database.read(lambda c: c.execute(query, (mode, _encode(None))).fetchall())
    records: dict[str, dict[str, Record]] = {}
    for object, id, data in rows:
        records.setdefault(object, {})[id] = msgspec.json.decode(data)
    return records
