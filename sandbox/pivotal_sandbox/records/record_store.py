"""The sender's small world of one mode: its records, what changes them, and what that fires."""

import random
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any

from pivotal_sandbox.common.ids import Ids
from pivotal_sandbox.common.json_paths import changed_paths
from pivotal_sandbox.common.json_schema import Schema
from pivotal_sandbox.common.json_values import deep_copy
from pivotal_sandbox.common.rng import RandomSource
from pivotal_sandbox.common.timestamps import format_rfc3339
from pivotal_sandbox.domain.catalog import PING, Catalog, EventType
from pivotal_sandbox.domain.models import Mode, Record
from pivotal_sandbox.errors import Conflict, InputError, NotFound, did_you_mean
from pivotal_sandbox.records.changes import (
    NO_EDIT,
    Change,
    Edit,
    Fields,
    FiredEvent,
    RecordChange,
    parse_edit,
)
from pivotal_sandbox.records.factory import PREFIXES, RecordFactory, key_of, record_like
from pivotal_sandbox.records.index import LINKS, RecordIndex
from pivotal_sandbox.records.sample_data import SampleData
from pivotal_sandbox.records.selection import RecordSelector
from pivotal_sandbox.records.transitions import FLIPS, STATE, eligible_states, fired, settle
from pivotal_sandbox.records.typical_changes import typical_change

__all__ = ["Change", "FiredEvent", "RecordChange", "RecordStore"]

_COMPARED = 500  # the newest ids, among which the nearest to a wrong one is looked for

# The object that the types whose names begin so are about.
_HOME = {**{object: object for object in PREFIXES}, "phase": "onboarding"}


