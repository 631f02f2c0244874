"""What is seen of a sandbox while a story is told in it."""

import json
from collections.abc import Collection, Iterable

from pivotal_sandbox.common.headers import DELIVERY_ID_HEADER, EVENT_HEADER, header_value
from pivotal_sandbox.domain.models import Capture, Delivery, ErrorCode
from pivotal_sandbox.feed import (
    Activity,
    Attempted,
    Captured,
    DeliveryChanged,
    Triggered,
)


class ActivityRecorder:
    """Listens to a sandbox's feed, and holds what came of each delivery and each request."""

    def __init__(self) -> None:
        self.deliveries: dict[str, Delivery] = {}
        self.errors: dict[str, ErrorCode | None] = {}
        self.captures: dict[str, Capture] = {}
        self.triggered: list[Triggered] = []
        self._attempted: list[Attempted] = []
        self._order: dict[str, int] = {}

    def __call__(self, activity: Activity) -> None:
        if isinstance(activity, Triggered):
            self.triggered.append(activity)
            for delivery in activity.deliveries:
                self._record_delivery(delivery)
        elif isinstance(activity, Attempted):
            self._record_delivery(activity.delivery)
            self.errors[activity.delivery.id] = activity.attempt.outcome.error
            self._attempted.append(activity)
        elif isinstance(activity, DeliveryChanged):
            self._record_delivery(activity.delivery)
        elif isinstance(activity, Captured):
            self.captures[activity.capture.id] = activity.capture

    def attempts(self) -> list[Attempted]:
        """Return the attempts since the last time, in an order that is the same in each run."""
        attempts, self._attempted = self._attempted, []
        return sorted(
            attempts,
            key=lambda delivery: (
                delivery.attempt.started_at,
                self._order[delivery.delivery.id],
                delivery.attempt.number,
            ),
        )

    def select_deliveries(
        self, ids: Iterable[str] | None, type: str | None, endpoint_id: str | None
    ) -> list[Delivery]:
        """Return the deliveries with the ids, of a type, to an endpoint; None is for any."""
        return [
            delivery
            for delivery in (
                self.deliveries[id] for id in (self.deliveries if ids is None else ids)
            )
            if type in (None, delivery.event_type) and endpoint_id in (None, delivery.endpoint_id)
        ]

    def select_captures(
        self, delivery_ids: Collection[str] | None, type: str | None, bin: str | None
    ) -> list[Capture]:
        """Return the captures that carry the deliveries, of a type, in a bin; None is for any."""
        return [
            capture
            for capture in self.captures.values()
            if bin in (None, capture.bin)
            and type in (None, header_value(capture.headers, EVENT_HEADER))
            and (
                delivery_ids is None
                or header_value(capture.headers, DELIVERY_ID_HEADER) in delivery_ids
            )
        ]

    def events(self, captures: Iterable[Capture]) -> dict[str, str]:
        """Return the id of the event that each capture carries, by the capture's id."""
        return {capture.id: _event_id(capture.body) or capture.id for capture in captures}

    def _record_delivery(self, delivery: Delivery) -> None:
        self._order.setdefault(delivery.id, len(self._order))
        self.deliveries[delivery.id] = delivery


def _event_id(body: bytes) -> str | None:
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        return None
    id = event.get("id") if isinstance(event, dict) else None
    return id if isinstance(id, str) else None
