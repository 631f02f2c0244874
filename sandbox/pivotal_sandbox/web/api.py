"""The REST API: every operation, in the order in which the description shows them."""

from pivotal_sandbox.web.operation import Operation
from pivotal_sandbox.web.resources import (
    captures,
    chaos,
    clock,
    deliveries,
    description,
    endpoints,
    events,
    metrics,
    records,
    stream,
    wait,
)

OPERATIONS: tuple[Operation, ...] = (
    *events.OPERATIONS,
    *endpoints.OPERATIONS,
    *records.OPERATIONS,
    *deliveries.OPERATIONS,
    *captures.OPERATIONS,
    *wait.OPERATIONS,
    *stream.OPERATIONS,
    *clock.OPERATIONS,
    *chaos.OPERATIONS,
    *metrics.OPERATIONS,
    *description.OPERATIONS,
)
