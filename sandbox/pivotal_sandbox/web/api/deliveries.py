"""The API's deliveries: the log, and replay from it."""

import asyncio
import contextlib
from typing import Annotated, Any

from msgspec import Meta, Struct

from pivotal_sandbox.common.durations import MINUTE, parse_rate
from pivotal_sandbox.common.http_status import is_success
from pivotal_sandbox.domain.models import Delivery, Mode, Status
from pivotal_sandbox.errors import InputError
from pivotal_sandbox.feed import Activity, Attempted
from pivotal_sandbox.sandbox.sandbox import Sandbox
from pivotal_sandbox.store.deliveries import DeliveryFilter
from pivotal_sandbox.web.operation import Call, Operation, Reply
from pivotal_sandbox.web.request_parsing import read_at, read_duration, read_limit, read_window
from pivotal_sandbox.web.views import AttemptView, DeliveryDetail, DeliveryView, EventView

WAIT_MOST = 5 * MINUTE


class DeliveryFilterBody(Struct, forbid_unknown_fields=True):
    """Which deliveries: all that is given must hold. `q` is searched in ids and payloads."""

    mode: Mode | None = None
    endpoint_id: str | None = None
    status: Status | None = None
    event_type: str | None = None
    status_code: Annotated[int, Meta(ge=100, le=599)] | None = None
    since: str | None = None
    until: str | None = None
    q: str | None = None


class DeliveryQuery(DeliveryFilterBody, forbid_unknown_fields=True):
    """Which deliveries to list, and which page of them."""

    limit: int = 50
    cursor: str | None = None


class WaitQuery(Struct, forbid_unknown_fields=True):
    """For how long to wait for the first attempt, and for its duplicate where the fault is one."""

    wait: str = "0s"


class Replay(Struct, forbid_unknown_fields=True):
    """What to replay: the ids, or a filter as the list takes it; and how.

    Each is signed anew under an id of its own; `verbatim` repeats the bytes and headers of the last
    attempt instead. `set` has dotted paths into the event's body, each with its new value; a new
    event id is one of them unless it is given. `rate` is how many fall due in which time: "5/s".
    """

    ids: list[str] | None = None
    filter: DeliveryFilterBody | None = None
    dry_run: bool = False
    verbatim: bool = False
    set: dict[str, Any] = {}
    validate: bool = True
    rate: str | None = None


class DeliveryList(Struct):
    """A page of deliveries, newest first."""

    items: list[DeliveryView]
    next_cursor: str | None


class Replayed(Struct):
    """The new deliveries, and how many; none where it was a dry run."""

    items: list[DeliveryView]
    count: int


async def list_deliveries(call: Call[DeliveryQuery, None]) -> DeliveryList:
    """List the deliveries."""
    items, cursor = await call.sandbox.deliveries.page(
        _filter(call.query, call.sandbox),
        limit=read_limit(call.query.limit),
        cursor=call.query.cursor,
    )
    return DeliveryList([DeliveryView.of(delivery) for delivery in items], cursor)


async def show_delivery(call: Call[WaitQuery, None]) -> DeliveryDetail:
    """Show a delivery with its event and attempts; `wait` waits while it is pending."""
    log, id = call.sandbox.deliveries, call.params["id"]
    wait = min(read_duration(call.query.wait, "/wait"), WAIT_MOST)
    delivery = await _attempted(call.sandbox, id, wait)
    return DeliveryDetail.of(
        delivery,
        event=EventView.of(await log.event(delivery.event_id)),
        attempts=[AttemptView.of(attempt) for attempt in await log.attempts(id)],
    )


async def replay(call: Call[None, Replay]) -> Replayed | Reply:
    """Send past deliveries again: the same events, new deliveries."""
    given, log = call.body, call.sandbox.deliveries
    if given.ids is not None and given.filter is None:
        ids = given.ids
    elif given.filter is not None and given.ids is None:
        ids = await log.matching(_filter(given.filter, call.sandbox))
    else:
        raise InputError('Give either "ids" or "filter".', pointer="/ids")
    rate = None if given.rate is None else read_at("/rate", parse_rate, given.rate)
    if given.dry_run:
        would_be = await call.sandbox.outbox.replayable(
            ids, verbatim=given.verbatim, editing=bool(given.set)
        )
        return Reply(200, Replayed([], len(would_be)))
    replays = await call.sandbox.replay(
        ids,
        verbatim=given.verbatim,
        set=given.set,
        validate=given.validate,
        rate=rate,
    )
    return Replayed([DeliveryView.of(delivery) for delivery in replays], len(replays))


def _filter(query: DeliveryFilterBody, sandbox: Sandbox) -> DeliveryFilter:
    since, until = read_window(query.since, query.until, sandbox.clock.now())
    return DeliveryFilter(
        mode=query.mode,
        endpoint_id=query.endpoint_id,
        status=query.status,
        event_type=query.event_type,
        status_code=query.status_code,
        since=since,
        until=until,
        q=query.q,
    )


async def _attempted(sandbox: Sandbox, delivery_id: str, wait: int) -> Delivery:
    """Return the delivery once it is not pending, or as it is after `wait` ms."""
    changed = asyncio.Event()

    def listen(activity: Activity) -> None:
        if not isinstance(activity, Attempted) or activity.delivery.id != delivery_id:
            return
        if not _is_under_way(activity.delivery):
            changed.set()

    unsubscribe = sandbox.feed.subscribe(listen)
    try:
        delivery = await sandbox.deliveries.get(delivery_id)
        if _is_under_way(delivery) and wait:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), wait / 1000)
            delivery = await sandbox.deliveries.get(delivery_id)
        return delivery
    finally:
        unsubscribe()


def _is_under_way(delivery: Delivery) -> bool:
    """Say whether an attempt is about to be made: the first, or the one that repeats a 2xx."""
    code = delivery.last_status_code
    accepted = code is not None and is_success(code)
    return delivery.status == "pending" or (delivery.status == "retrying" and accepted)


_ALL = "/api/deliveries"

OPERATIONS = (
    Operation("GET", _ALL, list_deliveries, {200: DeliveryList}, query=DeliveryQuery),
    Operation("POST", f"{_ALL}/replay", replay, {202: Replayed, 200: Replayed}, body=Replay),
    Operation("GET", f"{_ALL}/{{id}}", show_delivery, {200: DeliveryDetail}, query=WaitQuery),
)
