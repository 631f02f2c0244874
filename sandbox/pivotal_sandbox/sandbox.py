"""The sandbox: clock, store, dispatcher, worlds and capture receiver as one object."""

import random
import secrets as entropy
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

from pivotal_sandbox import data
from pivotal_sandbox.clock import Clock
from pivotal_sandbox.core import catalog as subscriptions
from pivotal_sandbox.core import policy
from pivotal_sandbox.core.activity import Attempted, Captured, Feed, Triggered
from pivotal_sandbox.core.event import envelope
from pivotal_sandbox.core.ids import DELIVERY, ENDPOINT, EVENT, Ids, new_secret
from pivotal_sandbox.core.model import Attempt, Capture, Delivery, Endpoint, Event, Mode
from pivotal_sandbox.core.url import parse_url
from pivotal_sandbox.core.world import Change, World
from pivotal_sandbox.engine.dispatcher import Dispatcher
from pivotal_sandbox.engine.guard import Guard
from pivotal_sandbox.engine.sender import Sender
from pivotal_sandbox.errors import Conflict, InputError
from pivotal_sandbox.receive.capture import PREFIX, CaptureReceiver
from pivotal_sandbox.store.captures import Captures
from pivotal_sandbox.store.database import Database, Row
from pivotal_sandbox.store.deliveries import (
    Deliveries,
    attempt_row,
    delivery_row,
    event_row,
)
from pivotal_sandbox.store.endpoints import Endpoints
from pivotal_sandbox.store.records import load_records, record_row

if TYPE_CHECKING:
    import httpx

MODES: tuple[Mode, ...] = ("test", "live")
PING = "webhook.ping"

_VERDICTS_HELD = 1024


