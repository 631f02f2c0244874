"""One event on its way to one endpoint, as it stands now."""

from typing import Literal

from pivotal_sandbox.core import model
from pivotal_sandbox.testing.attempt import Attempt
from pivotal_sandbox.testing.event import Event
from pivotal_sandbox.testing.request import Request
from pivotal_sandbox.testing.response import Response

Status = model.Status | Literal["filtered"]


class Delivery:
    """A delivery. It is alive: after `advance` it says what has become of it since.

    `status` is pending, retrying, delivered, failed or cancelled; `filtered` is what no endpoint
    wanted: such a one has no id and is never attempted.
    """

    def __init__(self, event: Event, delivery: model.Delivery | None = None, why: str = "") -> None:
        self.event = event
        self.attempts: list[Attempt] = []
        self._delivery = delivery
        self._why = why

    def update(self, delivery: model.Delivery) -> None:
        """Take over what has become of it."""
        self._delivery = delivery

    @property
    def id(self) -> str:
        """The delivery's id, which the `pivotal-delivery-id` header carries."""
        return self._delivery.id if self._delivery else ""

    @property
    def endpoint_id(self) -> str:
        """The id of the endpoint that it goes to."""
        return self._delivery.endpoint_id if self._delivery else ""

    @property
    def url(self) -> str:
        """Where it goes: the endpoint's URL at the time when it was made."""
        return self._delivery.url if self._delivery else ""

    @property
    def status(self) -> Status:
        """What has become of it."""
        return self._delivery.status if self._delivery else "filtered"

    @property
    def fault(self) -> str | None:
        """How it was spoilt on purpose."""
        return self._delivery.fault if self._delivery else None

    @property
    def replay_of(self) -> str | None:
        """The id of the delivery that this one repeats."""
        return self._delivery.replay_of if self._delivery else None

    @property
    def last(self) -> Attempt | None:
        """The latest attempt."""
        return self.attempts[-1] if self.attempts else None

    @property
    def request(self) -> Request | None:
        """What was sent in the latest attempt."""
        return self.last.request if self.last else None

    @property
    def response(self) -> Response | None:
        """What the latest attempt was answered."""
        return self.last.response if self.last else None

    @property
    def ok(self) -> bool:
        """Whether it is delivered: the latest attempt was answered by a 2xx."""
        return self.status == "delivered"

    @property
    def said(self) -> str:
        """What came of it, in a few words."""
        if not self._delivery:
            return self._why
        if not self.last:
            return "no attempt yet"
        tries = "" if len(self.attempts) == 1 else f" (attempt {len(self.attempts)})"
        text = self.last.detail or (self.response.text if self.response else "")
        brief = " ".join(text.split())
        brief = brief if len(brief) <= 60 else f"{brief[:59]}…"
        return f"{self.last.came_back}{tries}" + (f": {brief}" if brief else "")

    def __repr__(self) -> str:
        fault = f" fault={self.fault}" if self.fault else ""
        return f"<Delivery of {self.event.type}{fault}: {self.status}, {self.said}>"
