"""The REST API: every handler reads its input, asks the sandbox, and shows what it got."""

import asyncio
import contextlib
from collections.abc import Iterable
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pivotal_sandbox.core.activity import Activity, Attempted
from pivotal_sandbox.core.behaviour import Bin, Step, parse_behaviour
from pivotal_sandbox.core.instant import rfc3339
from pivotal_sandbox.core.model import Delivery
from pivotal_sandbox.core.url import parse_url
from pivotal_sandbox.errors import InputError, NotFound
from pivotal_sandbox.receive.capture import PREFIX, is_bin_name
from pivotal_sandbox.sandbox import Sandbox
from pivotal_sandbox.store.captures import CaptureFilter
from pivotal_sandbox.store.deliveries import DeliveryFilter
from pivotal_sandbox.web import inputs, views
from pivotal_sandbox.web.inputs import (
    read_at,
    read_body,
    read_duration,
    read_limit,
    read_moment,
    read_query,
)

_WAIT_MOST = 60_000  # ms


def routes() -> list[Route]:
    """Return the routes of the API and of the health check."""
    return [
        Route("/healthz", healthz, methods=["GET"]),
        Route("/api/endpoints", list_endpoints, methods=["GET"]),
        Route("/api/endpoints", add_endpoint, methods=["POST"]),
        Route("/api/endpoints/{id}", show_endpoint, methods=["GET"]),
        Route("/api/endpoints/{id}", update_endpoint, methods=["PATCH"]),
        Route("/api/endpoints/{id}", delete_endpoint, methods=["DELETE"]),
        Route("/api/endpoints/{id}/ping", ping_endpoint, methods=["POST"]),
        Route("/api/endpoints/{id}/rotate-secret", rotate_secret, methods=["POST"]),
        Route("/api/events", trigger, methods=["POST"]),
        Route("/api/deliveries", list_deliveries, methods=["GET"]),
        Route("/api/deliveries/replay", replay, methods=["POST"]),
        Route("/api/deliveries/{id}", show_delivery, methods=["GET"]),
        Route("/api/captures", list_captures, methods=["GET"]),
        Route("/api/captures", clear_captures, methods=["DELETE"]),
        Route("/api/captures/{id}", show_capture, methods=["GET"]),
        Route("/api/captures/{id}", delete_capture, methods=["DELETE"]),
        Route("/api/bins/{bin}", show_bin, methods=["GET"]),
        Route("/api/bins/{bin}", set_bin, methods=["PUT"]),
        Route("/api/clock", show_clock, methods=["GET"]),
        Route("/api/clock", change_clock, methods=["POST"]),
    ]


async def healthz(request: Request) -> Response:
    """Say that the sandbox answers and its database reads."""
    await _sandbox(request).deliveries.latest()
    return _json({"status": "ok"})


async def list_endpoints(request: Request) -> Response:
    """GET /api/endpoints."""
    query = read_query(request, inputs.EndpointQuery)
    limit = read_limit(query)
    newest_first = reversed(_sandbox(request).endpoints.all(query.mode))
    found = [e for e in newest_first if query.cursor is None or e.id < query.cursor]
    cursor = found[limit - 1].id if len(found) > limit else None
    return _list(map(views.endpoint_view, found[:limit]), cursor)


async def add_endpoint(request: Request) -> Response:
    """POST /api/endpoints."""
    new = await read_body(request, inputs.NewEndpoint)
    endpoint = await _sandbox(request).add_endpoint(
        new.url,
        mode=new.mode,
        event_types=new.event_types,
        field_filter=new.field_filter,
        description=new.description,
    )
    return _json(views.endpoint_view(endpoint, secret=True), 201)


async def show_endpoint(request: Request) -> Response:
    """GET /api/endpoints/{id}."""
    endpoint = _sandbox(request).endpoints.get(request.path_params["id"])
    return _json(views.endpoint_view(endpoint, secret=True))


async def update_endpoint(request: Request) -> Response:
    """PATCH /api/endpoints/{id}."""
    given = msgspec.structs.asdict(await read_body(request, inputs.EndpointChanges))
    changes = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in given.items()
        if value is not msgspec.UNSET
    }
    endpoint = await _sandbox(request).update_endpoint(request.path_params["id"], **changes)
    return _json(views.endpoint_view(endpoint))


