"""What is to be sent: kept first, all of it in one transaction, and only then handed over."""

from collections.abc import Sequence

from pivotal_sandbox.clock import Clock
from pivotal_sandbox.core.activity import DeliveryChanged, Triggered
from pivotal_sandbox.core.catalog import subscribed
from pivotal_sandbox.core.change import Change
from pivotal_sandbox.core.event import envelope
from pivotal_sandbox.core.ids import DELIVERY, EVENT, Ids
from pivotal_sandbox.core.model import Delivery, Endpoint, Event, Mode
from pivotal_sandbox.core.plan import new_delivery
from pivotal_sandbox.engine.dispatcher import Dispatcher
from pivotal_sandbox.errors import Conflict, InputError
from pivotal_sandbox.feed import Feed
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
        ids: Ids,
        clock: Clock,
        feed: Feed,
    ) -> None:
        self._database = database
        self._endpoints = endpoints
        self._deliveries = deliveries
        self._dispatcher = dispatcher
        self._ids = ids
        self._clock = clock
        self._feed = feed

    async def send(
        self, mode: Mode, change: Change, to: Sequence[Endpoint] | None = None
    ) -> list[Triggered]:
        """Keep a change, its events and their deliveries; then send them.

        They go to the endpoints named in `to`, or to those that subscribed. Raises `StoreError`,
        and then nothing is kept or sent.
        """
        made = []
        rows = record_rows(mode, change.records)
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
            rows += [event_row(event), *map(delivery_row, deliveries)]
        await self._database.put(rows)
        for triggered in made:
            self._feed.publish(triggered)
            for delivery in triggered.deliveries:
                self._dispatcher.add(delivery, triggered.event)
        return made

    async def replay(self, ids: Sequence[str]) -> list[Delivery]:
        """Send past deliveries again: same event, new delivery, the endpoint's present URL.

        Raises `InputError`, `NotFound` or `Conflict`, and then sends none.
        """
        if len(ids) > REPLAYED_MOST:
            raise InputError(
                f"These are {len(ids)} deliveries; at most {REPLAYED_MOST} are replayed at a time.",
                pointer="/filter",
            )
        now = self._clock.now()
        replays = []
        for index, old in enumerate(await self._deliveries.get_all(ids)):
            endpoint = self.enabled(old.endpoint_id, pointer=f"/ids/{index}")
            replays.append(self._delivery(old.event_id, old.event_type, endpoint, now, old.id))
        await self._database.put([delivery_row(delivery) for delivery in replays])
        for delivery in replays:
            self._feed.publish(DeliveryChanged(delivery))
            self._dispatcher.add(delivery)
        return replays

    def enabled(self, endpoint_id: str, pointer: str = "/endpoint_id") -> Endpoint:
        """Return an endpoint that can be sent to. Raises `NotFound` or `Conflict`."""
        endpoint = self._endpoints.get(endpoint_id)
        if not endpoint.enabled:
            raise Conflict(f"The endpoint {endpoint_id} is disabled: enable it.", pointer=pointer)
        return endpoint

    def _delivery(
        self, event_id: str, type: str, endpoint: Endpoint, now: int, replay_of: str | None = None
    ) -> Delivery:
        return new_delivery(self._ids.new(DELIVERY, now), event_id, type, endpoint, now, replay_of)
