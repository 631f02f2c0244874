"""What the pytest fixtures hand out: a sandbox for each test, and what it did."""

from typing import TYPE_CHECKING, Any

from pivotal_sandbox.testing.async_pivotal import AsyncPivotal
from pivotal_sandbox.testing.capture import AsyncCapture, Capture
from pivotal_sandbox.testing.models import Attempt, Delivery, Endpoint, Event, Request, Response
from pivotal_sandbox.testing.pivotal import Pivotal

if TYPE_CHECKING:
    from pivotal_sandbox.testing.case import BatteryCase

__all__ = [
    "AsyncCapture",
    "AsyncPivotal",
    "Attempt",
    "BatteryCase",
    "Capture",
    "Delivery",
    "Endpoint",
    "Event",
    "Pivotal",
    "Request",
    "Response",
]


def __getattr__(name: str) -> Any:
    # It brings the whole battery and pytest, which the other fixtures can do without.
    if name == "BatteryCase":
        from pivotal_sandbox.testing.case import BatteryCase

        return BatteryCase
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
