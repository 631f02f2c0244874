"""Faults that consist of several events: what happens to the records, and when."""

from typing import Any

from pivotal_sandbox.common.durations import SECOND
from pivotal_sandbox.faults.registry import get_fault
from pivotal_sandbox.records.changes import Change, Fields
from pivotal_sandbox.records.record_store import RecordStore

OLDER = SECOND  # by how much the older of two events precedes the newer, in ms


def apply_traffic_fault(
    fault: str | None,
    store: RecordStore,
    type: str,
    now: int,
    *,
    set: Fields | None = None,
    data: Fields | None = None,
    validate: bool = True,
) -> Change:
    """Make the change that fires `type`, as often as the fault needs; its events are in time order.

    A burst makes all its changes at one moment. Out of order means two changes of one record: an
    update (or, for `*.created`, the creation), then the requested one (or an update). Raise what
    `RecordStore.trigger` raises, and `InputError` for an unknown fault.
    """
    edit: dict[str, Any] = {"set": set, "data": data, "validate": validate}
    row = None if fault is None else get_fault(fault)
    if row is None or row.events == 1:
        return store.trigger(type, now, **edit)
    if row.order == "newest-first":
        return _two_of_one_record(store, type, now, edit)
    return merge_changes(*(store.trigger(type, now, **edit) for _ in range(row.events)))


def merge_changes(*changes: Change) -> Change:
    """Return several changes as one, with the last state of each record."""
    records = {
        (record.object, record.id): record for change in changes for record in change.records
    }
    return Change(tuple(records.values()), tuple(e for change in changes for e in change.events))


def _two_of_one_record(store: RecordStore, type: str, now: int, edit: dict[str, Any]) -> Change:
    object = store.catalog.get(type).object
    update = f"{object}.updated" if f"{object}.updated" in store.catalog else type
    before = now - OLDER
    if type == f"{object}.created":
        # With nothing edit it is the record put last that changes: the one just made.
        return merge_changes(store.trigger(type, before, **edit), store.trigger(update, now))
    id, setup = store.stage(type, before, set=edit["set"], data=edit["data"])
    known = {"id": id} if id else {}
    older = store.trigger(update, before, set=known)
    if edit["set"] or edit["data"] or type != update:
        edit["set"] = {**(edit["set"] or {}), **known}
    return merge_changes(setup, older, store.trigger(type, now, **edit))
