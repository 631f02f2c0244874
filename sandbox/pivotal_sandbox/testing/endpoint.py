"""Where events go: a receiver that was added to the sandbox."""

from collections.abc import Callable
from dataclasses import dataclass, field

from pivotal_sandbox.core.model import Mode
from pivotal_sandbox.testing.delivery import Delivery


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A receiver. `ping` is the delivery of the `webhook.ping` that it was sent when it was added.

    `secret` is what its requests are signed with.
    """

    id: str
    url: str
    mode: Mode
    secret: str = field(repr=False)
    ping: Delivery
    _deliveries: Callable[[], list[Delivery]] = field(repr=False)

    @property
    def deliveries(self) -> list[Delivery]:
        """All that was sent to it, oldest first, the ping included."""
        return [one for one in self._deliveries() if one.endpoint_id == self.id]
