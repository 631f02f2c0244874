"""What the pytest fixtures hand out: a sandbox for each test, and what it did."""

from pivotal_sandbox.testing.async_pivotal import AsyncPivotal
from pivotal_sandbox.testing.attempt import Attempt
from pivotal_sandbox.testing.capture import AsyncCapture, Capture
from pivotal_sandbox.testing.delivery import Delivery
from pivotal_sandbox.testing.endpoint import Endpoint
from pivotal_sandbox.testing.event import Event
from pivotal_sandbox.testing.pivotal import Pivotal
from pivotal_sandbox.testing.request import Request
from pivotal_sandbox.testing.response import Response

__all__ = [
    "AsyncCapture",
    "AsyncPivotal",
    "Attempt",
    "Capture",
    "Delivery",
    "Endpoint",
    "Event",
    "Pivotal",
    "Request",
    "Response",
]
