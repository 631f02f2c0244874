"""Faults that are made of several events: what happens to the records, and when."""

from typing import Any

from pivotal_sandbox.common.durations import SECOND
from pivotal_sandbox.faults.registry import get_fault
from pivotal_sandbox.records.changes import Change, Fields
from pivotal_sandbox.records.record_store import RecordStore

BURST = 20
OLDER = SECOND  # by how much, in ms
TIMES = {"out-of-order": 2, "burst": BURST}
"""How many events a fault is made of, where that is not one."""


def apply_traffic_fault(
    fault: str | None,
    world: RecordStore,
    type: str,
    now: int,
    *,
    set: Fields | None = None,
    data: Fields | None = None,
    validate: bool = True,
) -> Change:
    """Make the change that fires `type` as the fault has it; its events are in order of time.

    For a burst that is as many changes at one moment. Out of order it is two of one record: an
    update (or, for `*.created`, the creation) and then the one asked for (or an update). Raises
    what `RecordStore.trigger` does, and `InputError` for a fault that there is not.
    """
    if fault is not None:
        get_fault(fault)
    given: dict[str, Any] = {"set": set, "data": data, "validate": validate}
    if fault == "burst":
        return together(*(world.trigger(type, now, **given) for _ in range(BURST)))
    if fault == "out-of-order":
        return _two(world, type, now, given)
    return world.trigger(type, now, **given)


def together(*changes: Change) -> Change:
    """Return several changes as one: of each record what the last one left."""
    records = {
        (record.object, record.id): record for change in changes for record in change.records
    }
    return Change(tuple(records.values()), tuple(e for change in changes for e in change.events))


def _two(world: RecordStore, type: str, now: int, given: dict[str, Any]) -> Change:
    object = world.catalog.get(type).object
    update = f"{object}.updated" if f"{object}.updated" in world.catalog else type
    before = now - OLDER
    if type == f"{object}.created":
        # With nothing given it is the record put last that changes: the one just made.
        return together(world.trigger(type, before, **given), world.trigger(update, now))
    id, staged = world.stage(type, before, set=given["set"], data=given["data"])
    known = {"id": id} if id else {}
    older = world.trigger(update, before, set=known)
    if given["set"] or given["data"] or type != update:
        given["set"] = {**(given["set"] or {}), **known}
    return together(staged, older, world.trigger(type, now, **given))
