"""Alter the signature of a request: the header, or the body under it."""

import base64
import json
import random
import re
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from pivotal_sandbox.common.headers import SIGNATURE_HEADER, header_value
from pivotal_sandbox.common.ids import new_secret
from pivotal_sandbox.domain.models import Request
from pivotal_sandbox.signature import TOLERANCE, mac, sign_all

SKEW = 2 * TOLERANCE  # seconds: no clock of a receiver is wrong by so much

_CHANGED = re.compile(
    # The last character of the first text in `data`, which as a rule is whom the event is about.
    rb'"data":\{"[^"\\]*":"[^"\\]*([0-9A-Za-z])"|([0-9A-Za-z])[^0-9A-Za-z]*\Z'
)


class SigningContext(Struct, frozen=True):
    """What a request is signed with; `timestamp` is in Unix seconds, `source` makes secrets up."""

    secrets: Sequence[str]
    timestamp: int
    source: random.Random


Alteration = Callable[[Request, SigningContext], Request]


def with_header(request: Request, name: str, *values: str) -> Request:
    """Return the request with these values of a header in its place: none takes it out."""
    headers: list[tuple[str, str]] = []
    for header in request.headers:
        headers += [(name, value) for value in values] if header[0] == name else [header]
    return replace(request, headers=tuple(headers))


def with_body(request: Request, body: bytes) -> Request:
    """Return the request with another body, and that one's length."""
    return replace(with_header(request, "content-length", str(len(body))), body=body)


def _signed(request: Request, signing: SigningContext, **changed: Any) -> Request:
    it = replace(signing, **changed)
    return with_header(
        request, SIGNATURE_HEADER, sign_all(request.body, it.secrets, timestamp=it.timestamp)
    )


def _value(request: Request) -> str:
    return header_value(request.headers, SIGNATURE_HEADER) or ""


def _no_signature(request: Request, signing: SigningContext) -> Request:
    return with_header(request, SIGNATURE_HEADER)


def _empty_signature(request: Request, signing: SigningContext) -> Request:
    return with_header(request, SIGNATURE_HEADER, "")


def _wrong_secret(request: Request, signing: SigningContext) -> Request:
    return _signed(request, signing, secrets=[new_secret(signing.source)])


def _tampered_body(request: Request, signing: SigningContext) -> Request:
    found = _CHANGED.search(request.body)
    if found is None:
        return with_body(request, request.body + b" ")
    at = found.start(found.lastindex or 0)
    other = b"1" if request.body[at : at + 1] == b"0" else b"0"
    return with_body(request, request.body[:at] + other + request.body[at + 1 :])


def _reserialized_body(request: Request, signing: SigningContext) -> Request:
    # As Python's own library writes it by default: with spaces, and in ASCII.
    return with_body(request, json.dumps(msgspec.json.decode(request.body)).encode())


def _stale_timestamp(request: Request, signing: SigningContext) -> Request:
    return _signed(request, signing, timestamp=max(signing.timestamp - SKEW, 0))


def _future_timestamp(request: Request, signing: SigningContext) -> Request:
    return _signed(request, signing, timestamp=signing.timestamp + SKEW)


def _unknown_version(request: Request, signing: SigningContext) -> Request:
    return with_header(request, SIGNATURE_HEADER, "v2" + _value(request).removeprefix("v1"))


def _unpadded_signature(request: Request, signing: SigningContext) -> Request:
    parts = [part.rstrip("=") for part in _value(request).split(",")]
    return with_header(request, SIGNATURE_HEADER, ",".join(parts))


def _hex_signature(request: Request, signing: SigningContext) -> Request:
    macs = [mac(request.body, secret, signing.timestamp) for secret in signing.secrets]
    signatures = [f"sig={base64.b64decode(signature).hex()}" for signature in macs]
    return with_header(
        request, SIGNATURE_HEADER, ",".join(["v1", f"t={signing.timestamp}", *signatures])
    )


def _duplicate_signature_header(request: Request, signing: SigningContext) -> Request:
    return with_header(request, SIGNATURE_HEADER, _value(request), _value(request))


def _rotated_secret(request: Request, signing: SigningContext) -> Request:
    secrets = [new_secret(signing.source), signing.secrets[0]]
    return _signed(request, signing, secrets=secrets)


ALTERATIONS: dict[str, Alteration] = {
    "no-signature": _no_signature,
    "empty-signature": _empty_signature,
    "wrong-secret": _wrong_secret,
    "tampered-body": _tampered_body,
    "reserialized-body": _reserialized_body,
    "stale-timestamp": _stale_timestamp,
    "future-timestamp": _future_timestamp,
    "unknown-version": _unknown_version,
    "unpadded-signature": _unpadded_signature,
    "hex-signature": _hex_signature,
    "duplicate-signature-header": _duplicate_signature_header,
    "rotated-secret": _rotated_secret,
}
