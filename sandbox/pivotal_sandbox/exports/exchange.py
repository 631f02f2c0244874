"""A request as it was sent, and what came of it: what exports are made of."""

from msgspec import Struct
from msgspec.structs import replace

from pivotal_sandbox.common.urls import parse_url
from pivotal_sandbox.domain.models import Attempt, Capture, Outcome, Request, Response, Timing
from pivotal_sandbox.faults.registry import find_fault


class ExportedRequest(Struct, frozen=True, gc=False):
    """One request, at `at` (ms). Of its text a character is a byte, as in Latin-1.

    `id` is the capture's, or the delivery's with the number of its attempt. `outcome` is None where
    nothing is known of it. `accepted` says whether a right receiver takes it; None: who knows.
    `signed` says that its signature is worth making anew. A capture has its `bin`, and in `below`
    what follows the bin's address.
    """

    id: str
    title: str
    at: int
    request: Request
    outcome: Outcome | None = None
    accepted: bool | None = None
    signed: bool = False
    bin: str | None = None
    below: str = ""

    @property
    def status(self) -> int | None:
        """What it was answered, if it was."""
        if self.outcome is None or self.outcome.response is None:
            return None
        return self.outcome.response.status_code

    def to(self, url: str) -> "ExportedRequest":
        """Return the same for another receiver, its host named. Raises `InputError`."""
        target_url = parse_url(url)
        headers = tuple(
            (name, target_url.authority if name.lower() == "host" else value)
            for name, value in self.request.headers
        )
        request = replace(self.request, url=target_url.origin + target_url.target, headers=headers)
        return replace(self, request=request, bin=None, below="")


def exported_attempt(
    attempt: Attempt, *, event_type: str, url: str, fault: str | None, event_body: bytes
) -> ExportedRequest:
    """Return what an attempt at a delivery sent; `fault` is the delivery's."""
    target_url = parse_url(url)
    body = event_body if attempt.request_body is None else attempt.request_body
    request = Request("POST", target_url.origin + target_url.target, attempt.request_headers, body)
    fault_row = find_fault(fault)
    if fault_row is not None and (fault_row.valid or not (fault_row.every or attempt.number == 1)):
        fault_row = None
    return ExportedRequest(
        attempt.delivery_id + (f"-{attempt.number}" if attempt.number > 1 else ""),
        event_type,
        attempt.started_at,
        request,
        attempt.outcome,
        accepted=fault_row is None,
        signed=fault_row is None or fault_row.group != "signature",
    )


def exported_capture(capture: Capture, base_url: str) -> ExportedRequest:
    """Return what came in; `base_url` is the sandbox's address."""
    query = f"?{capture.query}" if capture.query else ""
    target = capture.path + query
    request = Request(capture.method, base_url + target, capture.headers, capture.body)
    outcome = None
    if capture.status is not None:
        response = Response(capture.status, (), b"")
        outcome = Outcome(Timing(capture.duration_ms or 0), response)
    segments = capture.path.split("/", 3)  # "", "in", the bin, the rest
    signed = capture.signed and capture.verified is not False
    return ExportedRequest(
        capture.id,
        f"{capture.method} {target}",
        capture.received_at,
        request,
        outcome,
        accepted=True if signed else capture.verified,
        signed=signed,
        bin=capture.bin,
        below="".join(f"/{segment}" for segment in segments[3:]) + query,
    )
