"""The log of deliveries: filtered, selected, replayed."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any, get_args

import msgspec
from starlette.responses import JSONResponse, Response

from pivotal_sandbox.common.durations import HOUR
from pivotal_sandbox.common.timestamps import format_rfc3339
from pivotal_sandbox.domain.models import Status
from pivotal_sandbox.errors import InputError, NotFound
from pivotal_sandbox.store.deliveries import DeliveryFilter
from pivotal_sandbox.web.pages import delivery as detail
from pivotal_sandbox.web.pages.charts import chart_of
from pivotal_sandbox.web.pages.context import Fields, PageContext, check_choice
from pivotal_sandbox.web.pages.delivery_rows import place_of, rows_of
from pivotal_sandbox.web.pages.export import CHOICES, Exported, exported
from pivotal_sandbox.web.request_parsing import read_moment
from pivotal_sandbox.web.views import AttemptView, DeliveryDetail, EventView

PAGE = 50
CHARTED = 1000  # of the newest deliveries: so the page is as fast with a million of them
_FILTERS = ("endpoint_id", "status", "event_type", "status_code", "since", "until", "q")
WINDOWS = (("15m", "15 minutes"), ("1h", "hour"), ("24h", "24 hours"), ("7d", "7 days"))


async def show(context: PageContext) -> Response:
    """Show the list; with `open`, a delivery beside it."""
    sandbox, given = context.sandbox, _form_values(context)
    wanted, now = _filter(context, given), sandbox.clock.now()
    log, cursor = sandbox.deliveries, context.query_value("cursor") or None
    (found, following), (charted, back_to) = await asyncio.gather(
        log.page(wanted, limit=PAGE, cursor=cursor),
        log.started_since(_charted(wanted, now), CHARTED),
    )
    since = wanted.since or now - HOUR
    if back_to is not None:
        since = max(since, back_to)
    opened = context.query_value("open")
    endpoints = sandbox.endpoints.all(context.mode)
    return context.page(
        "deliveries.html.j2",
        rows=await rows_of(sandbox, found),
        given={name: given.get(name, "") for name in _FILTERS},
        filter=given,
        chips=_chips(context, given),
        chart=chart_of(charted, since, min(wanted.until or now + 1, now + 1)),
        all_charted=back_to is None,
        next=context.current_url(cursor=following, open=None) if following else None,
        first=context.current_url(cursor=None) if cursor else None,
        endpoints=[(endpoint.id, place_of(endpoint, endpoint.url)) for endpoint in endpoints],
        types=[event_type.name for event_type in sandbox.catalog],
        statuses=get_args(Status),
        windows=WINDOWS,
        forms=CHOICES,
        replayed=context.query_value("replayed"),
        detail=await detail.content(context, opened) if opened else None,
        empty=not found and not given and not cursor,
    )


async def count(context: PageContext) -> Response:
    """Answer with how many deliveries the filter lets through."""
    wanted = _filter(context, _form_values(context))
    return JSONResponse({"count": await context.sandbox.deliveries.count(wanted)})


async def replay(context: PageContext) -> Response:
    """Send the selected deliveries again, or all that the filter lets through."""
    ids = await _selected(context, context.form)
    if not ids:
        raise InputError("Select what to replay first.", pointer="/id")
    replays = await context.sandbox.replay(ids)
    if context.field("open") and len(replays) == 1:
        return context.redirect("/deliveries", open=replays[0].id, replayed=1)
    return context.redirect("/deliveries", replayed=len(replays))


async def export(context: PageContext) -> Response:
    """Answer with the selected deliveries, or all that the filter lets through, as a file."""
    ids = await _selected(context, context.request.query_params.multi_items())
    if not ids:
        raise InputError("Select what to export first.", pointer="/id")
    return await exported(context, _exported_deliveries(context, ids), "deliveries")


async def _exported_deliveries(context: PageContext, ids: Sequence[str]) -> AsyncIterator[Exported]:
    log = context.sandbox.deliveries
    for id in ids:
        try:
            delivery = await log.get(id)
            event, attempts = await asyncio.gather(log.event(delivery.event_id), log.attempts(id))
        except NotFound:
            continue  # the log was pruned meanwhile
        view = DeliveryDetail.of(
            delivery,
            event=EventView.of(event),
            attempts=[AttemptView.of(attempt) for attempt in attempts],
        )
        yield Exported(view, detail.last_sent(delivery, event, attempts))


async def _selected(context: PageContext, form: Fields) -> list[str]:
    """Return the ids that a form selects: those named, or all that its filter lets through."""
    given = dict(form)
    if not given.get("all"):
        return [value for name, value in form if name == "id" and value]
    try:
        filter = msgspec.json.decode(given.get("filter") or "{}", type=dict[str, str])
    except msgspec.DecodeError:
        raise InputError("The filter is not one that this page made.", pointer="/filter") from None
    known = {name: value for name, value in filter.items() if name in _FILTERS}
    return await context.sandbox.deliveries.matching(_filter(context, known))


def _form_values(context: PageContext) -> dict[str, str]:
    return {name: context.query_value(name) for name in _FILTERS if context.query_value(name)}


def _filter(context: PageContext, given: dict[str, str]) -> DeliveryFilter:
    now, code = context.sandbox.clock.now(), given.get("status_code", "")
    if code and not (code.isascii() and code.isdigit() and len(code) == 3):
        raise InputError(f'"{code:.20}" is no status code such as 503.', pointer="/status_code")
    return DeliveryFilter(
        mode=context.mode,
        endpoint_id=given.get("endpoint_id"),
        status=check_choice(given.get("status", ""), Status, "status"),
        event_type=given.get("event_type"),
        status_code=int(code) if code else None,
        since=read_moment(given.get("since"), now, "/since"),
        until=read_moment(given.get("until"), now, "/until"),
        q=given.get("q"),
    )


def _charted(wanted: DeliveryFilter, now: int) -> DeliveryFilter:
    """Return the filter of what the chart shows: the last hour, unless a window is given."""
    return replace(wanted, since=wanted.since or now - HOUR)


def _chips(context: PageContext, given: dict[str, str]) -> list[tuple[str, str]]:
    """Return what each filter says, and the address without it."""
    names = {"endpoint_id": "endpoint", "event_type": "type", "status_code": "code"}
    chips = []
    for name, value in given.items():
        said: Any = value
        if name == "endpoint_id":
            endpoint = context.sandbox.endpoints.find(value)
            said = place_of(endpoint, endpoint.url) if endpoint else value
        elif name in ("since", "until"):
            moment = read_moment(value, context.sandbox.clock.now(), f"/{name}")
            said = f"{value} ago" if "-" not in value else format_rfc3339(moment or 0)[:19] + "Z"
        without = {name: None, "cursor": None}
        chips.append((f"{names.get(name, name)}: {said}", context.current_url(**without)))
    return chips