async def delete_endpoint(request: Request) -> Response:
    """DELETE /api/endpoints/{id}."""
    await _sandbox(request).delete_endpoint(request.path_params["id"])
    return Response(status_code=204)


async def ping_endpoint(request: Request) -> Response:
    """POST /api/endpoints/{id}/ping."""
    triggered = await _sandbox(request).ping(request.path_params["id"])
    return _json(_triggered(triggered.event, triggered.deliveries), 202)


async def rotate_secret(request: Request) -> Response:
    """POST /api/endpoints/{id}/rotate-secret."""
    rotation = await read_body(request, inputs.Rotation)
    overlap = read_duration(rotation.overlap, "/overlap")
    endpoint = await _sandbox(request).rotate_secret(request.path_params["id"], overlap)
    return _json(views.endpoint_view(endpoint, secret=True))


async def trigger(request: Request) -> Response:
    """POST /api/events."""
    new = await read_body(request, inputs.NewEvent)
    triggered = await _sandbox(request).trigger(
        new.type,
        mode=new.mode,
        set=new.set,
        data=new.data,
        endpoint_id=new.endpoint_id,
        validate=new.validate,
    )
    return _json(_triggered(triggered.event, triggered.deliveries), 202)


async def list_deliveries(request: Request) -> Response:
    """GET /api/deliveries."""
    query = read_query(request, inputs.DeliveryQuery)
    items, cursor = await _sandbox(request).deliveries.page(
        _delivery_filter(request, query), limit=read_limit(query), cursor=query.cursor
    )
    return _list(map(views.delivery_view, items), cursor)


async def show_delivery(request: Request) -> Response:
    """GET /api/deliveries/{id}; with `wait`, once it is no longer pending or that time is over."""
    sandbox, delivery_id = _sandbox(request), request.path_params["id"]
    wait = read_duration(read_query(request, inputs.WaitQuery).wait, "/wait")
    delivery = await _attempted(sandbox, delivery_id, min(wait, _WAIT_MOST))
    return _json(
        views.delivery_view(delivery)
        | {
            "event": views.event_view(await sandbox.deliveries.event(delivery.event_id)),
            "attempts": list(
                map(views.attempt_view, await sandbox.deliveries.attempts(delivery_id))
            ),
        }
    )


async def replay(request: Request) -> Response:
    """POST /api/deliveries/replay."""
    sandbox = _sandbox(request)
    given = await read_body(request, inputs.Replay)
    if (given.ids is None) == (given.filter is None):
        raise InputError('Give either "ids" or "filter".', pointer="/ids")
    ids = given.ids
    if given.filter is not None:
        ids = await sandbox.deliveries.matching(_delivery_filter(request, given.filter))
    assert ids is not None  # one of the two was given
    if given.dry_run:
        old = await sandbox.deliveries.get_all(ids)
        return _json({"items": [], "count": len(old)})
    replays = await sandbox.replay(ids)
    return _json({"items": list(map(views.delivery_view, replays)), "count": len(replays)}, 202)


async def list_captures(request: Request) -> Response:
    """GET /api/captures."""
    query, now = read_query(request, inputs.CaptureQuery), _sandbox(request).clock.now()
    wanted = CaptureFilter(
        bin=query.bin,
        verified=query.verified,
        since=read_moment(query.since, now, "/since"),
        until=read_moment(query.until, now, "/until"),
        q=query.q,
    )
    items, cursor = await _sandbox(request).captures.page(
        wanted, limit=read_limit(query), cursor=query.cursor
    )
    return _list(map(views.capture_view, items), cursor)


async def clear_captures(request: Request) -> Response:
    """DELETE /api/captures."""
    bin = read_query(request, inputs.BinQuery).bin
    return _json({"deleted": await _sandbox(request).captures.clear(bin)})


async def show_capture(request: Request) -> Response:
    """GET /api/captures/{id}."""
    capture = await _sandbox(request).captures.get(request.path_params["id"])
    return _json(views.capture_view(capture))


async def delete_capture(request: Request) -> Response:
    """DELETE /api/captures/{id}."""
    await _sandbox(request).captures.delete(request.path_params["id"])
    return Response(status_code=204)


