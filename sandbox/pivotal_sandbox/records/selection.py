"""Who an event happens to: a record that is fit for it, or a new one with the parents it needs."""

from typing import Any

from pivotal_sandbox.common.durations import DAY
from pivotal_sandbox.common.ids import Ids, is_id
from pivotal_sandbox.common.timestamps import parse_rfc3339
from pivotal_sandbox.domain.models import Record
from pivotal_sandbox.errors import InputError
from pivotal_sandbox.records.changes import Fields, RecordChange
from pivotal_sandbox.records.factory import PREFIXES, RecordFactory
from pivotal_sandbox.records.index import LINKS, RecordIndex
from pivotal_sandbox.records.transitions import OPEN, PHASE_CHANGED, eligible_states


class RecordSelector:
    """Finds and makes records of the four objects. `draft` collects the parents that are made."""

    def __init__(self, index: RecordIndex, maker: RecordFactory, ids: Ids) -> None:
        self._index = index
        self._maker = maker
        self._ids = ids

    def accepts_event(self, type: str, object: str, given: Fields) -> Record | None:
        """Return the record put last to which the event can happen, linked as given."""
        found = self._index.latest(object, eligible_states(type, object), _links(object, given))
        if found and type == PHASE_CHANGED and found.get("progress") == 100:
            return None
        return found

    def make(
        self,
        object: str,
        id: str | None,
        state: str | None,
        given: Fields,
        now: int,
        draft: list[RecordChange],
    ) -> Record:
        """Return a new record: one in `state` that began some weeks ago, or one that begins now."""
        at = now if state is None else now - self._maker.draw.between(20 * DAY, 45 * DAY)
        if object == "customer":
            return self._maker.customer(
                id or self._new_id(object, now), at, now, state or "healthy"
            )
        field, kind = next(iter(LINKS[object].items()))
        above_id, above = self._parent(field, kind, given, now, draft)
        at = max(at, min(now, _created_at(above, at)))
        id = id or self._new_id(object, now)
        if object == "contact":
            return self._maker.contact(id, at, now, above_id, above.get("domain"))
        if object == "task":
            return self._maker.task(id, at, now, above_id, above.get("customer_id"))
        contacts = self._index.below(above_id, "contact")
        contact_id = next(
            (contact for contact in contacts if is_id(PREFIXES["contact"], contact)), None
        )
        return self._maker.onboarding(id, at, now, above_id, contact_id, state or "not_started")

    def _parent(
        self, field: str, kind: str, given: Fields, now: int, draft: list[RecordChange]
    ) -> tuple[str, Record]:
        id = given.get(field)
        if isinstance(id, str) and is_id(PREFIXES[kind], id):
            found = self._index.get(kind, id)
        else:
            id = None
            found = self._index.latest(kind, OPEN[kind], _links(kind, given))
        if found is not None:
            return id or found["id"], found
        made = self.make(kind, id, OPEN[kind][0], given, now, draft)
        draft.append(RecordChange(kind, made["id"], made))
        return made["id"], made

    def _new_id(self, object: str, now: int) -> str:
        return self._ids.new(PREFIXES[object], now)


def _links(object: str, given: Fields) -> dict[str, Any]:
    return {field: given[field] for field in LINKS.get(object, {}) if field in given}


def _created_at(record: Record, otherwise: int) -> int:
    try:
        return parse_rfc3339(str(record.get("created_at")))
    except InputError:  # an edit without validation has spoilt it
        return otherwise
