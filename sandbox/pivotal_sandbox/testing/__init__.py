"""What the pytest fixtures hand out: a sandbox for each test, and what it did."""

from typing import TYPE_CHECKING, Any

from pivotal_sandbox.testing.async_pivotal import AsyncPivotal
from pivotal_sandbox.testing.attempt import Attempt
from pivotal_sandbox.testing.capture import AsyncCapture, Capture
from pivotal_sandbox.testing.delivery import Delivery
from pivotal_sandbox.testing.endpoint import Endpoint
from pivotal_sandbox.testing.event import Event
from pivotal_sandbox.testing.pivotal import Pivotal
from pivotal_sandbox.testing.request import Request
from pivotal_sandbox.testing.response import Response

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
