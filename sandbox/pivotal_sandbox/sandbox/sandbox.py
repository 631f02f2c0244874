"""The sandbox: clock, stores, records, dispatcher and capture receiver as one object."""

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
from pivotal_sandbox.domain.endpoints import new_endpoint, rotate_secret, update_endpoint
from pivotal_sandbox.domain.models import Delivery, Endpoint, Mode, Record, SignTime
from pivotal_sandbox.domain.payload import Edits
from pivotal_sandbox.errors import InputError, StoreError
from pivotal_sandbox.faults.chaos import parse_chaos
from pivotal_sandbox.faults.injector import FaultInjector
from pivotal_sandbox.feed import (
    Activity,
    Attempted,
    ChaosChanged,
    ClockChanged,
    EndpointChanged,
    Feed,
    Triggered,
)
from pivotal_sandbox.receiver.capture import MAX_BODY, PREFIX, CaptureReceiver
from pivotal_sandbox.records.record_store import Change, RecordStore
from pivotal_sandbox.sandbox.delivery_log import StoredDeliveryLog
from pivotal_sandbox.sandbox.outbox import Outbox
from pivotal_sandbox.sandbox.record_stores import RecordStores
from pivotal_sandbox.sandbox.retention import Retention
from pivotal_sandbox.sandbox.search_indexing import SearchIndexing
from pivotal_sandbox.sandbox.stores import Stores
from pivotal_sandbox.sender.dispatcher import Dispatcher
from pivotal_sandbox.sender.egress import AddressGuard
from pivotal_sandbox.sender.sender import Sender
from pivotal_sandbox.store.database import Database
from pivotal_sandbox.store.in_flight import InFlightAttempts
from pivotal_sandbox.store.signing_keys import SigningKeys

if TYPE_CHECKING:
    import httpx


