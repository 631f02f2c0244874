"""Store what the dispatcher did, then publish it."""

from itertools import groupby

from pivotal_sandbox.clock import Clock
from pivotal_sandbox.domain import retry_policy
from pivotal_sandbox.domain.models import (
    Attempt,
    Delivery,
    Endpoint,
    Event,
    Headers,
    Outcome,
    Timing,
)
from pivotal_sandbox.feed import Attempted, DeliveryChanged, Feed
from pivotal_sandbox.receiver.capture import CaptureReceiver
from pivotal_sandbox.sandbox.stores import Stores
from pivotal_sandbox.store.deliveries import attempt_row, delivery_row
from pivotal_sandbox.store.in_flight import InFlightAttempts, StartedAttempt

_INTERRUPTED = "The sandbox stopped during this attempt. The receiver may have got the request."


class StoredDeliveryLog:
    """Give the dispatcher endpoints and events, and record its attempts in the store.

    An attempt is published with the verdict of `receiver` if it was captured there.
    """

    def __init__(
        self,
        stores: Stores,
        in_flight: InFlightAttempts,
        receiver: CaptureReceiver,
        feed: Feed,
    ) -> None:
        self._stores = stores
        self._in_flight = in_flight
        self._receiver = receiver
        self._feed = feed

    def find_endpoint(self, endpoint_id: str) -> Endpoint | None:
        return self._stores.endpoints.find(endpoint_id)

    async def read_event(self, event_id: str) -> Event:
        return await self._stores.deliveries.event(event_id)

    def note_start(self, delivery_id: str, number: int, started_at: int, headers: Headers) -> int:
        return self._in_flight.start(StartedAttempt(delivery_id, number, started_at, headers))

    def note_end(self, note: int) -> None:
        self._in_flight.finish(note)

    async def record(self, delivery: Delivery, attempt: Attempt | None) -> None:
        attempts = [attempt_row(attempt)] if attempt else []
        await self._stores.database.put([delivery_row(delivery), *attempts])
        if attempt is None:
            self._feed.publish(DeliveryChanged(delivery))
        else:
            verdict = self._receiver.pop_verdict(attempt)
            self._feed.publish(Attempted(delivery, attempt, verdict))

    async def load_open_deliveries(self, clock: Clock, seed: str) -> list[Delivery]:
        """Return the open deliveries, after recording the attempts that a kill interrupted."""
        notes = self._in_flight.read()
        if notes:
            clock.advance_to(max(note.started_at for note in notes))
            await self.record_interrupted(clock, seed)
        self._in_flight.open()
        return await self._stores.deliveries.open()

    async def record_interrupted(self, clock: Clock, seed: str) -> None:
        """Record the attempts that are noted as started, but not in the log yet.

        The retry policy decides when such a delivery is tried again, as after any failure. Raises
        `StoreError`.
        """
        if not (notes := self._in_flight.read()):
            return
        await self._stores.database.transact(lambda _: None)  # after everything that was put
        interrupted = {
            delivery_id: list(group)
            for delivery_id, group in groupby(notes, lambda note: note.delivery_id)
        }
        for delivery in await self._stores.deliveries.open():
            for note in interrupted.get(delivery.id, ()):
                if note.number == delivery.attempt_count + 1:
                    delivery = await self._record_interrupted(delivery, note, clock.now(), seed)

    async def _record_interrupted(
        self, delivery: Delivery, note: StartedAttempt, now: int, seed: str
    ) -> Delivery:
        outcome = Outcome(Timing(0.0), None, "interrupted", _INTERRUPTED)
        attempt = Attempt(
            note.delivery_id, note.number, note.started_at, note.request_headers, outcome
        )
        decision = retry_policy.decide_with_seed(delivery, attempt, now, seed)
        delivery = retry_policy.after(delivery, attempt, decision, now)
        await self.record(delivery, attempt)
        return delivery
