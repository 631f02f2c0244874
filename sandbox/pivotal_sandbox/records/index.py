"""The records of one mode, found by id, by state and by what they belong to."""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from pivotal_sandbox.common.ids import is_id
from pivotal_sandbox.domain.models import Record
from pivotal_sandbox.records.factory import PREFIXES
from pivotal_sandbox.records.transitions import STATE, STATELESS

LINKS = {
    "contact": {"customer_id": "customer"},
    "onboarding": {"customer_id": "customer", "primary_contact_id": "contact"},
    "task": {"onboarding_id": "onboarding", "customer_id": "customer"},
}
"""The fields that hold ids of other records, the one that a record belongs to first."""


class RecordIndex:
    """Records are replaced, never altered: who holds one holds it as it was."""

    def __init__(self) -> None:
        self._records: dict[str, dict[str, Record]] = {}
        # (object, state) -> id -> when it was put, in that order.
        self._in_state: dict[tuple[str, str], dict[str, int]] = {}
        # (id, object) -> the ids of what belongs to it.
        self._below: dict[tuple[str, str], dict[str, None]] = {}
        self._puts = 0

    def all(self, object: str) -> Mapping[str, Record]:
        """Return the records of that kind by id, the oldest first."""
        return MappingProxyType(self._records.get(object, {}))

    def get(self, object: str, id: str) -> Record | None:
        """Return the record, if there is one."""
        return self._records.get(object, {}).get(id)

    def put(self, object: str, id: str, record: Record) -> None:
        """Keep the record, in place of any that had the id."""
        records = self._records.setdefault(object, {})
        if id in records:
            self._unlist(object, id, records[id])
        records[id] = record
        self._puts += 1
        state = _state(object, id, record)
        if state is not None:
            self._in_state.setdefault((object, state), {})[id] = self._puts
        if (above := _above(object, record)) is not None:
            self._below.setdefault((above, object), {})[id] = None

    def remove(self, object: str, id: str) -> None:
        """Forget the record, if there is one."""
        record = self._records.get(object, {}).pop(id, None)
        if record is not None:
            self._unlist(object, id, record)

    def latest(self, object: str, states: Iterable[str], links: Mapping[str, Any]) -> Record | None:
        """Return the record in one of the states, linked like that, which was put last.

        A record that an unvalidated edit has spoilt is left out.
        """
        found, found_put = None, 0
        for state in states:
            ids = self._in_state.get((object, state), {})
            for id in reversed(ids):
                record = self._records[object][id]
                if all(record.get(field) == value for field, value in links.items()):
                    if ids[id] > found_put:
                        found, found_put = record, ids[id]
                    break
        return found

    def below(self, id: str, object: str) -> Iterator[str]:
        """Yield the ids of the records of that kind that belong to the record, newest first."""
        return reversed(self._below.get((id, object), {}))

    def _unlist(self, object: str, id: str, record: Record) -> None:
        state = _state(object, id, record)
        if state is not None:
            del self._in_state[object, state][id]
        if (above := _above(object, record)) is not None:
            del self._below[above, object][id]
            if not self._below[above, object]:
                del self._below[above, object]


def _above(object: str, record: Record) -> str | None:
    above = record.get(next(iter(LINKS[object]))) if object in LINKS else None
    return above if isinstance(above, str) else None


def _state(object: str, id: str, record: Record) -> str | None:
    """Return the record's state, or None where others cannot build upon the record."""
    if object not in PREFIXES or record.get("id") != id or not is_id(PREFIXES[object], id):
        return None
    for field, kind in LINKS.get(object, {}).items():
        link = record.get(field)
        if link is not None and not (isinstance(link, str) and is_id(PREFIXES[kind], link)):
            return None
    state = record.get(STATE[object]) if object in STATE else STATELESS
    return state if isinstance(state, str) else None
