"""One request of the battery: its bytes, and what they stand for."""

from collections.abc import Sequence
from typing import TypedDict

from msgspec import Struct
from msgspec.structs import replace

from pivotal_sandbox.common.headers import SIGNATURE_HEADER
from pivotal_sandbox.common.urls import parse_url
from pivotal_sandbox.domain.models import Event
from pivotal_sandbox.domain.request import build_request
from pivotal_sandbox.sender.http1 import encode_head


class CheckRequest(Struct, frozen=True):
    """A request, ready for the wire.

    `genuine` is whether Pivotal itself would send such a request. `event_id` is the event whose
    effect counts, or "" if none does. `t` is the time of its signature in Unix seconds.
    """

    label: str
    head: bytes
    body: bytes
    event_id: str
    genuine: bool
    t: int

    @property
    def sent(self) -> bytes:
        """Head and body."""
        return self.head + self.body


class RequestOptions(Struct, frozen=True, kw_only=True):
    """Where a request goes, how it is signed, and in what it differs from a plain delivery.

    `t` is the time of the signature in Unix seconds. `signatures` are the values of the signature
    headers (none, one or several), in place of the right one. `body` is sent in place of the bytes
    that are signed. `event_type` is the type in the `pivotal-event` header. `headers` are added, or
    replace headers of the same name. `without` names headers that are left out.
    """

    url: str
    secret: str
    t: int
    delivery_id: str
    genuine: bool = True
    signatures: Sequence[str] | None = None
    body: bytes | None = None
    event_type: str | None = None
    headers: Sequence[tuple[str, str]] = ()
    without: Sequence[str] = ()


class RequestChanges(TypedDict, total=False):
    """The fields of `RequestOptions` that a check may change."""

    secret: str
    t: int
    delivery_id: str
    signatures: Sequence[str]
    body: bytes
    event_type: str
    headers: Sequence[tuple[str, str]]
    without: Sequence[str]


def build_check_request(label: str, event: Event, options: RequestOptions) -> CheckRequest:
    """Return the request that delivers `event` with these options."""
    request = build_request(
        options.delivery_id,
        options.event_type or event.type,
        event.body,
        url=options.url,
        secrets=[options.secret],
        timestamp=options.t,
    )
    body = event.body if options.body is None else options.body
    changed = {name.lower(): (name, value) for name, value in options.headers}
    pairs: list[tuple[str, str]] = []
    for name, value in request.headers:
        if name in options.without:
            continue
        if name == SIGNATURE_HEADER and options.signatures is not None:
            pairs += [(name, signature) for signature in options.signatures]
        elif name == "content-length" and name not in changed:
            pairs.append((name, str(len(body))))
        else:
            pairs.append(changed.pop(name, (name, value)))
    pairs += changed.values()
    head = encode_head(replace(request, headers=tuple(pairs)), parse_url(options.url))
    return CheckRequest(label, head, body, event.id, options.genuine, options.t)


def change_header_case(request: CheckRequest, case: str) -> CheckRequest:
    """Return the request with its header names in Title-Case or UPPER."""
    first, *pairs = request.head.decode("latin-1").split("\r\n")
    for index, line in enumerate(pairs):
        name, colon, value = line.partition(":")
        pairs[index] = (name.title() if case == "title" else name.upper()) + colon + value
    return replace(request, head="\r\n".join([first, *pairs]).encode("latin-1"))


def chunked(request: CheckRequest) -> CheckRequest:
    """Return the request with its body in chunks, as a proxy that streams would pass it on."""
    pairs = request.head.decode("latin-1").split("\r\n")
    pairs = [
        "transfer-encoding: chunked" if line.startswith("content-length:") else line
        for line in pairs
    ]
    half = len(request.body) // 2
    pieces = [request.body[:half], request.body[half:]]
    body = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    return replace(request, head="\r\n".join(pairs).encode("latin-1"), body=body)


def of_method(request: CheckRequest, method: str) -> CheckRequest:
    """Return the request with another method."""
    return replace(request, head=request.head.replace(b"POST ", method.encode() + b" ", 1))
