"""The REST API: every operation, in the order in which the description shows them."""

from pivotal_sandbox.web.operation import Operation
from pivotal_sandbox.web.resources import captures, clock, deliveries, endpoints, events, records

OPERATIONS: tuple[Operation, ...] = (
    *events.OPERATIONS,
    *endpoints.OPERATIONS,
    *records.OPERATIONS,
    *deliveries.OPERATIONS,
    *captures.OPERATIONS,
    *clock.OPERATIONS,
)
