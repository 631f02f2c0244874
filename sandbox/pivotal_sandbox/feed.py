"""Who is told what goes on: open pages, the terminal, waiting tests."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from msgspec import Struct

from pivotal_sandbox.domain.models import Attempt, Capture, Delivery, Endpoint, Event


class Triggered(Struct, frozen=True):
    """An event was kept with its deliveries: none where no endpoint wants it."""

    event: Event
    deliveries: tuple[Delivery, ...]

    @classmethod
    def together(cls, made: "Sequence[Triggered]") -> "Triggered":
        """Return the last event with the deliveries of all."""
        if len(made) == 1:
            return made[0]
        return cls(made[-1].event, tuple(d for triggered in made for d in triggered.deliveries))


class Attempted(Struct, frozen=True):
    """An attempt was kept. `verdict` is the capture receiver's, where that was the receiver."""

    delivery: Delivery
    attempt: Attempt
    verdict: str | None


class Captured(Struct, frozen=True):
    """A request was captured (`is_new`), or what became of it since was kept."""

    capture: Capture
    is_new: bool = True


class DeliveryChanged(Struct, frozen=True):
    """A delivery was made by a replay, or cancelled: it changed without an attempt."""

    delivery: Delivery


@dataclass(frozen=True, slots=True)
class EndpointChanged:
    """An endpoint was added or changed; `deleted` where it is gone."""

    endpoint: Endpoint
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class ClockChanged:
    """The clock was moved, or runs at another speed. `now` is in ms."""

    now: int
    speed: float


@dataclass(frozen=True, slots=True)
class ChaosChanged:
    """Other rules are in force; "" where there are none."""

    spec: str


Activity = (
    Triggered
    | Attempted
    | Captured
    | DeliveryChanged
    | EndpointChanged
    | ClockChanged
    | ChaosChanged
)

Listener = Callable[[Activity], None]

_log = logging.getLogger(__name__)


class Feed:
    """Hands each activity to every listener, in the order in which things were kept."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with every activity from now on; return what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def publish(self, activity: Activity) -> None:
        """Tell the listeners. One that raises is logged, and stops nobody else."""
        for listener in tuple(self._listeners):
            try:
                listener(activity)
            except Exception:
                _log.exception("A listener failed at %s", type(activity).__name__)
