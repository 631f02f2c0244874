"""Alter how a request is written to the wire."""

from msgspec.structs import replace

from pivotal_sandbox.common.headers import header_value
from pivotal_sandbox.domain.models import Request, Wire
from pivotal_sandbox.faults.signature import Alteration, SigningContext

PIECES = 8
PAUSE_MS = 280  # seven of them: about 2 s
CHUNKS = 4
PATIENCE_MS = 250  # long enough for the receiver to be at work


def _slow_body(request: Request, signing: SigningContext) -> Request:
    return replace(request, wire=Wire(pieces=PIECES, pause_ms=PAUSE_MS))


def _chunked_body(request: Request, signing: SigningContext) -> Request:
    headers = tuple(
        ("transfer-encoding", "chunked") if name == "content-length" else (name, value)
        for name, value in request.headers
    )
    return replace(request, headers=headers, wire=Wire(chunked=True, pieces=CHUNKS))


def _reset_mid_body(request: Request, signing: SigningContext) -> Request:
    half = len(request.body) // 2
    return replace(request, wire=Wire(cut_at=half, ending="reset", pause_ms=PATIENCE_MS))


def _truncated_body(request: Request, signing: SigningContext) -> Request:
    return replace(request, wire=Wire(cut_at=len(request.body) // 2, ending="half-close"))


def _abort_before_response(request: Request, signing: SigningContext) -> Request:
    return replace(request, wire=Wire(ending="leave", pause_ms=PATIENCE_MS))


ALTERATIONS: dict[str, Alteration] = {
    "slow-body": _slow_body,
    "chunked-body": _chunked_body,
    "reset-mid-body": _reset_mid_body,
    "truncated-body": _truncated_body,
    "abort-before-response": _abort_before_response,
}


def as_headed(request: Request) -> Request:
    """Return a request that was on the wire before, written as its own headers say.

    Where they announce more body than there is, the sender falls silent after what there is.
    """
    if header_value(request.headers, "transfer-encoding"):
        return replace(request, wire=Wire(chunked=True, pieces=CHUNKS))
    if header_value(request.headers, "content-length") != str(len(request.body)):
        return replace(request, wire=Wire(ending="half-close"))
    return request
