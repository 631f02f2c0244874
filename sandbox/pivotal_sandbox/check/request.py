"""One request of the battery: the bytes for the wire, and what they stand for."""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from pivotal_sandbox.common.headers import SIGNATURE_HEADER
from pivotal_sandbox.common.urls import parse_url
from pivotal_sandbox.domain.models import Event
from pivotal_sandbox.domain.request import build_request
from pivotal_sandbox.sender.http1 import encode_head


class CheckRequest(Struct, frozen=True):
    """A request, ready for the wire.

    `genuine` where Pivotal itself would send such a one. `event_id` is the event whose effect
    counts, or "" where none is to be looked for. `t` is when it says that it was signed.
    """

    label: str
    head: bytes
    body: bytes
    event_id: str
    genuine: bool
    t: int

    @property
    def sent(self) -> bytes:
        """Every byte of it."""
        return self.head + self.body


def build_check_request(
    label: str,
    event: Event,
    *,
    url: str,
    secret: str,
    t: int,
    delivery_id: str,
    genuine: bool = True,
    signatures: Sequence[str] | None = None,
    body: bytes | None = None,
    named: str | None = None,
    headers: Sequence[tuple[str, str]] = (),
    without: Sequence[str] = (),
) -> CheckRequest:
    """Return the request that delivers `event`, changed in what is given.

    `signatures` are the values of the signature headers (none, one or several), `body` what goes
    out in place of the bytes that were signed, `named` the type in the `pivotal-event` header,
    `headers` what is added, or put in the place of headers of that name, and `without` what is
    left out.
    """
    request = build_request(
        delivery_id, named or event.type, event.body, url=url, secrets=[secret], timestamp=t
    )
    sent = event.body if body is None else body
    changed = {name.lower(): (name, value) for name, value in headers}
    pairs: list[tuple[str, str]] = []
    for name, value in request.headers:
        if name in without:
            continue
        if name == SIGNATURE_HEADER and signatures is not None:
            pairs += [(name, signature) for signature in signatures]
        elif name == "content-length" and name not in changed:
            pairs.append((name, str(len(sent))))
        else:
            pairs.append(changed.pop(name, (name, value)))
    pairs += changed.values()
    head = encode_head(replace(request, headers=tuple(pairs)), parse_url(url))
    return CheckRequest(label, head, sent, event.id, genuine, t)


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
