"""The sandbox: clock, store, dispatcher, worlds and capture receiver as one object."""

import random
import secrets as entropy
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from pivotal_sandbox.clock import Clock
from pivotal_sandbox.common.ids import ENDPOINT, Ids, new_secret
from pivotal_sandbox.domain import retry_policy
from pivotal_sandbox.domain.catalog import PING, Catalog
from pivotal_sandbox.domain.endpoints import (
    label_endpoints,
    new_endpoint,
    rotate_secret,
    update_endpoint,
)
from pivotal_sandbox.domain.models import Attempt, Delivery, Endpoint, Mode, Record, SignTime
from pivotal_sandbox.domain.payload import Edits
from pivotal_sandbox.errors import InputError, StoreError
from pivotal_sandbox.faults.chaos import parse_chaos
from pivotal_sandbox.faults.injector import FaultInjector
from pivotal_sandbox.feed import (
    Attempted,
    ChaosChanged,
    ClockChanged,
    DeliveryChanged,
    EndpointChanged,
    Feed,
    Triggered,
)
from pivotal_sandbox.receiver.capture import BODY_MOST, PREFIX, CaptureReceiver
from pivotal_sandbox.records.record_store import Change, RecordStore
from pivotal_sandbox.sandbox.outbox import Outbox
from pivotal_sandbox.sandbox.record_stores import RecordStores
from pivotal_sandbox.sandbox.retention import Retention
from pivotal_sandbox.sandbox.search_indexing import SearchIndexing
from pivotal_sandbox.sender.dispatcher import Dispatcher
from pivotal_sandbox.sender.egress import AddressGuard
from pivotal_sandbox.sender.sender import Sender
from pivotal_sandbox.store.captures import Captures
from pivotal_sandbox.store.database import Database
from pivotal_sandbox.store.deliveries import Deliveries, attempt_row, delivery_row
from pivotal_sandbox.store.endpoints import Endpoints

if TYPE_CHECKING:
    import httpx


