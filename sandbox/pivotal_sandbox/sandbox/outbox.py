"""What is to be sent: kept first, all of it in one transaction, and only then handed over."""

from collections.abc import Sequence

from msgspec.structs import replace

from pivotal_sandbox.clock import Clock
from pivotal_sandbox.common.durations import SECOND
from pivotal_sandbox.common.ids import DELIVERY, EVENT, Ids
from pivotal_sandbox.domain.catalog import PING, subscribed
from pivotal_sandbox.domain.models import Delivery, Endpoint, Event, Mode
from pivotal_sandbox.domain.payload import Edits, edited, envelope
from pivotal_sandbox.domain.request import new_delivery
from pivotal_sandbox.errors import Conflict, InputError
from pivotal_sandbox.faults.injector import FaultInjector
from pivotal_sandbox.faults.registry import EDITED, VERBATIM
from pivotal_sandbox.faults.traffic import TIMES
from pivotal_sandbox.feed import DeliveryChanged, Feed, Triggered
from pivotal_sandbox.records.changes import Change, FiredEvent
from pivotal_sandbox.sender.dispatcher import Dispatcher
from pivotal_sandbox.store.database import Database
from pivotal_sandbox.store.deliveries import Deliveries, delivery_row, event_row
from pivotal_sandbox.store.endpoints import Endpoints
from pivotal_sandbox.store.records import record_rows

REPLAYED_MOST = 10_000  # each is a row, a request and a line of the answer


