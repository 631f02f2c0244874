"""Store events and deliveries in one transaction, then pass them to the dispatcher."""

from collections.abc import Sequence

from msgspec.structs import replace

from pivotal_sandbox.clock import Clock
from pivotal_sandbox.common.durations import SECOND
from pivotal_sandbox.common.ids import DELIVERY, EVENT, Ids
from pivotal_sandbox.domain.catalog import PING, subscribed
from pivotal_sandbox.domain.models import Delivery, Endpoint, Event, Mode
from pivotal_sandbox.domain.payload import Edits, apply_edits, build_body
from pivotal_sandbox.domain.request import new_delivery
from pivotal_sandbox.errors import Conflict, InputError
from pivotal_sandbox.faults.injector import FaultInjector
from pivotal_sandbox.faults.registry import EDITED, VERBATIM, find_fault
from pivotal_sandbox.feed import DeliveryChanged, Feed, Triggered
from pivotal_sandbox.records.changes import Change, FiredEvent
from pivotal_sandbox.sandbox.stores import Stores
from pivotal_sandbox.sender.dispatcher import Dispatcher
from pivotal_sandbox.store.deliveries import delivery_row, event_row
from pivotal_sandbox.store.records import record_rows

MAX_REPLAYED = 10_000  # each is a row, a request and a line of the response


