"""The body of an event, as it is signed, kept and sent."""

import msgspec

from pivotal_sandbox.core.instant import rfc3339
from pivotal_sandbox.core.model import Record

_encode = msgspec.json.Encoder().encode


def envelope(id: str, type: str, created_at: int, data: Record) -> bytes:
    """Return compact UTF-8 JSON with id, type, created_at (given in ms) and data, in that order."""
    return _encode({"id": id, "type": type, "created_at": rfc3339(created_at), "data": data})
