"""The log of deliveries: filtered, selected, replayed."""

import asyncio
import json
from dataclasses import replace
from typing import Any, get_args

from starlette.responses import JSONResponse, Response

from pivotal_sandbox.core.duration import HOUR
from pivotal_sandbox.core.instant import rfc3339
from pivotal_sandbox.core.model import Status
from pivotal_sandbox.errors import InputError
from pivotal_sandbox.store.deliveries import DeliveryFilter
from pivotal_sandbox.web.inputs import read_moment
from pivotal_sandbox.web.pages import delivery as detail
from pivotal_sandbox.web.pages.chart import chart_of
from pivotal_sandbox.web.pages.rows import place_of, rows_of
from pivotal_sandbox.web.pages.visit import Visit, one_of

PAGE = 50
_CHARTED = 300  # of the newest deliveries: so the page is as fast with a million of them
_FILTERS = ("endpoint_id", "status", "event_type", "status_code", "since", "until", "q")
WINDOWS = (("15m", "15 minutes"), ("1h", "hour"), ("24h", "24 hours"), ("7d", "7 days"))


async def show(visit: Visit) -> Response:
    """Show the list; with `open`, a delivery beside it."""
    sandbox, given = visit.sandbox, _given(visit)
    wanted, now = _filter(visit, given), sandbox.clock.now()
    log, cursor = sandbox.deliveries, visit.asked("cursor") or None
    (found, following), (charted, _) = await asyncio.gather(
        log.page(wanted, limit=PAGE, cursor=cursor),
        log.page(_charted(wanted, now), limit=_CHARTED),
    )
    since = wanted.since or now - HOUR
    if len(charted) == _CHARTED:
        since = max(since, charted[-1].created_at)
    opened = visit.asked("open")
    endpoints = sandbox.endpoints.all(visit.mode)
    return visit.page(
        "deliveries.html.j2",
        rows=await rows_of(sandbox, found),
        given={name: given.get(name, "") for name in _FILTERS},
        filter=given,
        chips=_chips(visit, given),
        chart=chart_of(charted, since, min(wanted.until or now + 1, now + 1)),
        all_charted=len(charted) < _CHARTED,
        next=visit.here(cursor=following, open=None) if following else None,
        first=visit.here(cursor=None) if cursor else None,
        endpoints=[(one.id, place_of(one, one.url)) for one in endpoints],
        types=[one.name for one in sandbox.catalog],
        statuses=get_args(Status),
        windows=WINDOWS,
        replayed=visit.asked("replayed"),
        detail=await detail.content(visit, opened) if opened else None,
        empty=not found and not given and not cursor,
    )


async def count(visit: Visit) -> Response:
    """Answer with how many deliveries the filter lets through."""
    wanted = _filter(visit, _given(visit))
    return JSONResponse({"count": len(await visit.sandbox.deliveries.matching(wanted))})


async def replay(visit: Visit) -> Response:
    """Send the selected deliveries again, or all that the filter lets through."""
    if visit.field("all"):
        filter = json.loads(visit.field("filter") or "{}")
        given = {name: str(value) for name, value in filter.items() if name in _FILTERS}
        ids = await visit.sandbox.deliveries.matching(_filter(visit, given))
    else:
        given, ids = {}, visit.fields("id")
    if not ids:
        raise InputError("Select what to replay first.", pointer="/id")
    replays = await visit.sandbox.replay(ids)
    if visit.field("open") and len(replays) == 1:
        return visit.back("/deliveries", open=replays[0].id, replayed=1)
    return visit.back("/deliveries", replayed=len(replays))


def _given(visit: Visit) -> dict[str, str]:
    return {name: visit.asked(name) for name in _FILTERS if visit.asked(name)}


def _filter(visit: Visit, given: dict[str, str]) -> DeliveryFilter:
    now, code = visit.sandbox.clock.now(), given.get("status_code", "")
    if code and not (code.isascii() and code.isdigit() and len(code) == 3):
        raise InputError(f'"{code:.20}" is no status code such as 503.', pointer="/status_code")
    return DeliveryFilter(
        mode=visit.mode,
        endpoint_id=given.get("endpoint_id"),
        status=one_of(given.get("status", ""), Status, "status"),
        event_type=given.get("event_type"),
        status_code=int(code) if code else None,
        since=read_moment(given.get("since"), now, "/since"),
        until=read_moment(given.get("until"), now, "/until"),
        q=given.get("q"),
    )


def _charted(wanted: DeliveryFilter, now: int) -> DeliveryFilter:
    """Return the filter of what the chart shows: the last hour, unless a window is given."""
    return replace(wanted, since=wanted.since or now - HOUR)


def _chips(visit: Visit, given: dict[str, str]) -> list[tuple[str, str]]:
    """Return what each filter says, and the address without it."""
    names = {"endpoint_id": "endpoint", "event_type": "type", "status_code": "code"}
    chips = []
    for name, value in given.items():
        said: Any = value
        if name == "endpoint_id":
            endpoint = visit.sandbox.endpoints.find(value)
            said = place_of(endpoint, endpoint.url) if endpoint else value
        elif name in ("since", "until"):
            moment = read_moment(value, visit.sandbox.clock.now(), f"/{name}")
            said = f"{value} ago" if "-" not in value else rfc3339(moment or 0)[:19] + "Z"
        without = {name: None, "cursor": None}
        chips.append((f"{names.get(name, name)}: {said}", visit.here(**without)))
    return chips
