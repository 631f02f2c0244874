"""Records of objects that only a user's own catalog knows: made like the catalog's examples."""

from collections.abc import Mapping
from typing import Any

from pivotal_sandbox.core.catalog import EventType
from pivotal_sandbox.core.draw import Draw
from pivotal_sandbox.core.ids import Ids, is_id
from pivotal_sandbox.core.instant import rfc3339
from pivotal_sandbox.core.model import Record
from pivotal_sandbox.core.value import copied


def record_like(event_type: EventType, draw: Draw, ids: Ids, now: int) -> Record:
    """Return the example's `data` with an id of its own, made now."""
    record: Record = copied(event_type.example["data"])
    if "id" in record:
        record["id"] = _id_like(record["id"], draw, ids, now)
    for field in ("created_at", "updated_at"):
        if isinstance(record.get(field), str):
            record[field] = rfc3339(now)
    return record


def key_of(record: Mapping[str, Any]) -> str | None:
    """Return the record's id as a text, or None where it has none that a text can hold."""
    id = record.get("id")
    return str(id) if isinstance(id, str | int) else None


def _id_like(id: Any, draw: Draw, ids: Ids, now: int) -> Any:
    """Return another id of the same form: ours are made anew, others get other digits."""
    if isinstance(id, int) and not isinstance(id, bool):
        return draw.between(10 ** (len(str(id)) - 1), 10 ** len(str(id)) - 1)
    if not isinstance(id, str):
        return id
    prefix, bar, rest = id.rpartition("_")
    if is_id(prefix + bar, id):
        return ids.new(prefix + bar, now)
    return prefix + bar + draw.digits("".join("#" if c in "0123456789" else c for c in rest))