class Sandbox:
    """Pivotal's sender and a capture receiver. Use it as an async context manager.

    `path` is the database file; None keeps everything in memory. `clock` is the system's by
    default. `seed` makes ids, secrets, records and jitter reproducible: on a manual clock the
    traffic is the same to the byte. `catalog` is a file that replaces the built-in event types.
    `allow_hosts` names what may be reached besides loopback. `timeout` is in ms. `transport` takes
    every request in place of the network. `sign_time` says whose time signatures carry: the wall
    clock's, which receivers compare with, or the sandbox's. `keep` is how many ms the log goes
    back. `base_url` is where `/in/` is served. `chaos` is the first argument to `set_chaos`.
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
        # A forwarded response is passed back whole, although the log stores less of it.
        self._forwarder = Sender(guard=guard, timeout_ms=timeout, body_limit=MAX_BODY)
        self._path = path
        self._seed = str(entropy.randbits(128) if seed is None else seed)
        self._ids = Ids(random.Random(f"{self._seed}/ids"))
        # A source of their own: captures that come between deliveries change no delivery's id.
        self._capture_ids = Ids(random.Random(f"{self._seed}/captures"))
        self._secrets = random.SystemRandom() if seed is None else random.Random(f"{seed}/secrets")
        self._sign_time, self._retention_ms, self._initial_chaos = sign_time, keep, chaos
        self._record_stores = RecordStores(self._ids, self._seed, catalog)

    async def __aenter__(self) -> Self:
        database = self.open_database()
        try:
            await self._open(database)
        except BaseException:
            await database.close()
            raise
        return self

    def open_database(self) -> Database:
        """Return the database to use. Override this to test how the sandbox handles its errors."""
        return Database(self._path)

    async def _open(self, database: Database) -> None:
        self.stores = await Stores.load(database)
        self.endpoints = self.stores.endpoints
        self.deliveries = self.stores.deliveries
        self.captures = self.stores.captures
        # A clock that was advanced before a restart continues from the time it had reached.
        self.clock.advance_to(await self.deliveries.latest() or 0)
        await self._record_stores.load(database)
        self._signing_keys = SigningKeys(self.endpoints, self.clock, self._sign_time)
        self.receiver = CaptureReceiver(
            captures=self.captures,
            signing_keys=self._signing_keys,
            forwarder=self._forwarder,
            ids=self._capture_ids,
            clock=self.clock,
            feed=self.feed,
            address=f"{self.base_url}{PREFIX}",
        )
        self.fault_injector = FaultInjector(
            seed=self._seed,
            send=self.sender.send,
            attempts=self.deliveries.attempts,
            catalog=self._record_stores.current_catalog,
            has_socket=self.sender.has_socket,
        )
        self.set_chaos(self._initial_chaos)
        self._in_flight = InFlightAttempts(self._path)
        self._delivery_log = StoredDeliveryLog(
            self.stores, self._in_flight, self.receiver, self.feed
        )
        self.dispatcher = Dispatcher(
            clock=self.clock,
            seed=self._seed,
            send=self.sender.send,
            log=self._delivery_log,
            signing_time=self._signing_keys,
            fault_injector=self.fault_injector,
        )
        self.outbox = Outbox(
            stores=self.stores,
            dispatcher=self.dispatcher,
            fault_injector=self.fault_injector,
            ids=self._ids,
            clock=self.clock,
            feed=self.feed,
        )
        for delivery in await self._delivery_log.load_open_deliveries(self.clock, self._seed):
            self.dispatcher.add(delivery)
        self.retention = Retention(self.clock, self.deliveries, self.captures, self._retention_ms)
        self.retention.start(at_once=self._path is not None)
        self._search_indexing = SearchIndexing(database)
        self._search_indexing.start()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.retention.stop()
        self._search_indexing.stop()
        await self.dispatcher.close()
        await self._record_interrupted()
        await self.sender.close()
        await self._forwarder.close()
        await self.stores.database.close()

    @property
    def catalog(self) -> Catalog:
        """The event types."""
        return self._record_stores.current_catalog()

    async def add_endpoint(
        self,
        url: str,
        *,
        mode: Mode = "test",
        event_types: Sequence[str] = ("*",),
        field_filter: Sequence[str] = (),
        description: str = "",
        secret: str | None = None,
        ping: bool = True,
    ) -> Endpoint:
        """Store a new endpoint, and send it a ping. Raises `InputError`."""
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
        if ping:
            await self.ping(endpoint.id)
        return endpoint

    async def update_endpoint(self, endpoint_id: str, **changes: Any) -> Endpoint:
        """Change `url`, `event_types`, `field_filter`, `description` or `enabled`.

        Pending retries keep their URL. Disabling the endpoint cancels its pending deliveries.
        """
        endpoint = update_endpoint(self.endpoints.get(endpoint_id), changes, self.catalog)
        await self._put_endpoint(endpoint)
        if not endpoint.enabled:
            await self.dispatcher.cancel(endpoint_id)
        return endpoint

    async def delete_endpoint(self, endpoint_id: str) -> None:
        """Delete the endpoint. Its pending deliveries are cancelled and stay in the log."""
        endpoint = self.endpoints.get(endpoint_id)
        await self.endpoints.delete(endpoint_id)
        self.feed.publish(EndpointChanged(endpoint, deleted=True))
        await self.dispatcher.cancel(endpoint_id)

    async def rotate_secret(
        self, endpoint_id: str, overlap: int = retry_policy.ROTATION_OVERLAP
    ) -> Endpoint:
        """Give the endpoint a new secret. For `overlap` ms the old one signs as well."""
        old, secret = self.endpoints.get(endpoint_id), new_secret(self._secrets)
        return await self._put_endpoint(rotate_secret(old, secret, self.clock.now(), overlap))

    async def ping(self, endpoint_id: str, *, fault: str | None = None) -> Triggered:
        """Send `webhook.ping` to one endpoint, whatever its subscription."""
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

        It goes to the endpoints of `mode` (default: test) that subscribe to it, or to the named
        endpoint, whatever its subscription. Returns once event and deliveries are stored. If the
        `fault` takes several events, returns the last of them with the deliveries of all.
        """
        endpoint = self.outbox.enabled(endpoint_id, mode=mode) if endpoint_id else None
        mode = endpoint.mode if endpoint else mode or "test"
        if type == PING:
            if endpoint is None:
                raise InputError(f"{PING} goes to one endpoint: name it.", pointer="/endpoint_id")
            return await self.ping(endpoint.id, fault=fault)
        edits = {"set": set, "data": data, "validate": validate}
        change = await self._record_stores.make_change(
            mode, type, self.clock.now(), fault=fault, **edits
        )
        endpoints = [endpoint] if endpoint else None
        return Triggered.together(await self._send(mode, change, endpoints, fault))

    async def change(
        self,
        mode: Mode,
        make: Callable[[RecordStore, int], Change],
        *,
        endpoint_id: str | None = None,
    ) -> tuple[Change, list[Triggered]]:
        """Change the records of `mode` by `make(records, now)`, and send every event that fires.

        They go to the endpoints that subscribe, or to the named one.
        """
        endpoints = [self.outbox.enabled(endpoint_id, mode=mode)] if endpoint_id else None
        change = make(await self._record_stores.get(mode), self.clock.now())
        return change, await self._send(mode, change, endpoints)

    async def records(self, mode: Mode, object: str) -> Mapping[str, Record]:
        """Return the records of one kind by id, oldest first. Raises `NotFound`."""
        return (await self._record_stores.get(mode)).records(object)

    async def copy_records(self, mode: Mode) -> RecordStore:
        """Return a copy of the records of `mode`, to find out what a change would fire."""
        return (await self._record_stores.get(mode)).copy()

    async def replay(
        self,
        ids: Sequence[str],
        *,
        verbatim: bool = False,
        set: Mapping[str, Any] | None = None,
        validate: bool = True,
        rate: float | None = None,
    ) -> list[Delivery]:
        """Send past deliveries again: same event, new delivery, the endpoint's current URL.

        `verbatim` repeats the bytes and headers of the last attempt. `set` edits the event by
        dotted paths into its body. `rate` is how many are due per second. Raises `InputError`,
        `NotFound` or `Conflict`, and then sends none.
        """
        edits = Edits(set, self.catalog if validate else None) if set else None
        return await self.outbox.replay(ids, verbatim=verbatim, edits=edits, rate=rate)

    async def advance(self, duration: int) -> list[Attempted]:
        """Move the clock by `duration` ms, and make every attempt that is due on the way."""
        if duration < 0:
            raise InputError("Time does not go back: advance by 0s or more.", pointer="/advance")
        attempts: list[Attempted] = []

        def collect(activity: Activity) -> None:
            if isinstance(activity, Attempted):
                attempts.append(activity)

        unsubscribe = self.feed.subscribe(collect)
        try:
            await self.dispatcher.run_to(self.clock.now() + duration)
            self.feed.publish(ClockChanged(self.clock.now(), self.clock.speed))
        finally:
            unsubscribe()
        await self.deliveries.move(self.clock.now())
        await self.retention.prune()
        return attempts

    def set_speed(self, speed: float) -> None:
        """Run the clock at `speed` times real time; 0 pauses it."""
        self.clock.set_speed(speed)
        self.dispatcher.start_due_attempts()
        self.feed.publish(ClockChanged(self.clock.now(), speed))

    def set_chaos(self, spec: str) -> None:
        """Inject random faults by `spec` ("5xx=10%"); "" stops that. Raises `InputError`."""
        chaos = parse_chaos(spec)
        self.fault_injector.chaos = chaos if chaos.rules else None
        self.feed.publish(ChaosChanged(chaos.spec))

    def timestamp(self) -> float:
        """Return the Unix seconds that a signature made now carries."""
        return self._signing_keys.timestamp()

    async def _record_interrupted(self) -> None:
        try:
            await self._delivery_log.record_interrupted(self.clock, self._seed)
        except StoreError:
            self._in_flight.close()  # the notes stay, for the next start
        else:
            self._in_flight.close(remove=True)

    async def _put_endpoint(self, endpoint: Endpoint) -> Endpoint:
        await self.stores.database.put([self.endpoints.row(endpoint)])
        self.endpoints.hold(endpoint)
        self.feed.publish(EndpointChanged(endpoint))
        return endpoint

    async def _send(
        self,
        mode: Mode,
        change: Change,
        endpoints: Sequence[Endpoint] | None = None,
        fault: str | None = None,
    ) -> list[Triggered]:
        try:
            return await self.outbox.send(mode, change, endpoints, fault)
        except (InputError, StoreError):
            # The records in memory hold the change by now: load what is stored instead.
            await self._record_stores.load(self.stores.database)
            raise
