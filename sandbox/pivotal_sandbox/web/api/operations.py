"""The REST API: every operation, in the order in which the description shows them."""

from typing import Any

from starlette.responses import Response

from pivotal_sandbox.web.api import (
    captures,
    chaos,
    clock,
    deliveries,
    endpoints,
    events,
    metrics,
    records,
    stream,
    wait,
)
from pivotal_sandbox.web.operation import Call, Operation


async def openapi(call: Call[None, None]) -> Response:
    """Describe the API and the webhooks, as OpenAPI 3.1."""
    import msgspec

    from pivotal_sandbox.web.openapi import document

    described = document(OPERATIONS, call.sandbox.catalog)
    return Response(msgspec.json.encode(described), media_type="application/json")


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
    Operation("GET", "/api/openapi.json", openapi, {200: dict[str, Any]}),
)
