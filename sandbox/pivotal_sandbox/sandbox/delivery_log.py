"""Store what the dispatcher did, then publish it."""

from pivotal_sandbox.domain.models import Attempt, Delivery, Endpoint, Event
from pivotal_sandbox.feed import Attempted, DeliveryChanged, Feed
from pivotal_sandbox.receiver.capture import CaptureReceiver
from pivotal_sandbox.sandbox.stores import Stores
from pivotal_sandbox.store.deliveries import attempt_row, delivery_row


class StoredDeliveryLog:
    """Give the dispatcher endpoints and events, and record its attempts in the store.

    An attempt is published with the verdict of `receiver` if it was captured there.
    """

    def __init__(self, stores: Stores, receiver: CaptureReceiver, feed: Feed) -> None:
        self._stores = stores
        self._receiver = receiver
        self._feed = feed

    def find_endpoint(self, endpoint_id: str) -> Endpoint | None:
        return self._stores.endpoints.find(endpoint_id)

    async def read_event(self, event_id: str) -> Event:
        return await self._stores.deliveries.event(event_id)

    async def record(self, delivery: Delivery, attempt: Attempt | None) -> None:
        attempts = [attempt_row(attempt)] if attempt else []
        await self._stores.database.put([delivery_row(delivery), *attempts])
        if attempt is None:
            self._feed.publish(DeliveryChanged(delivery))
        else:
            verdict = self._receiver.pop_verdict(attempt)
            self._feed.publish(Attempted(delivery, attempt, verdict))