class RecordStore:
    """The records of one mode. A change is applied here when it is returned; the caller keeps it.

    The same source of randomness, ids and calls give the same records, to the byte. What the world
    hands out is not to be altered, except the `data` of an event, which is a copy of its own.
    """

    def __init__(
        self, mode: Mode, catalog: Catalog, names: SampleData, ids: Ids, source: random.Random
    ) -> None:
        self.mode = mode
        self.catalog = catalog
        self._names = names
        self._ids = ids
        self._draw = RandomSource(source)
        self._maker = RecordFactory(names, self._draw)
        self._index = RecordIndex()
        self._selector = RecordSelector(self._index, self._maker, ids)
        self._schemas: dict[str, Schema] = {}
        self._own = _own_objects(catalog, names)

    def records(self, object: str) -> Mapping[str, Record]:
        """Return the records of a kind by id, the oldest first. Raises `NotFound`."""
        if object not in self.catalog.objects:
            nearest = did_you_mean(object, self.catalog.objects)
            raise NotFound(f'There is no object "{object}".{nearest}', pointer="/object")
        return self._index.all(object)

    def restore(self, records: Mapping[str, Mapping[str, Record]]) -> None:
        """Take up records that were kept: object -> id -> record."""
        kept = [(object, *pair) for object, its in records.items() for pair in its.items()]
        for object, id, record in sorted(kept, key=lambda entry: str(entry[2].get("updated_at"))):
            self._index.put(object, id, record)

    def copy(self) -> "RecordStore":
        """Return a copy to try changes on. Its ids come from a source of their own."""
        source = random.Random(0)
        copy = RecordStore(self.mode, self.catalog, self._names, Ids(source), source)
        records = {object: dict(self._index.all(object)) for object in self.catalog.objects}
        copy.restore(deep_copy(records))
        return copy

    def create(self, object: str, fields: Fields, now: int, *, validate: bool = True) -> Change:
        """Make a record with `fields`, the rest of it drawn, and parents where there are none.

        Raises `InputError` naming the field, `NotFound` for a link to no record, and `Conflict`
        for an id that is taken.
        """
        taken, edit = self.records(object), parse_edit(fields, force=not validate)
        id = key_of(edit.given)
        if id in taken:
            raise Conflict(f'The {object} "{id}" is there already.', pointer="/id")
        draft: list[RecordChange] = []
        event_type = self._type(object, "created")
        made = self._new(event_type, id, edit.given, now, draft)
        record = self._changed(object, made, {}, edit, now)
        if validate and edit.given:
            self._check(event_type, record)
            self._check_links(object, edit.given)
        draft += _record_changes(object, id or key_of(made), record)
        return self._apply(draft, [FiredEvent(f"{object}.created", deep_copy(record))])

    def change(
        self, object: str, id: str, fields: Fields, now: int, *, validate: bool = True
    ) -> Change:
        """Give `fields` of a record new values; what follows from that changes too.

        Fires nothing where nothing is different. Raises `InputError` naming the field, and
        `NotFound` for a record, or a link to one, that is not there.
        """
        before, edit = self._existing(object, id), parse_edit(fields, force=not validate)
        after = self._changed(object, before, {}, edit, now)
        if next(changed_paths(before, after), None) is None:
            return Change()
        if validate:
            if key_of(after) != id:
                raise InputError("The id of a record does not change.", pointer="/id")
            self._check(self._type(object, "updated"), after)
            self._check_links(object, edit.given)
        return self._apply([RecordChange(object, id, after)], self._fires(object, before, after))

    def delete(self, object: str, id: str, now: int) -> Change:
        """Delete a record with all that belongs to it. Raises `NotFound`."""
        self._existing(object, id)
        draft, events = self._unlinked(object, id, now)
        for kind, record_id in self._family(object, id):
            draft.append(RecordChange(kind, record_id, None))
            events.append(
                FiredEvent(f"{kind}.deleted", deep_copy(self._index.all(kind)[record_id]))
            )
        return self._apply(draft, events)

    def trigger(
        self,
        type: str,
        now: int,
        *,
        set: Fields | None = None,
        data: Fields | None = None,
        validate: bool = True,
    ) -> Change:
        """Make the change that fires `type`, on a record that is fit for it or a new one.

        The change carries that one event only. `data` is a record, or part of one, of which each
        field replaces the record's own; `set` goes on top. An `id` in them picks the record, or is
        that of the new one. Without `validate` they are in the event only: the world stays sound.
        Raises `InputError` naming the field, and `NotFound` for an unknown type.
        """
        event_type, edit = self.catalog.get(type), parse_edit(set, data, force=not validate)
        if type == PING:
            raise InputError(f"{PING} goes to one endpoint and changes no record.", pointer="/type")
        object, given = event_type.object, edit.given
        draft: list[RecordChange] = []
        found = self._fit(event_type, given)
        before = found or self._new(event_type, key_of(given), given, now, draft)
        id = key_of(given) or key_of(before)
        turned = self._turned(event_type, before, given, now)
        sent = self._changed(object, before, turned, edit, now, type)
        if validate and given:
            # The edit comes first: what it says of the state is checked, then overtaken.
            state = STATE.get(object)
            self._check(event_type, {**sent, state: given[state]} if state in given else sent)
        if type == f"{object}.deleted":
            draft += self._unlinked(object, id, now)[0]
            draft += [
                RecordChange(kind, record_id, None) for kind, record_id in self._family(object, id)
            ]
        else:
            kept = sent if validate else self._changed(object, before, turned, NO_EDIT, now, type)
            draft += _record_changes(object, id, kept)
        changed: dict[str, None] = {}
        if type not in (f"{object}.created", f"{object}.deleted"):
            # What is made like an example is all new to the receiver, but for its id.
            base = before if found or object in self._own else {"id": before.get("id")}
            changed = dict.fromkeys((*changed_paths(base, sent), *edit.paths))
        return self._apply(draft, [FiredEvent(type, deep_copy(sent), tuple(changed))])

    def stage(
        self, type: str, now: int, *, set: Fields | None = None, data: Fields | None = None
    ) -> tuple[str | None, Change]:
        """Return the id of a record to which `type` can happen, and what made it if none was there.

        No event is fired. There is no id where the records of the type have none.
        """
        event_type, given = self.catalog.get(type), parse_edit(set, data).given
        found = self._fit(event_type, given)
        if found is not None:
            return key_of(found), Change()
        draft: list[RecordChange] = []
        made = self._new(event_type, key_of(given), given, now, draft)
        id = key_of(given) or key_of(made)
        return id, self._apply([*draft, *_record_changes(event_type.object, id, made)], [])

    # -- finding and making

    def _existing(self, object: str, id: str) -> Record:
        record = self.records(object).get(id)
        if record is None:
            raise self._not_found(object, id, "/id")
        return record

    def _not_found(self, object: str, id: str, pointer: str) -> NotFound:
        newest = islice(reversed([*self._index.all(object)]), _COMPARED)
        return NotFound(
            f'There is no {object} "{id:.80}".{did_you_mean(id, newest)}', pointer=pointer
        )

    def _fit(self, event_type: EventType, given: Fields) -> Record | None:
        """Return the record given by id, or the one put last to which the event can happen."""
        object, id = event_type.object, key_of(given)
        if id is not None:
            return self._index.get(object, id)
        if object not in self._own or event_type.name == f"{object}.created":
            return None
        return self._selector.accepts_event(event_type.name, object, given)

    def _new(
        self,
        event_type: EventType,
        id: str | None,
        given: Fields,
        now: int,
        draft: list[RecordChange],
    ) -> Record:
        """Return a new record to which the event can happen, adding its parents to the draft."""
        type, object = event_type.name, event_type.object
        if object not in self._own:
            return record_like(event_type, self._draw, self._ids, now)
        state = None if type == f"{object}.created" else eligible_states(type, object)[0]
        return self._selector.make(object, id, state, given, now, draft)

    def _family(self, object: str, id: str | None) -> Iterator[tuple[str, str]]:
        """Yield the record after all that belongs to it."""
        if id is not None:
            for kind in LINKS:
                for child_id in self._index.below(id, kind):
                    yield from self._family(kind, child_id)
            yield object, id

    def _unlinked(
        self, object: str, id: str | None, now: int
    ) -> tuple[list[RecordChange], list[FiredEvent]]:
        """Return what becomes of the records that name one which is going, but outlive it."""
        draft: list[RecordChange] = []
        events: list[FiredEvent] = []
        contact = self._index.get(object, id) if object == "contact" and id else None
        customer_id = contact.get("customer_id") if contact else None
        if isinstance(customer_id, str):
            for onboarding_id in self._index.below(customer_id, "onboarding"):
                before = self._index.all("onboarding")[onboarding_id]
                if before.get("primary_contact_id") == id:
                    edit = parse_edit({"primary_contact_id": None})
                    after = self._changed("onboarding", before, {}, edit, now)
                    draft.append(RecordChange("onboarding", onboarding_id, after))
                    events += self._fires("onboarding", before, after)
        return draft, events

    # -- changing

    def _turned(
        self, event_type: EventType, before: Record, given: Fields, now: int
    ) -> dict[str, Any]:
        """Return what changes together with the event, less what the caller decides."""
        type, object = event_type.name, event_type.object
        if object not in self._own or (given and type == f"{object}.updated"):
            return {}
        turned = typical_change(type, self._maker, before, now)
        if not given:
            return turned
        decided = {path.partition(".")[0] for path in given}
        if "phases" in decided:
            decided.add("current_phase")
        return {field: value for field, value in turned.items() if field not in decided}

    def _changed(
        self, object: str, before: Record, turned: Fields, edit: Edit, now: int, type: str = ""
    ) -> Record:
        """Return the record after the change, with what follows from it."""
        given = edit.given
        after = edit.applied({**before, **turned})
        if object in self._own:
            if type in FLIPS and not (edit.force and STATE[object] in given):
                after[STATE[object]] = FLIPS[type].after
            settle(object, before, after, given, now)
        if (
            after != before
            and "updated_at" not in given
            and isinstance(before.get("updated_at"), str)
        ):
            after["updated_at"] = format_rfc3339(now)
        return after

    def _fires(self, object: str, before: Record, after: Record) -> list[FiredEvent]:
        changed = tuple(changed_paths(before, after))
        flips = fired(object, before, after) if object in self._own else []
        return [
            FiredEvent(type, deep_copy(after), changed) for type in (f"{object}.updated", *flips)
        ]

    def _apply(self, draft: list[RecordChange], events: list[FiredEvent]) -> Change:
        for record_change in draft:
            if record_change.record is None:
                self._index.remove(record_change.object, record_change.id)
            else:
                self._index.put(record_change.object, record_change.id, record_change.record)
        return Change(tuple(draft), tuple(event for event in events if event.type in self.catalog))

    # -- checking

    def _type(self, object: str, verb: str) -> EventType:
        """Return the type whose schema the records of the object have."""
        name = f"{object}.{verb}"
        if name in self.catalog:
            return self.catalog.get(name)
        return next(
            event_type
            for event_type in self.catalog
            if event_type.object == object and event_type.name != PING
        )

    def _check(self, event_type: EventType, record: Record) -> None:
        schema = self._schemas.get(event_type.name)
        if schema is None:
            schema = self._schemas[event_type.name] = Schema(event_type.schema)
        schema.check(record)

    def _check_links(self, object: str, given: Fields) -> None:
        if object in self._own:
            for field, kind in LINKS.get(object, {}).items():
                id = given.get(field)
                if id is not None and id not in self._index.all(kind):
                    raise self._not_found(kind, id, f"/{field}")


def _record_changes(object: str, id: str | None, record: Record) -> list[RecordChange]:
    return [] if id is None else [RecordChange(object, id, record)]


@lru_cache(maxsize=8)  # there are two worlds for each sandbox, and a sandbox for each test
def _own_objects(catalog: Catalog, names: SampleData) -> frozenset[str]:
    """Return the objects whose records in the catalog have the fields that Pivotal gives them."""
    maker = RecordFactory(names, RandomSource(random.Random(0)))
    fields = {
        "customer": maker.customer("", 0, 0).keys(),
        "contact": maker.contact("", 0, 0, "", None).keys(),
        "onboarding": maker.onboarding("", 0, 0, "", None, "not_started").keys(),
        "task": maker.task("", 0, 0, "", None).keys(),
    }
    strange = {
        event_type.object
        for event_type in catalog
        if event_type.example["data"].keys() != fields.get(event_type.object)
        or _HOME.get(event_type.name.partition(".")[0], event_type.object) != event_type.object
    }
    return frozenset(fields) - strange