class Outbox:
    """Makes events and deliveries of what happened, and deliveries of what is replayed."""

    def __init__(
        self,
        *,
        database: Database,
        endpoints: Endpoints,
        deliveries: Deliveries,
        dispatcher: Dispatcher,
        mischief: FaultInjector,
        ids: Ids,
        clock: Clock,
        feed: Feed,
    ) -> None:
        self._database = database
        self._endpoints = endpoints
        self._deliveries = deliveries
        self._dispatcher = dispatcher
        self._mischief = mischief
        self._ids = ids
        self._clock = clock
        self._feed = feed

    async def send(
        self,
        mode: Mode,
        change: Change,
        to: Sequence[Endpoint] | None = None,
        fault: str | None = None,
    ) -> list[Triggered]:
        """Keep a change, its events and their deliveries; then send them, spoiled by `fault`.

        They go to the endpoints named in `to`, or to those that subscribed; with a fault to those
        that subscribed to the last event. Raises `InputError` for a fault that cannot be, and
        `StoreError`; then nothing is kept or sent.
        """
        if fault is not None and to is None:
            to = self._wanting(mode, change.events[-1])
        made = []
        for fired in change.events:
            now = self._clock.now()
            id = self._ids.new(EVENT, now)
            body = envelope(id, fired.type, now, fired.data)
            event = Event(id, fired.type, mode, now, body, fired.changed)
            wanting = to
            if wanting is None:
                wanting = [e for e in self._endpoints.all() if subscribed(e, event)]
            deliveries = [self._delivery(id, fired.type, endpoint, now) for endpoint in wanting]
            made.append(Triggered(event, tuple(deliveries)))
        if fault is not None or self._mischief.chaos is not None:
            made = self._mischief.spoilt(made, fault)
        rows = record_rows(mode, change.records)
        for triggered in made:
            rows += [event_row(triggered.event), *map(delivery_row, triggered.deliveries)]
        await self._database.put(rows)
        for triggered in made:
            self._feed.publish(triggered)
        if fault == "out-of-order":
            self._hand_over_newer_first(*made)
            return made
        for triggered in made:
            for delivery in triggered.deliveries:
                self._dispatcher.add(delivery, triggered.event)
        return made

    async def ping(self, endpoint_id: str, fault: str | None = None) -> list[Triggered]:
        """Send `webhook.ping` to one endpoint, whatever it subscribed to."""
        endpoint = self.enabled(endpoint_id)
        fired = FiredEvent(PING, {"endpoint_id": endpoint.id, "mode": endpoint.mode})
        pings = Change(events=(fired,) * TIMES.get(fault or "", 1))
        return await self.send(endpoint.mode, pings, [endpoint], fault)

    async def replay(
        self,
        ids: Sequence[str],
        *,
        verbatim: bool = False,
        edits: Edits | None = None,
        rate: float | None = None,
    ) -> list[Delivery]:
        """Send past deliveries again: same event, new delivery, the endpoint's present URL.

        `verbatim` repeats the bytes and headers of the last attempt; `edits` makes an event of its
        own of each. With a `rate` so many fall due in a second. Raises `InputError`, `NotFound` or
        `Conflict`, and then sends none.
        """
        olds = await self.replayable(ids, verbatim=verbatim, editing=edits is not None)
        now = self._clock.now()
        events: dict[str, Event] = {}
        replays = []
        for index, (old, endpoint) in enumerate(olds):
            new = self._delivery(old.event_id, old.event_type, endpoint, now, old.id)
            if rate is not None:
                new = replace(new, next_attempt_at=now + round(index * SECOND / rate))
            if verbatim:
                new = replace(new, fault=VERBATIM)
            elif edits is not None:
                if old.event_id not in events:
                    event = await self._deliveries.event(old.event_id)
                    events[old.event_id] = edited(event, edits, self._ids.new(EVENT, now))
                event = events[old.event_id]
                new = replace(new, fault=EDITED, event_id=event.id, event_type=event.type)
            replays.append(new)
        rows = [*map(event_row, events.values()), *map(delivery_row, replays)]
        await self._database.put(rows)
        for delivery in replays:
            self._feed.publish(DeliveryChanged(delivery))
            self._dispatcher.add(delivery)
        return replays

    async def replayable(
        self, ids: Sequence[str], *, verbatim: bool = False, editing: bool = False
    ) -> list[tuple[Delivery, Endpoint]]:
        """Return what `replay` would send again, and to whom. Raises as that does."""
        if len(ids) > REPLAYED_MOST:
            raise InputError(
                f"These are {len(ids)} deliveries; at most {REPLAYED_MOST} are replayed at a time.",
                pointer="/filter",
            )
        if verbatim and editing:
            raise InputError(
                "What is repeated verbatim is not edited: give one of verbatim and set.",
                pointer="/verbatim",
            )
        found = []
        for index, old in enumerate(await self._deliveries.get_all(ids)):
            if self._endpoints.find(old.endpoint_id) is None:
                raise Conflict(
                    f"The endpoint {old.endpoint_id} of {old.id} was deleted: there is nowhere to "
                    "replay it to, and nothing was sent. Choose the deliveries of other endpoints.",
                    pointer=f"/ids/{index}",
                )
            endpoint = self.enabled(old.endpoint_id, pointer=f"/ids/{index}")
            if verbatim and not old.attempt_count:
                raise Conflict(
                    f"The delivery {old.id} was not attempted yet: there is nothing to repeat.",
                    pointer=f"/ids/{index}",
                )
            found.append((old, endpoint))
        return found

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

    def _wanting(self, mode: Mode, fired: FiredEvent) -> list[Endpoint]:
        event = Event("", fired.type, mode, 0, b"", fired.changed)
        return [endpoint for endpoint in self._endpoints.all() if subscribed(endpoint, event)]

    def _hand_over_newer_first(self, older: Triggered, newer: Triggered) -> None:
        for first in newer.deliveries:
            self._dispatcher.add(first, newer.event)
        for first, delivery in zip(newer.deliveries, older.deliveries, strict=True):
            self._dispatcher.add_behind(first.id, delivery, older.event)

    def _delivery(
        self, event_id: str, type: str, endpoint: Endpoint, now: int, replay_of: str | None = None
    ) -> Delivery:
        return new_delivery(self._ids.new(DELIVERY, now), event_id, type, endpoint, now, replay_of)
