"""The API's metrics."""

from starlette.responses import Response

from pivotal_sandbox.web.metrics import Metrics
from pivotal_sandbox.web.operation import Call, Operation


async def metrics(call: Call[None, None]) -> Response:
    """Show the counts of this run, as Prometheus reads them."""
    counted: Metrics = call.request.app.state.metrics
    return Response(counted.text(), media_type=MEDIA)


MEDIA = "text/plain; version=0.0.4"

OPERATIONS = (Operation("GET", "/metrics", metrics, {200: str}, media=MEDIA),)
