"""What a sandbox did, held in memory in the order in which it happened."""

from collections.abc import Callable

from pivotal_sandbox.domain import models
from pivotal_sandbox.feed import Activity, Attempted, DeliveryChanged, Triggered
from pivotal_sandbox.testing.models import Delivery, Event, attempt_of


class Log:
    """Listens to a sandbox's feed.

    `secrets` gives what signs for an endpoint, `wall` what a receiver's clock says: both of the
    moment of an attempt.
    """

    def __init__(
        self, secrets: Callable[[str], tuple[str, ...]], wall: Callable[[], float]
    ) -> None:
        self._secrets = secrets
        self._wall = wall
        self.events: dict[str, Event] = {}
        self.deliveries: dict[str, Delivery] = {}

    def __call__(self, activity: Activity) -> None:
        if isinstance(activity, Triggered):
            event = self.events[activity.event.id] = Event(activity.event)
            for delivery in activity.deliveries:
                self.deliveries[delivery.id] = Delivery(event, delivery)
        elif isinstance(activity, Attempted):
            self._attempted(self._known(activity.delivery), activity.attempt)
        elif isinstance(activity, DeliveryChanged):
            self._known(activity.delivery)

    def _known(self, delivery: models.Delivery) -> Delivery:
        known = self.deliveries.get(delivery.id)
        if known is None:
            known = Delivery(self.events[delivery.event_id], delivery)
            self.deliveries[delivery.id] = known
        known.update(delivery)
        return known

    def _attempted(self, delivery: Delivery, attempt: models.Attempt) -> None:
        body = delivery.event.body if attempt.request_body is None else attempt.request_body
        secrets = self._secrets(delivery.endpoint_id)
        delivery.attempts.append(attempt_of(attempt, delivery.url, body, secrets, self._wall()))
