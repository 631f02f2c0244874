"""The nouns. All times are milliseconds since the epoch on the sandbox's clock.

They are msgspec's structs: as plain as frozen dataclasses, and made in a tenth of the time, which
counts where each delivery takes a dozen of them. None can be part of a cycle, so that the garbage
collector need not look for one.
"""

from typing import Any, Literal

from msgspec import Struct

from pivotal_sandbox.common.http_status import is_success

Mode = Literal["test", "live"]
Status = Literal["pending", "retrying", "delivered", "failed", "cancelled"]
ErrorCode = Literal[
    "timeout",
    "connection_refused",
    "connection_reset",
    "dns",
    "tls",
    "protocol",
    "blocked",
    "interrupted",
]
SignTime = Literal["wall", "sandbox"]
Headers = tuple[tuple[str, str], ...]

OPEN: frozenset[Status] = frozenset({"pending", "retrying"})


class Endpoint(Struct, frozen=True, gc=False):
    """Where Pivotal sends the events of one mode."""

    id: str
    url: str
    mode: Mode
    secret: str
    created_at: int
    event_types: tuple[str, ...] = ("*",)
    field_filter: tuple[str, ...] = ()
    description: str = ""
    enabled: bool = True
    previous_secret: str | None = None
    previous_secret_expires_at: int | None = None

    def __repr__(self) -> str:
        return f"Endpoint({self.id!r}, {self.url!r}, {self.mode!r})"  # its secrets are for nobody

    def secrets(self, now: int) -> tuple[str, ...]:
        """Return the secrets that sign at `now`: two within the overlap of a rotation."""
        expires_at = self.previous_secret_expires_at
        if self.previous_secret is None or expires_at is None or now >= expires_at:
            return (self.secret,)
        return (self.secret, self.previous_secret)


class Event(Struct, frozen=True, gc=False):
    """What happened, as the bytes that every delivery of it carries.

    `changed` holds the dotted paths into `data` that the change touched.
    """

    id: str
    type: str
    mode: Mode
    created_at: int
    body: bytes
    changed: tuple[str, ...] = ()


class Delivery(Struct, frozen=True, gc=False):
    """One event on its way to one endpoint. `url` is the endpoint's at the time of creation."""

    id: str
    event_id: str
    event_type: str
    endpoint_id: str
    mode: Mode
    url: str
    created_at: int
    status: Status = "pending"
    attempt_count: int = 0
    next_attempt_at: int | None = None
    first_failed_at: int | None = None
    completed_at: int | None = None
    replay_of: str | None = None
    fault: str | None = None
    last_status_code: int | None = None
    last_duration_ms: float | None = None


class Timing(Struct, frozen=True, gc=False):
    """How long the parts of an exchange took, in ms; None for a part that did not take place.

    `connect_ms` is None on a connection that was kept alive, `tls_ms` without TLS.
    """

    total_ms: float
    connect_ms: float | None = None
    tls_ms: float | None = None
    first_byte_ms: float | None = None


class Response(Struct, frozen=True, gc=False):
    """What a receiver answered: the body is cut at 64 KiB, which `truncated` tells."""

    status_code: int
    headers: Headers
    body: bytes
    truncated: bool = False


class Outcome(Struct, frozen=True, gc=False):
    """How one exchange ended: with a response, or with an error code and what it means here."""

    timing: Timing
    response: Response | None = None
    error: ErrorCode | None = None
    detail: str | None = None

    @property
    def ok(self) -> bool:
        """Say whether Pivotal takes it as delivered: any 2xx that arrived whole."""
        return self.response is not None and is_success(self.response.status_code)


class Attempt(Struct, frozen=True, gc=False):
    """One try at a delivery: the headers that were sent, and how it ended.

    `request_body` is None where the body on the wire was the event's.
    """

    delivery_id: str
    number: int
    started_at: int
    request_headers: Headers
    outcome: Outcome
    request_body: bytes | None = None


class Wire(Struct, frozen=True, gc=False):
    """How a request is written, other than at once and as HTTP has it.

    Of the body `cut_at` bytes are sent (None: all), in `pieces` with `pause_ms` between them, or as
    that many chunks. Then comes the `ending`: the answer is awaited, before which a half-close says
    that no more follows; or, after `pause_ms`, the sender resets the connection, or leaves.
    """

    chunked: bool = False
    pieces: int = 1
    pause_ms: int = 0
    cut_at: int | None = None
    ending: Literal["answer", "half-close", "reset", "leave"] = "answer"


class Request(Struct, frozen=True, gc=False):
    """What is put on the wire. The bytes of `body` are the ones that were signed.

    With a `wire` it goes over a connection of its own, written as that says.
    """

    method: str
    url: str
    headers: Headers
    body: bytes
    wire: Wire | None = None

    @property
    def sent(self) -> bytes:
        """The part of the body that is put on the wire."""
        return self.body if self.wire is None else self.body[: self.wire.cut_at]


class Forwarded(Struct, frozen=True, gc=False):
    """The other side of a capture that was passed on: where to, and what came back."""

    url: str
    outcome: Outcome


class Capture(Struct, frozen=True, gc=False):
    """A request that came in, whole: headers in the order and case received, the body's bytes.

    `verified` is None where no secret is known; `status` and `duration_ms` are None while, or
    because, nothing was answered.
    """

    id: str
    bin: str
    method: str
    path: str
    query: str
    headers: Headers
    body: bytes
    received_at: int
    peer: str | None
    signed: bool
    verified: bool | None
    reason: str | None
    verdict: str
    status: int | None = None
    duration_ms: float | None = None
    forwarded: Forwarded | None = None


Record = dict[str, Any]
"""A customer, contact, onboarding or task, as JSON: what `data` of an event is made of."""