class Sandbox:
    """Pivotal's sender and a capture receiver. Use it as an async context manager.

    `path` is the database file; None keeps all in memory. `clock` is the system's by default.
    `seed` makes ids, secrets, records and jitter reproducible: on a manual clock the traffic is the
    same to the byte. `catalog` is a file that replaces the built-in event types. `allow_hosts`
    names what may be reached besides loopback. `timeout` is in ms. `transport` takes all requests
    in place of the network. `sign_time` says whose time the signatures carry: the wall clock's,
    which receivers compare with, or the sandbox's. `keep` is how many ms the log goes back.
    `base_url` is where `/in/` is served. `chaos` is what `set_chaos` begins with.
    """

    def __init__(
        self,
        path: Path | None = None,
        *,
        clock: Clock | None = None,
        seed: int | None = None,
        catalog: Path | None = None,
        allow_hosts: Sequence[str] = (),
        timeout: int = retry_policy.TIMEOUT,
        transport: "httpx.AsyncBaseTransport | None" = None,
        sign_time: SignTime = "wall",
        keep: int = retry_policy.RETENTION,
        base_url: str = "http://127.0.0.1:8400",
        chaos: str = "",
    ) -> None:
        self.clock = clock or Clock()
        self.base_url = base_url
        self.feed = Feed()
        guard = AddressGuard(allow_hosts)
        self.sender = Sender(guard=guard, timeout_ms=timeout, transport=transport)
        # What is passed on has its answer passed back whole, not as far as the log keeps it.
        self._forwarder = Sender(guard=guard, timeout_ms=timeout, keep=BODY_MOST)
        self._path = path
        self._seed = str(entropy.randbits(128) if seed is None else seed)
        self._ids = Ids(random.Random(f"{self._seed}/ids"))
        # Of their own: how captures and deliveries interleave does not change anybody's ids.
        self._capture_ids = Ids(random.Random(f"{self._seed}/captures"))
        self._secrets = random.SystemRandom() if seed is None else random.Random(f"{seed}/secrets")
        self._sign_time, self._retained, self._chaos = sign_time, keep, chaos
        self._worlds = RecordStores(self._ids, self._seed, catalog)

    async def __aenter__(self) -> Self:
        self._database = Database(self._path)
        try:
            await self._open()
        except BaseException:
            await self._database.close()
            raise
        return self

    async def _open(self) -> None:
        self.endpoints = Endpoints(self._database)
        self.deliveries = Deliveries(self._database)
        self.captures = Captures(self._database)
        await self.endpoints.load()
        await self.captures.load()
        # A clock that was advanced before a restart goes on from what it had seen.
        self.clock.advance_to(await self.deliveries.latest() or 0)
        await self._worlds.load(self._database)
        self.receiver = CaptureReceiver(
            captures=self.captures,
            ids=self._capture_ids,
            clock=self.clock,
            address=f"{self.base_url}{PREFIX}",
            secrets=lambda address: self.endpoints.secrets_at(address, self.clock.now()),
            others=lambda: label_endpoints(self.endpoints.all()),
            timestamp=self.timestamp,
            forward=self._forwarder.send,
            on_capture=self.feed.publish,
        )
        self.mischief = FaultInjector(
            seed=self._seed,
            send=self.sender.send,
            attempts=self.deliveries.attempts,
            catalog=lambda: self.catalog,
            has_socket=self.sender.has_socket,
        )
        self.set_chaos(self._chaos)
        self.dispatcher = Dispatcher(
            clock=self.clock,
            seed=self._seed,
            send=self.sender.send,
            keep=self._keep,
            event=self.deliveries.event,
            endpoint=self.endpoints.find,
            timestamp=lambda: int(self.timestamp()),
            on_attempt=self._attempted,
            mischief=self.mischief,
        )
        self.outbox = Outbox(
            database=self._database,
            endpoints=self.endpoints,
            deliveries=self.deliveries,
            dispatcher=self.dispatcher,
            mischief=self.mischief,
            ids=self._ids,
            clock=self.clock,
            feed=self.feed,
        )
        for delivery in await self.deliveries.open():
            self.dispatcher.add(delivery)
        self.retention = Retention(self.clock, self.deliveries, self.captures, self._retained)
        self.retention.start(at_once=self._path is not None)
        self._indexing = SearchIndexing(self._database)
        self._indexing.start()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.retention.stop()
        self._indexing.stop()
        await self.dispatcher.close()
        await self.sender.close()
        await self._forwarder.close()
        await self._database.close()

    @property
    def catalog(self) -> Catalog:
        """The event types."""
        return self._worlds.catalog

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
        now = self.clock.now()
        endpoint = new_endpoint(
            self._ids.new(ENDPOINT, now),
            url,
            mode=mode,
            secret=new_secret(self._secrets) if secret is None else secret,
            now=now,
            event_types=event_types,
            field_filter=field_filter,
            description=description,
            catalog=self.catalog,
        )
        await self._put_endpoint(endpoint)
        await self.ping(endpoint.id)
        return endpoint

    async def update_endpoint(self, endpoint_id: str, **changes: Any) -> Endpoint:
        """Change `url`, `event_types`, `field_filter`, `description` or `enabled`.

        Pending retries keep their URL; those of an endpoint that is disabled are cancelled.
        """
        endpoint = update_endpoint(self.endpoints.get(endpoint_id), changes, self.catalog)
        await self._put_endpoint(endpoint)
        if not endpoint.enabled:
            await self.dispatcher.cancel(endpoint_id)
        return endpoint

    async def delete_endpoint(self, endpoint_id: str) -> None:
        """Forget the endpoint; its pending deliveries are cancelled and stay in the log."""
        endpoint = self.endpoints.get(endpoint_id)
        await self.endpoints.delete(endpoint_id)
        self.feed.publish(EndpointChanged(endpoint, deleted=True))
        await self.dispatcher.cancel(endpoint_id)

    async def rotate_secret(
        self, endpoint_id: str, overlap: int = retry_policy.ROTATION_OVERLAP
    ) -> Endpoint:
        """Give the endpoint a new secret; the old one signs too for `overlap` ms."""
        old, secret = self.endpoints.get(endpoint_id), new_secret(self._secrets)
        return await self._put_endpoint(rotate_secret(old, secret, self.clock.now(), overlap))

    async def ping(self, endpoint_id: str, *, fault: str | None = None) -> Triggered:
        """Send `webhook.ping` to one endpoint, whatever it subscribed to."""
        return Triggered.together(await self.outbox.ping(endpoint_id, fault))

    async def trigger(
        self,
        type: str,
        *,
        mode: Mode | None = None,
        set: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        endpoint_id: str | None = None,
        validate: bool = True,
        fault: str | None = None,
    ) -> Triggered:
        """Make the change that fires `type`, and send that one event.

        It goes to the endpoints of `mode` (default: test) that subscribed to it, or to the one
        named, whatever that subscribed to. Returns once event and deliveries are kept: where the
        `fault` takes several events, the last of them with the deliveries of all.
        """
        endpoint = self.outbox.enabled(endpoint_id, mode=mode) if endpoint_id else None
        mode = endpoint.mode if endpoint else mode or "test"
        if type == PING:
            if endpoint is None:
                raise InputError(f"{PING} goes to one endpoint: name it.", pointer="/endpoint_id")
            return await self.ping(endpoint.id, fault=fault)
        edit = {"set": set, "data": data, "validate": validate}
        change = await self._worlds.make_change(mode, type, self.clock.now(), fault=fault, **edit)
        to = [endpoint] if endpoint else None
        return Triggered.together(await self._send(mode, change, to, fault))

    async def change(
        self,
        mode: Mode,
        make: Callable[[RecordStore, int], Change],
        *,
        endpoint_id: str | None = None,
    ) -> tuple[Change, list[Triggered]]:
        """Let `make` change the records of `mode` at the time it is given; send all that fires.

        It goes to those that subscribed, or to the one endpoint named.
        """
        to = [self.outbox.enabled(endpoint_id, mode=mode)] if endpoint_id else None
        change = make(await self._worlds.of(mode), self.clock.now())
        return change, await self._send(mode, change, to)

    async def records(self, mode: Mode, object: str) -> Mapping[str, Record]:
        """Return the records of one kind by id, the oldest first. Raises `NotFound`."""
        return (await self._worlds.of(mode)).records(object)

    async def replay(
        self,
        ids: Sequence[str],
        *,
        verbatim: bool = False,
        set: Mapping[str, Any] | None = None,
        validate: bool = True,
        rate: float | None = None,
    ) -> list[Delivery]:
        """Send past deliveries again: same event, new delivery, the endpoint's present URL.

        `verbatim` repeats bytes and headers of the last attempt instead; `set` edits the event, by
        dotted paths into its body. With a `rate` so many a second fall due. Raises `InputError`,
        `NotFound` or `Conflict`, and then sends none.
        """
        edits = Edits(set, self.catalog if validate else None) if set else None
        return await self.outbox.replay(ids, verbatim=verbatim, edits=edits, rate=rate)

    async def advance(self, duration: int) -> list[Attempted]:
        """Move the clock by `duration` ms, making every attempt that falls due on the way."""
        if duration < 0:
            raise InputError("Time does not go back: advance by 0s or more.", pointer="/advance")
        made: list[Attempted] = []
        unsubscribe = self.feed.subscribe(
            lambda activity: made.append(activity) if isinstance(activity, Attempted) else None
        )
        try:
            await self.dispatcher.run_to(self.clock.now() + duration)
            self.feed.publish(ClockChanged(self.clock.now(), self.clock.speed))
        finally:
            unsubscribe()
        await self.deliveries.move(self.clock.now())
        await self.retention.prune()
        return made

    def set_speed(self, speed: float) -> None:
        """Run the clock at `speed`; 0 makes it a manual one."""
        self.clock.set_speed(speed)
        self.dispatcher.look()
        self.feed.publish(ClockChanged(self.clock.now(), speed))

    def set_chaos(self, spec: str) -> None:
        """Let things go wrong as `spec` ("5xx=10%") has it; "" ends that. Raises `InputError`."""
        chaos = parse_chaos(spec)
        self.mischief.chaos = chaos if chaos.rules else None
        self.feed.publish(ChaosChanged(chaos.spec))

    def timestamp(self) -> float:
        """Return the Unix seconds that a signature made now carries."""
        return self.clock.now() / 1000 if self._sign_time == "sandbox" else self.clock.wall()

    def _attempted(self, delivery: Delivery, attempt: Attempt) -> None:
        self.feed.publish(Attempted(delivery, attempt, self.receiver.verdict(attempt)))

    async def _put_endpoint(self, endpoint: Endpoint) -> Endpoint:
        await self._database.put([self.endpoints.row(endpoint)])
        self.endpoints.hold(endpoint)
        self.feed.publish(EndpointChanged(endpoint))
        return endpoint

    async def _keep(self, delivery: Delivery, attempt: Attempt | None) -> None:
        attempts = [attempt_row(attempt)] if attempt else []
        await self._database.put([delivery_row(delivery), *attempts])
        if attempt is None:
            self.feed.publish(DeliveryChanged(delivery))

    async def _send(
        self,
        mode: Mode,
        change: Change,
        to: Sequence[Endpoint] | None = None,
        fault: str | None = None,
    ) -> list[Triggered]:
        try:
            return await self.outbox.send(mode, change, to, fault)
        except (InputError, StoreError):
            await self._worlds.load(self._database)  # what is not kept did not happen
            raise
