"""The world: its records as tables, changed in place, and what that fires."""

from typing import Any

from starlette.responses import Response

from pivotal_sandbox.domain.catalog import PING, EventType
from pivotal_sandbox.domain.models import Record
from pivotal_sandbox.errors import InputError, NotFound
from pivotal_sandbox.web.pages.context import Fields, PageContext
from pivotal_sandbox.web.pages.schema_form import changes, fields_of, format_value

PAGE = 50
_COLUMNS = 5
_SHOWN_FIRST = ("name", "title", "email", "status", "health", "health_score", "lifecycle", "plan")


async def show(context: PageContext) -> Response:
    """Show the records of an object; with `edit`, the form of one and what it would fire."""
    sandbox, objects = context.sandbox, context.sandbox.catalog.objects
    object = context.query_value("object") or objects[0]
    records = await sandbox.records(context.mode, object)
    cursor = context.query_value("cursor")
    found = [id for id in sorted(records, reverse=True) if not cursor or id < cursor]
    type = _type(context, object)
    edited = context.query_value("edit")
    columns = _columns(type)
    content: dict[str, Any] = {"editing": None, "fires": None, "problem": "", "field": ""}
    if edited:
        content |= await _editing(context, type, object, edited, records.get(edited))
    return context.page(
        "records.html.j2",
        object=object,
        counts=[(name, len(await sandbox.records(context.mode, name))) for name in objects],
        columns=columns,
        rows=[(id, {name: _cell(records[id], name) for name in columns}) for id in found[:PAGE]],
        editors={
            field.name: field
            for field in fields_of(type.schema, {})
            if field.name in columns and field.kind != "json"
        },
        next=context.current_url(cursor=found[PAGE - 1], edit=None) if len(found) > PAGE else None,
        fired=[name for name in context.query_value("fired").split(",") if name in sandbox.catalog],
        saved=context.query_value("saved"),
        **content,
    )


async def create(context: PageContext) -> Response:
    """Make a record, drawn by the sandbox, and send what that fires."""
    object = context.field("object")
    change, _ = await context.sandbox.change(
        context.mode, lambda world, now: world.create(object, {}, now)
    )
    return context.redirect(
        "/world", object=object, edit=change.records[-1].id, saved=1, fired=_types(change.events)
    )


async def save(context: PageContext) -> Response:
    """Change a record as the form says, or delete it, and send what that fires."""
    object, id = context.request.path_params["object"], context.request.path_params["id"]
    sandbox = context.sandbox
    if context.field("do") == "delete":
        change, _ = await sandbox.change(
            context.mode, lambda world, now: world.delete(object, id, now)
        )
        return context.redirect(
            "/world", object=object, saved="deleted", fired=_types(change.events)
        )
    records = await sandbox.records(context.mode, object)
    if id not in records:
        raise NotFound(f"There is no {object} {id:.40}.")
    set = changes(fields_of(_type(context, object).schema, records[id]), context.form)
    change, _ = await sandbox.change(
        context.mode, lambda world, now: world.change(object, id, set, now)
    )
    done = {"object": object, "saved": 1, "fired": _types(change.events)}
    if inline := context.field("inline"):  # in a cell of the list: back to that page of it
        return context.redirect("/world", cursor=inline if inline in records else None, **done)
    return context.redirect("/world", edit=id, **done)


async def _editing(
    context: PageContext, type: EventType, object: str, id: str, record: Record | None
) -> dict[str, Any]:
    """Return the form of a record, and what saving what is typed would fire."""
    if record is None:
        raise NotFound(f"There is no {object} {id:.40}.")
    fields = fields_of(type.schema, record)
    typed: Fields = list(context.request.query_params.multi_items())
    title = next((record[name] for name in ("name", "title") if record.get(name)), object)
    found: dict[str, Any] = {"editing": id, "title": title, "fields": fields, "typed": dict(typed)}
    set = changes(fields, typed)
    if set:
        try:
            store = await context.sandbox.copy_records(context.mode)
            change = store.change(object, id, set, context.sandbox.clock.now())
            found["fires"] = [event.type for event in change.events]
        except InputError as error:
            found |= {"problem": str(error), "field": error.pointer.split("/")[1:2]}
    return found


def _type(context: PageContext, object: str) -> EventType:
    catalog = context.sandbox.catalog
    if f"{object}.updated" in catalog:
        return catalog.get(f"{object}.updated")
    return next(
        event_type
        for event_type in catalog
        if event_type.object == object and event_type.name != PING
    )


def _columns(type: EventType) -> list[str]:
    names = list(type.schema.get("properties", {}))
    first = [name for name in _SHOWN_FIRST if name in names]
    rest = [name for name in names if name not in first and name != "id"]
    return (first + rest)[:_COLUMNS]


def _cell(record: Record, name: str) -> str:
    return format_value(record[name]) if record.get(name) is not None else ""


def _types(events: Any) -> str:
    return ",".join(dict.fromkeys(event.type for event in events))
