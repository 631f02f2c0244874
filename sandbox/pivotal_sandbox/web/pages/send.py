"""Send: an event of the catalog, its record edited, seen before it goes out."""

from dataclasses import dataclass
from typing import Any

import msgspec
from starlette.responses import Response

from pivotal_sandbox.common.ids import DELIVERY, EVENT, lower_bound
from pivotal_sandbox.common.urls import parse_url
from pivotal_sandbox.domain.catalog import PING, EventType
from pivotal_sandbox.domain.models import Request
from pivotal_sandbox.domain.payload import build_body
from pivotal_sandbox.domain.request import build_request
from pivotal_sandbox.errors import InputError
from pivotal_sandbox.faults.registry import FAULTS, VERBATIM
from pivotal_sandbox.web.pages.body_view import view_body
from pivotal_sandbox.web.pages.context import PageContext
from pivotal_sandbox.web.pages.delivery_rows import place_of, rows_of
from pivotal_sandbox.web.pages.schema_form import changes, fields_of

_MOST = 100  # events at a time
_LISTED = 10


@dataclass(frozen=True, slots=True)
class SendForm:
    """What the form asks for."""

    set: dict[str, Any]
    data: dict[str, Any] | None
    endpoint_id: str | None
    fault: str | None
    count: int


async def show(context: PageContext) -> Response:
    """Show the catalog, the form of a type, and the request that would go out."""
    sandbox = context.sandbox
    type = sandbox.catalog.get(context.query_value("type") or "customer.at_risk")
    asked = list(context.request.query_params.multi_items())
    problem, field, request = "", "", None
    try:
        request = await _preview(context, type, _read_form(type, asked))
    except InputError as error:
        problem, field = str(error), error.pointer.rpartition("/")[2]
    sent = [id for name, id in asked if name == "sent"][:_LISTED]
    deliveries = await sandbox.deliveries.get_all(sent)
    groups: dict[str, list[EventType]] = {}
    for event_type in sandbox.catalog:
        groups.setdefault(event_type.object if event_type.name != PING else "webhook", []).append(
            event_type
        )
    return context.page(
        "send.html.j2",
        type=type,
        groups=groups,
        fields=fields_of(type.schema, {}) if type.name != PING else [],
        typed=dict(asked),
        example=msgspec.json.format(msgspec.json.encode(type.example["data"])).decode(),
        schema=msgspec.json.format(msgspec.json.encode(type.schema)).decode(),
        endpoints=[
            (endpoint.id, place_of(endpoint, endpoint.url))
            for endpoint in sandbox.endpoints.all(context.mode)
        ],
        faults=[fault for fault in FAULTS if fault.name != VERBATIM],
        problem=problem,
        field=field,
        request=request,
        body=view_body(request.body) if request else None,
        start=f"POST {parse_url(request.url).target} HTTP/1.1" if request else "",
        sent=await rows_of(sandbox, deliveries, verdicts=True),
        nobody=context.query_value("nobody"),
    )


async def send(context: PageContext) -> Response:
    """Send the events that the form asks for."""
    type = context.sandbox.catalog.get(context.field("type"))
    wish = _read_form(type, context.form)
    sent: list[str] = []
    for _ in range(wish.count):
        triggered = await context.sandbox.trigger(
            type.name,
            mode=context.mode,
            set=wish.set,
            data=wish.data,
            endpoint_id=wish.endpoint_id,
            fault=wish.fault,
            validate=not context.field("as_it_is"),
        )
        sent += [delivery.id for delivery in triggered.deliveries]
    kept = [(name, text) for name, text in context.form if text and name not in ("mode", "token")]
    pairs = [*kept, *(("sent", id) for id in sent[-_LISTED:]), *([] if sent else [("nobody", "1")])]
    return context.redirect_with("/send", pairs)


def _read_form(type: EventType, form: list[tuple[str, str]]) -> SendForm:
    given = {name: text.strip() for name, text in form}
    typed = [(name, text) for name, text in form if text.strip()]
    count = given.get("count") or "1"
    if not (count.isascii() and count.isdigit() and 1 <= int(count[:9]) <= _MOST):
        raise InputError(f"How many is a number from 1 to {_MOST}.", pointer="/count")
    return SendForm(
        changes(fields_of(type.schema, {}), typed),
        _record(given.get("data", "")),
        given.get("endpoint_id") or None,
        given.get("fault") or None,
        int(count),
    )


def _record(text: str) -> dict[str, Any] | None:
    if not text:
        return None
    try:
        record = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise InputError(f"This is not JSON: {error}.", pointer="/data") from None
    if not isinstance(record, dict):
        raise InputError('A record is an object: {"name": "Acme"}.', pointer="/data")
    return record


async def _preview(context: PageContext, type: EventType, wish: SendForm) -> Request | None:
    """Return the request that would go out: its ids are made when it does."""
    sandbox, now = context.sandbox, context.sandbox.clock.now()
    endpoints = sandbox.endpoints.all(context.mode)
    to = [endpoint for endpoint in endpoints if endpoint.id == wish.endpoint_id] or endpoints
    if not to:
        return None
    if type.name == PING:
        record: dict[str, Any] = {"endpoint_id": to[0].id, "mode": context.mode}
    else:
        store = await sandbox.copy_records(context.mode)
        change = store.trigger(type.name, now, set=wish.set, data=wish.data)
        record = change.events[-1].data
    id = lower_bound(EVENT, now) + "0" * 18
    return build_request(
        lower_bound(DELIVERY, now) + "0" * 18,
        type.name,
        build_body(id, type.name, now, record),
        url=to[0].url,
        secrets=to[0].secrets(now),
        timestamp=int(sandbox.clock.wall()),
    )
