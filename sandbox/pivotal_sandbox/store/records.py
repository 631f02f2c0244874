"""The world's records, one row each."""

import msgspec

from pivotal_sandbox.core.model import Mode, Record
from pivotal_sandbox.store.database import Database, Row, Table

TABLE = Table("records", ["mode", "object", "id", "data"], key=["mode", "object", "id"])

_encode = msgspec.json.Encoder().encode


def record_row(mode: Mode, object: str, id: str, record: Record | None) -> Row:
    """Return the row of a record, or of the gap that a deleted one leaves."""
    return Row(TABLE, (mode, object, id, _encode(record)))


async def load_records(database: Database, mode: Mode) -> dict[str, dict[str, Record]]:
    """Return the records of one mode: object -> id -> record, oldest first."""
    query = "SELECT object, id, data FROM records WHERE mode = ? AND data != ? ORDER BY id"
    rows = await database.read(lambda c: c.execute(query, (mode, _encode(None))).fetchall())
    records: dict[str, dict[str, Record]] = {}
    for object, id, data in rows:
        records.setdefault(object, {})[id] = msgspec.json.decode(data)
    return records
