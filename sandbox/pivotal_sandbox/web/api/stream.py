"""The API's stream: everything that happens, as it happens."""

from starlette.responses import StreamingResponse

from pivotal_sandbox.web.operation import Call, Operation
from pivotal_sandbox.web.sse import Stream


async def follow(call: Call[None, None]) -> StreamingResponse:
    """Follow deliveries, attempts, captures, endpoints and the clock by server-sent events."""
    stream: Stream = call.request.app.state.stream
    return StreamingResponse(
        stream.follow(call.request.headers.get("last-event-id")),
        media_type="text/event-stream",
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )


OPERATIONS = (Operation("GET", "/api/stream", follow, {200: str}, media="text/event-stream"),)