async def show_bin(request: Request) -> Response:
    """GET /api/bins/{bin}."""
    sandbox, name = _sandbox(request), _bin_name(request)
    return _json(views.bin_view(sandbox.captures.bin(name), _bin_url(sandbox, name)))


async def set_bin(request: Request) -> Response:
    """PUT /api/bins/{bin}."""
    sandbox, name = _sandbox(request), _bin_name(request)
    given = await read_body(request, inputs.BinChanges)
    steps: tuple[Step, ...] = (Step(),)
    if given.behaviour is not msgspec.UNSET:
        steps = parse_behaviour(given.behaviour)
    if given.forward_to is not None:
        read_at("/forward_to", parse_url, given.forward_to)
    if given.secret == "":
        raise InputError("The secret is empty; leave it out instead.", pointer="/secret")
    bin = Bin(name, steps, given.forward_to, given.secret)
    await sandbox.receiver.set_bin(bin)
    return _json(views.bin_view(bin, _bin_url(sandbox, name)))


async def show_clock(request: Request) -> Response:
    """GET /api/clock."""
    return _json(_clock(_sandbox(request)))


async def change_clock(request: Request) -> Response:
    """POST /api/clock."""
    sandbox = _sandbox(request)
    change = await read_body(request, inputs.ClockChange)
    if sum(given is not None for given in (change.advance, change.speed, change.mode)) != 1:
        raise InputError('Give one of "advance", "speed" and "mode".', pointer="/advance")
    made: list[Attempted] = []
    if change.advance is not None:
        made = await sandbox.advance(read_duration(change.advance, "/advance"))
    elif change.speed is not None:
        sandbox.set_speed(change.speed)
    else:
        sandbox.set_speed(0 if change.mode == "manual" else 1)
    attempts = [
        {"delivery": views.delivery_view(a.delivery), **views.attempt_view(a.attempt)} for a in made
    ]
    return _json(_clock(sandbox) | {"attempts": attempts})


def _sandbox(request: Request) -> Sandbox:
    sandbox: Sandbox = request.app.state.sandbox
    return sandbox


def _json(content: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(content), status, media_type="application/json")


def _list(items: Iterable[views.View], cursor: str | None) -> Response:
    return _json({"items": list(items), "next_cursor": cursor})


def _triggered(event: Any, deliveries: Iterable[Delivery]) -> views.View:
    return {
        "event": views.event_view(event),
        "deliveries": list(map(views.delivery_view, deliveries)),
    }


def _delivery_filter(request: Request, query: inputs.DeliveryQuery) -> DeliveryFilter:
    now = _sandbox(request).clock.now()
    return DeliveryFilter(
        mode=query.mode,
        endpoint_id=query.endpoint_id,
        status=query.status,
        event_type=query.event_type,
        status_code=query.status_code,
        since=read_moment(query.since, now, "/since"),
        until=read_moment(query.until, now, "/until"),
        q=query.q,
    )


async def _attempted(sandbox: Sandbox, delivery_id: str, wait: int) -> Delivery:
    """Return the delivery once it is not pending, or as it is after `wait` ms."""
    changed = asyncio.Event()

    def listen(activity: Activity) -> None:
        if isinstance(activity, Attempted) and activity.delivery.id == delivery_id:
            changed.set()

    unsubscribe = sandbox.feed.subscribe(listen)
    try:
        delivery = await sandbox.deliveries.get(delivery_id)
        if delivery.status == "pending" and wait:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), wait / 1000)
            delivery = await sandbox.deliveries.get(delivery_id)
        return delivery
    finally:
        unsubscribe()


def _bin_name(request: Request) -> str:
    name: str = request.path_params["bin"]
    if not is_bin_name(name):
        raise NotFound("A bin's name has 1 to 64 letters, digits, - and _.", pointer="/bin")
    return name


def _bin_url(sandbox: Sandbox, name: str) -> str:
    return f"{sandbox.base_url}{PREFIX}{name}"


def _clock(sandbox: Sandbox) -> views.View:
    due = sandbox.dispatcher.next_due()
    return {
        "now": rfc3339(sandbox.clock.now()),
        "mode": sandbox.clock.mode,
        "speed": sandbox.clock.speed,
        "next_attempt_at": None if due is None else rfc3339(due),
    }
