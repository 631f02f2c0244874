"""The API's records: the world, and what a change of it fires."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from pivotal_sandbox.domain.models import Mode, Record
from pivotal_sandbox.errors import NotFound
from pivotal_sandbox.feed import Triggered
from pivotal_sandbox.records.changes import Change
from pivotal_sandbox.web.operation import Call, Operation
from pivotal_sandbox.web.request_parsing import Page, read_limit, within
from pivotal_sandbox.web.views import TriggeredView


class ModeQuery(Struct, forbid_unknown_fields=True):
    """In which of the two worlds."""

    mode: Mode = "test"


class ChangeQuery(ModeQuery, forbid_unknown_fields=True):
    """In which world; and, where what it fires is for one endpoint only, for which."""

    endpoint_id: str | None = None


class RecordQuery(Page, forbid_unknown_fields=True):
    """Which records to list."""

    mode: Mode = "test"


class RecordEdit(Struct, forbid_unknown_fields=True):
    """Dotted paths into the record, each with its new value."""

    set: dict[str, Any] = {}
    validate: bool = True


class RecordList(Struct):
    """A page of records, newest first."""

    items: list[Record]
    next_cursor: str | None


class ChangeView(Struct):
    """A record as a change left it, null where it is gone, and the events that the change fired."""

    record: Record | None
    events: list[TriggeredView]


async def list_records(call: Call[RecordQuery, None]) -> RecordList:
    """List the records of one kind."""
    limit, cursor = read_limit(call.query.limit), call.query.cursor
    records = await call.sandbox.records(call.query.mode, call.params["object"])
    found = [id for id in sorted(records, reverse=True) if cursor is None or id < cursor]
    page = found[:limit]
    return RecordList([records[id] for id in page], page[-1] if len(found) > limit else None)


async def show_record(call: Call[ModeQuery, None]) -> Record:
    """Show a record."""
    records = await call.sandbox.records(call.query.mode, call.params["object"])
    return _found(records, call.params["id"])


async def create_record(call: Call[ChangeQuery, RecordEdit]) -> ChangeView:
    """Make a record; what is not given is made up."""
    object, body = call.params["object"], call.body
    with within(set=body.set):
        change, fired = await call.sandbox.change(
            call.query.mode,
            lambda world, now: world.create(object, body.set, now, validate=body.validate),
            endpoint_id=call.query.endpoint_id,
        )
    # What had to be made for it, such as the customer of a task, comes before it.
    return _view(change.records[-1].record, fired)


async def change_record(call: Call[ChangeQuery, RecordEdit]) -> ChangeView:
    """Change a record, and send every event that this fires."""
    object, id, body = call.params["object"], call.params["id"], call.body
    with within(set=body.set):
        _, fired = await call.sandbox.change(
            call.query.mode,
            lambda world, now: world.change(object, id, body.set, now, validate=body.validate),
            endpoint_id=call.query.endpoint_id,
        )
    return _view(_found(await call.sandbox.records(call.query.mode, object), id), fired)


async def delete_record(call: Call[ChangeQuery, None]) -> ChangeView:
    """Delete a record, with all that belongs to it."""
    object, id = call.params["object"], call.params["id"]

    def delete(world: Any, now: int) -> Change:
        change: Change = world.delete(object, id, now)
        return change

    endpoint_id = call.query.endpoint_id
    _, fired = await call.sandbox.change(call.query.mode, delete, endpoint_id=endpoint_id)
    return _view(None, fired)


def _found(records: Mapping[str, Record], id: str) -> Record:
    if id not in records:
        raise NotFound(f"There is no record {id}.")
    return records[id]


def _view(record: Record | None, fired: list[Triggered]) -> ChangeView:
    return ChangeView(record, [TriggeredView.of(triggered) for triggered in fired])


_ALL, _ONE = "/api/records/{object}", "/api/records/{object}/{id}"

OPERATIONS = (
    Operation("GET", _ALL, list_records, {200: RecordList}, query=RecordQuery),
    Operation("POST", _ALL, create_record, {201: ChangeView}, query=ChangeQuery, body=RecordEdit),
    Operation("GET", _ONE, show_record, {200: dict[str, Any]}, query=ModeQuery),
    Operation("PATCH", _ONE, change_record, {200: ChangeView}, query=ChangeQuery, body=RecordEdit),
    Operation("DELETE", _ONE, delete_record, {200: ChangeView}, query=ChangeQuery),
)
