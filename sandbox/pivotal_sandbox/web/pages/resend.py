"""Edit and resend: a delivery's event with another body, or its very bytes once more."""

from typing import Any

import msgspec
from starlette.responses import Response

from pivotal_sandbox.errors import InputError
from pivotal_sandbox.web.pages.context import PageContext


async def send(visit: PageContext) -> Response:
    """Send a delivery again: verbatim, or with the body that the form holds, signed anew."""
    id, sandbox = visit.request.path_params["id"], visit.sandbox
    if visit.field("how") == "verbatim":
        [replay] = await sandbox.replay([id], verbatim=True)
    else:
        delivery = await sandbox.deliveries.get(id)
        event = await sandbox.deliveries.event(delivery.event_id)
        edits = _edits(event.body, visit.field("body"))
        strict = not visit.field("as_it_is")
        [replay] = await sandbox.replay([id], set=edits or None, validate=strict)
    return visit.back("/deliveries", open=replay.id, replayed=1)


def _edits(body: bytes, text: str) -> dict[str, Any]:
    """Return what the text says otherwise than the body, by its keys."""
    try:
        before, after = msgspec.json.decode(body), msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"The body is not JSON: {error}.", pointer="/body") from None
    if not isinstance(before, dict) or not isinstance(after, dict):
        raise InputError("The body of an event is a JSON object.", pointer="/body")
    if missing := [key for key in before if key not in after]:
        raise InputError(f'The body lacks "{missing[0]}".', pointer="/body")
    return {key: value for key, value in after.items() if before.get(key) != value}