class Outbox:
    """Create events and deliveries from changes, and deliveries from replays."""

    def __init__(
        self,
        *,
        stores: Stores,
        dispatcher: Dispatcher,
        fault_injector: FaultInjector,
        ids: Ids,
        clock: Clock,
        feed: Feed,
    ) -> None:
        self._database = stores.database
        self._endpoints = stores.endpoints
        self._deliveries = stores.deliveries
        self._dispatcher = dispatcher
        self._fault_injector = fault_injector
        self._ids = ids
        self._clock = clock
        self._feed = feed

    async def send(
        self,
        mode: Mode,
        change: Change,
        endpoints: Sequence[Endpoint] | None = None,
        fault: str | None = None,
    ) -> list[Triggered]:
        """Store a change, its events and their deliveries, then send them with `fault`.

        They go to `endpoints`, or to those that subscribe; with a fault to those that subscribe to
        the last event. Raises `InputError` if the fault cannot be applied, and `StoreError`; then
        nothing is stored or sent.
        """
        if fault is not None and endpoints is None:
            endpoints = self._subscribers(mode, change.events[-1])
        triggered = []
        for fired in change.events:
            now = self._clock.now()
            id = self._ids.new(EVENT, now)
            body = build_body(id, fired.type, now, fired.data)
            event = Event(id, fired.type, mode, now, body, fired.changed)
            targets = endpoints
            if targets is None:
                targets = [e for e in self._endpoints.all() if subscribed(e, event)]
            deliveries = [self._delivery(id, fired.type, target, now) for target in targets]
            triggered.append(Triggered(event, tuple(deliveries)))
        if fault is not None or self._fault_injector.chaos is not None:
            triggered = self._fault_injector.apply(triggered, fault)
        rows = record_rows(mode, change.records)
        for item in triggered:
            rows += [event_row(item.event), *map(delivery_row, item.deliveries)]
        await self._database.put(rows)
        for item in triggered:
            self._feed.publish(item)
        if (row := find_fault(fault)) and row.order == "newest-first":
            self._dispatch_newer_first(*triggered)
            return triggered
        for item in triggered:
            for delivery in item.deliveries:
                self._dispatcher.add(delivery, item.event)
        return triggered

    async def ping(self, endpoint_id: str, fault: str | None = None) -> list[Triggered]:
        """Send `webhook.ping` to one endpoint, whatever its subscription."""
        endpoint = self.enabled(endpoint_id)
        fired = FiredEvent(PING, {"endpoint_id": endpoint.id, "mode": endpoint.mode})
        row = find_fault(fault)
        pings = Change(events=(fired,) * (row.events if row else 1))
        return await self.send(endpoint.mode, pings, [endpoint], fault)

    async def replay(
        self,
        ids: Sequence[str],
        *,
        verbatim: bool = False,
        edits: Edits | None = None,
        rate: float | None = None,
    ) -> list[Delivery]:
        """Send past deliveries again: same event, new delivery, the endpoint's current URL.

        `verbatim` repeats the bytes and headers of the last attempt. `edits` makes a new event of
        each. `rate` is how many are due per second. Raises `InputError`, `NotFound` or `Conflict`,
        and then sends none.
        """
        originals = await self.replayable(ids, verbatim=verbatim, editing=edits is not None)
        now = self._clock.now()
        events: dict[str, Event] = {}
        replays = []
        for index, (original, endpoint) in enumerate(originals):
            replay = self._delivery(
                original.event_id, original.event_type, endpoint, now, original.id
            )
            if rate is not None:
                replay = replace(replay, next_attempt_at=now + round(index * SECOND / rate))
            if verbatim:
                replay = replace(replay, fault=VERBATIM)
            elif edits is not None:
                if original.event_id not in events:
                    event = await self._deliveries.event(original.event_id)
                    events[original.event_id] = apply_edits(event, edits, self._ids.new(EVENT, now))
                event = events[original.event_id]
                replay = replace(replay, fault=EDITED, event_id=event.id, event_type=event.type)
            replays.append(replay)
        rows = [*map(event_row, events.values()), *map(delivery_row, replays)]
        await self._database.put(rows)
        for delivery in replays:
            self._feed.publish(DeliveryChanged(delivery))
            self._dispatcher.add(delivery)
        return replays

    async def replayable(
        self, ids: Sequence[str], *, verbatim: bool = False, editing: bool = False
    ) -> list[tuple[Delivery, Endpoint]]:
        """Return the deliveries that `replay` would send again, each with its endpoint.

        Raises the same errors as `replay`.
        """
        if len(ids) > MAX_REPLAYED:
            raise InputError(
                f"These are {len(ids)} deliveries; at most {MAX_REPLAYED} are replayed at a time.",
                pointer="/filter",
            )
        if verbatim and editing:
            raise InputError(
                "What is repeated verbatim is not edited: give one of verbatim and set.",
                pointer="/verbatim",
            )
        replayable = []
        for index, original in enumerate(await self._deliveries.get_all(ids)):
            if self._endpoints.find(original.endpoint_id) is None:
                raise Conflict(
                    f"The endpoint {original.endpoint_id} of {original.id} was deleted: "
                    "there is nowhere to replay it to, and nothing was sent. "
                    "Choose the deliveries of other endpoints.",
                    pointer=f"/ids/{index}",
                )
            endpoint = self.enabled(original.endpoint_id, pointer=f"/ids/{index}")
            if verbatim and not original.attempt_count:
                raise Conflict(
                    f"The delivery {original.id} was not attempted yet: "
                    "there is nothing to repeat.",
                    pointer=f"/ids/{index}",
                )
            replayable.append((original, endpoint))
        return replayable

    def enabled(
        self, endpoint_id: str, pointer: str = "/endpoint_id", *, mode: Mode | None = None
    ) -> Endpoint:
        """Return an endpoint that can be sent events of `mode`. Raises `NotFound` or `Conflict`."""
        endpoint = self._endpoints.get(endpoint_id)
        if mode not in (None, endpoint.mode):
            raise Conflict(
                f"The endpoint {endpoint.id} is a {endpoint.mode} one: no {mode} event reaches it.",
                pointer="/mode",
            )
        if not endpoint.enabled:
            raise Conflict(f"The endpoint {endpoint_id} is disabled: enable it.", pointer=pointer)
        return endpoint

    def _subscribers(self, mode: Mode, fired: FiredEvent) -> list[Endpoint]:
        event = Event("", fired.type, mode, 0, b"", fired.changed)
        return [endpoint for endpoint in self._endpoints.all() if subscribed(endpoint, event)]

    def _dispatch_newer_first(self, older: Triggered, newer: Triggered) -> None:
        for first in newer.deliveries:
            self._dispatcher.add(first, newer.event)
        for first, delivery in zip(newer.deliveries, older.deliveries, strict=True):
            self._dispatcher.add_after(first.id, delivery, older.event)

    def _delivery(
        self, event_id: str, type: str, endpoint: Endpoint, now: int, replay_of: str | None = None
    ) -> Delivery:
        return new_delivery(self._ids.new(DELIVERY, now), event_id, type, endpoint, now, replay_of)