class Sandbox:
    """Pivotal's sender and a capture receiver. Use it as an async context manager.

    `path` is the database file; None keeps all in memory. `clock` is the system's by default.
    `seed` makes ids, secrets, records and jitter reproducible: on a manual clock the traffic is the
    same to the byte. `catalog` is a file that replaces the built-in event types. `allow_hosts`
    names what may be reached besides loopback. `timeout` is in ms. `transport` takes all requests
    in place of the network. `sign_time` says whose time the signatures carry: the wall clock's,
    which receivers compare with, or the sandbox's. `base_url` is where `/in/` is served.
    """

    def __init__(
        self,
        path: Path | None = None,
        *,
        clock: Clock | None = None,
        seed: int | None = None,
        catalog: Path | None = None,
        allow_hosts: Sequence[str] = (),
        timeout: int = policy.TIMEOUT,
        transport: "httpx.AsyncBaseTransport | None" = None,
        sign_time: Literal["wall", "sandbox"] = "wall",
        base_url: str = "http://127.0.0.1:8400",
    ) -> None:
        self.clock = clock or Clock()
        self.base_url = base_url
        self.catalog = data.load_catalog(catalog)
        self.feed = Feed()
        self.sender = Sender(guard=Guard(allow_hosts), timeout_ms=timeout, transport=transport)
        self._path = path
        self._seed = str(entropy.randbits(128) if seed is None else seed)
        self._ids = Ids(random.Random(f"{self._seed}/ids"))
        # Of their own: how captures and deliveries interleave does not change anybody's ids.
        self._capture_ids = Ids(random.Random(f"{self._seed}/captures"))
        self._secrets = random.SystemRandom() if seed is None else random.Random(f"{seed}/secrets")
        self._sign_time = sign_time
        self._verdicts: dict[str, str] = {}

    async def __aenter__(self) -> Self:
        self._database = Database(self._path)
        self.endpoints = Endpoints(self._database)
        self.deliveries = Deliveries(self._database)
        self.captures = Captures(self._database)
        await self.endpoints.load()
        await self.captures.load()
        # A clock that was advanced before a restart goes on from what it had seen.
        self.clock.advance_to(await self.deliveries.latest() or 0)
        self._worlds = {mode: await self._world(mode) for mode in MODES}
        self.receiver = CaptureReceiver(
            captures=self.captures,
            ids=self._capture_ids,
            clock=self.clock,
            secrets=self._bin_secrets,
            timestamp=self._timestamp,
            forward=self.sender.send,
            on_capture=self._captured,
        )
        self.dispatcher = Dispatcher(
            clock=self.clock,
            seed=self._seed,
            send=self.sender.send,
            keep=self._keep,
            event=self.deliveries.event,
            endpoint=self.endpoints.find,
            timestamp=lambda: int(self._timestamp()),
            on_attempt=self._attempted,
        )
        for delivery in await self.deliveries.open():
            self.dispatcher.add(delivery)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.dispatcher.close()
        await self.sender.close()
        await self._database.close()

    # -- endpoints

    async def add_endpoint(
        self,
        url: str,
        *,
        mode: Mode = "test",
        event_types: Sequence[str] = ("*",),
        field_filter: Sequence[str] = (),
        description: str = "",
        secret: str | None = None,
    ) -> Endpoint:
        """Keep a new endpoint, and send it its ping. Raises `InputError`."""
        parse_url(url)
        subscriptions.check_subscription(event_types, field_filter, self.catalog)
        now = self.clock.now()
        endpoint = Endpoint(
            id=self._ids.new(ENDPOINT, now),
            url=url,
            mode=mode,
            secret=new_secret(self._secrets) if secret is None else secret,
            created_at=now,
            event_types=tuple(event_types),
            field_filter=tuple(field_filter),
            description=description,
        )
        await self._put_endpoint(endpoint)
        await self.ping(endpoint.id)
        return endpoint

    async def update_endpoint(self, endpoint_id: str, **changes: Any) -> Endpoint:
        """Change `url`, `event_types`, `field_filter`, `description` or `enabled`.

        Pending retries keep their URL; those of an endpoint that is disabled are cancelled.
        """
        endpoint = replace(self.endpoints.get(endpoint_id), **changes)
        parse_url(endpoint.url)
        subscriptions.check_subscription(endpoint.event_types, endpoint.field_filter, self.catalog)
        await self._put_endpoint(endpoint)
        if not endpoint.enabled:
            await self.dispatcher.cancel(endpoint_id)
        return endpoint

    async def delete_endpoint(self, endpoint_id: str) -> None:
        """Forget the endpoint; its pending deliveries are cancelled and stay in the log."""
        self.endpoints.get(endpoint_id)
        await self.endpoints.delete(endpoint_id)
        await self.dispatcher.cancel(endpoint_id)

    async def rotate_secret(
        self, endpoint_id: str, overlap: int = policy.ROTATION_OVERLAP
    ) -> Endpoint:
        """Give the endpoint a new secret; the old one signs too for `overlap` ms."""
        old = self.endpoints.get(endpoint_id)
        endpoint = replace(
            old,
            secret=new_secret(self._secrets),
            previous_secret=old.secret,
            previous_secret_expires_at=self.clock.now() + overlap,
        )
        await self._put_endpoint(endpoint)
        return endpoint

    async def ping(self, endpoint_id: str) -> Triggered:
        """Send `webhook.ping` to one endpoint, whatever it subscribed to."""
        endpoint = self._enabled(endpoint_id)
        payload = {"endpoint_id": endpoint.id, "mode": endpoint.mode}
        return await self._send(self._event(PING, endpoint.mode, payload, ()), [endpoint], [])

    # -- events

    async def trigger(
        self,
        type: str,
        *,
        mode: Mode | None = None,
        set: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        endpoint_id: str | None = None,
        validate: bool = True,
    ) -> Triggered:
        """Make the change that fires `type`, and send that one event.

        It goes to the endpoints of `mode` (default: test) that subscribed to it, or to the one
        named, whatever that subscribed to. Returns once event and deliveries are kept.
        """
        endpoint = self._enabled(endpoint_id) if endpoint_id else None
        if endpoint and mode not in (None, endpoint.mode):
            raise Conflict(
                f"The endpoint {endpoint.id} is a {endpoint.mode} one: no {mode} event reaches it.",
                pointer="/mode",
            )
        mode = endpoint.mode if endpoint else mode or "test"
        if type == PING:
            if endpoint is None:
                raise InputError(f"{PING} goes to one endpoint: name it.", pointer="/endpoint_id")
            return await self.ping(endpoint.id)
        now = self.clock.now()
        world = self._worlds[mode]
        change = world.trigger(type, now, set=set or {}, data=data, validate=validate)
        fired = change.events[0]
        event = self._event(fired.type, mode, fired.data, fired.changed)
        wanting = [endpoint] if endpoint else self._subscribed(event)
        return await self._send(event, wanting, self._record_rows(mode, change))

    async def replay(self, ids: Sequence[str]) -> list[Delivery]:
        """Send past deliveries again: same event, new delivery, the endpoint's present URL.

        Raises `NotFound` or `Conflict`, and then sends none.
        """
        now = self.clock.now()
        replays = []
        for index, old in enumerate(await self.deliveries.get_all(ids)):
            endpoint = self._enabled(old.endpoint_id, pointer=f"/ids/{index}")
            replays.append(self._delivery(old.event_id, old.event_type, endpoint, now, old.id))
        await self._database.put([delivery_row(delivery) for delivery in replays])
        for delivery in replays:
            self.dispatcher.add(delivery)
        return replays

    # -- time

    async def advance(self, duration: int) -> list[Attempted]:
        """Move the clock by `duration` ms, making every attempt that falls due on the way."""
        if duration < 0:
            raise InputError("Time does not go back: advance by 0s or more.", pointer="/advance")
        made: list[Attempted] = []
        unsubscribe = self.feed.subscribe(
            lambda activity: made.append(activity) if isinstance(activity, Attempted) else None
        )
        try:
            target = self.clock.now() + duration
            await self.dispatcher.settle()
            while (due := self.dispatcher.next_due()) is not None and due <= target:
                self.clock.advance_to(due)
                self.dispatcher.look()
                await self.dispatcher.settle()
            self.clock.advance_to(target)
            self.dispatcher.look()
        finally:
            unsubscribe()
        await self.prune()
        return made

    def set_speed(self, speed: float) -> None:
        """Run the clock at `speed`; 0 makes it a manual one."""
        self.clock.set_speed(speed)
        self.dispatcher.look()

    async def prune(self) -> int:
        """Drop what is older than the retention; return how many deliveries, events, captures."""
        before = self.clock.now() - policy.RETENTION
        return await self.deliveries.prune(before) + await self.captures.prune(before)

    def _captured(self, capture: Capture) -> None:
        for name, value in capture.headers:
            if name.lower() == "pivotal-delivery-id":
                self._verdicts[value] = capture.verdict
                if len(self._verdicts) > _VERDICTS_HELD:
                    del self._verdicts[next(iter(self._verdicts))]
        self.feed.publish(Captured(capture))

    def _attempted(self, delivery: Delivery, attempt: Attempt) -> None:
        self.feed.publish(Attempted(delivery, attempt, self._verdicts.pop(delivery.id, None)))

    # -- parts

    async def _world(self, mode: Mode) -> World:
        source = random.Random(f"{self._seed}/world/{mode}")
        world = World(mode, self.catalog, data.load_names(), self._ids, source)
        world.restore(await load_records(self._database, mode))
        return world

    async def _put_endpoint(self, endpoint: Endpoint) -> None:
        await self._database.put([self.endpoints.row(endpoint)])
        self.endpoints.hold(endpoint)

    async def _keep(self, delivery: Delivery, attempt: Attempt | None) -> None:
        rows = [delivery_row(delivery)]
        if attempt:
            rows.append(attempt_row(attempt))
        await self._database.put(rows)

    async def _send(
        self, event: Event, endpoints: Sequence[Endpoint], records: Sequence[Row]
    ) -> Triggered:
        deliveries = [
            self._delivery(event.id, event.type, endpoint, event.created_at)
            for endpoint in endpoints
        ]
        await self._database.put([event_row(event), *map(delivery_row, deliveries), *records])
        triggered = Triggered(event, tuple(deliveries))
        self.feed.publish(triggered)
        for delivery in deliveries:
            self.dispatcher.add(delivery, event)
        return triggered

    def _event(self, type: str, mode: Mode, payload: Any, changed: tuple[str, ...]) -> Event:
        now = self.clock.now()
        id = self._ids.new(EVENT, now)
        return Event(id, type, mode, now, envelope(id, type, now, payload), changed)

    def _delivery(
        self,
        event_id: str,
        event_type: str,
        endpoint: Endpoint,
        now: int,
        replay_of: str | None = None,
    ) -> Delivery:
        return Delivery(
            id=self._ids.new(DELIVERY, now),
            event_id=event_id,
            event_type=event_type,
            endpoint_id=endpoint.id,
            mode=endpoint.mode,
            url=endpoint.url,
            created_at=now,
            next_attempt_at=now,
            replay_of=replay_of,
        )

    def _enabled(self, endpoint_id: str, pointer: str = "/endpoint_id") -> Endpoint:
        endpoint = self.endpoints.get(endpoint_id)
        if not endpoint.enabled:
            raise Conflict(f"The endpoint {endpoint_id} is disabled: enable it.", pointer=pointer)
        return endpoint

    def _subscribed(self, event: Event) -> list[Endpoint]:
        return [e for e in self.endpoints.all() if subscriptions.subscribed(e, event)]

    def _timestamp(self) -> float:
        return self.clock.now() / 1000 if self._sign_time == "sandbox" else self.clock.wall()

    def _bin_secrets(self, bin: str) -> list[str]:
        """Return the secrets of the endpoints that deliver to this bin."""
        address = f"{self.base_url}{PREFIX}{bin}"
        now = self.clock.now()
        return [
            secret
            for endpoint in self.endpoints.all()
            if endpoint.url == address or endpoint.url.startswith((f"{address}/", f"{address}?"))
            for secret in endpoint.secrets(now)
        ]

    def _record_rows(self, mode: Mode, change: Change) -> list[Row]:
        return [record_row(mode, r.object, r.id, r.record) for r in change.records]
