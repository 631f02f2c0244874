"""Diagnose a refused event: send it with each common mistake until one is accepted."""

import base64
import binascii
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass

from msgspec.structs import replace

from pivotal_sandbox.check.classify import is_ack
from pivotal_sandbox.check.context import CheckContext
from pivotal_sandbox.check.model import Exchange
from pivotal_sandbox.signature import VERSION, mac

_URL_SAFE = str.maketrans("+/", "-_")
_SUSPECT = frozenset({400, 401, 403, 422, 500})


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What the receiver accepts instead of a right signature, and the topic of the advice."""

    observed: str
    topic: str
    exchange: Exchange


@dataclass(frozen=True, slots=True)
class _Mistake:
    label: str
    observed: str
    topic: str
    header: Callable[[bytes, int], str]
    body: Callable[[bytes], bytes] = bytes


async def diagnose(context: CheckContext, refused: Exchange) -> Diagnosis | None:
    """Return the mistake that the receiver shares, if it is one of the usual ones."""
    if refused.status not in _SUSPECT:
        return None
    delivery_id = context.new_delivery_id()
    for mistake in _mistakes(context.settings.secret, delivery_id):
        plain, t = context.new_event(), context.now()
        event = replace(plain, body=mistake.body(plain.body))
        request = context.build_forged(
            f"diagnosis: {mistake.label}",
            event,
            signatures=[mistake.header(event.body, t)],
            t=t,
            delivery_id=delivery_id,
        )
        exchange = await context.send(replace(request, event_id=""))
        if is_ack(exchange):
            return Diagnosis(mistake.observed, mistake.topic, exchange)
    return None


def _mistakes(secret: str, delivery_id: str) -> list[_Mistake]:
    def digest(message: bytes, key: bytes = secret.encode(), algorithm: str = "sha256") -> bytes:
        return hmac.digest(key, message, algorithm)

    def format_header(t: int, mac: bytes) -> str:
        return f"{VERSION},t={t},sig={base64.b64encode(mac).decode()}"

    def correct_header(body: bytes, t: int) -> str:
        return format_header(t, digest(_signed_message(body, t)))

    unprefixed = secret.removeprefix("whsec_")
    return [
        # These come first: they also accept right signatures that contain neither + nor /.
        _Mistake(
            "url-safe base64",
            "it accepts url-safe base64 only",
            "base64",
            lambda body, t: correct_header(body, t).translate(_URL_SAFE),
        ),
        _Mistake(
            "url-safe base64 without its padding",
            "it accepts url-safe base64 without padding only",
            "base64",
            lambda body, t: correct_header(body, t).translate(_URL_SAFE).rstrip("="),
        ),
        _Mistake(
            "written as json.dumps writes it",
            "it accepts the event once it is spaced as Python's json.dumps spaces it, so it "
            "hashes what it parsed and wrote anew, not what was sent",
            "raw-body",
            correct_header,
            lambda body: json.dumps(json.loads(body)).encode(),
        ),
        _Mistake(
            "with sorted keys",
            "it accepts the event once its keys are sorted, so it hashes what it parsed and wrote "
            "anew, not what was sent",
            "raw-body",
            correct_header,
            lambda body: json.dumps(
                json.loads(body), sort_keys=True, separators=(",", ":")
            ).encode(),
        ),
        _Mistake(
            "hexadecimal",
            "it accepts a hexadecimal signature",
            "base64",
            lambda body, t: f"{VERSION},t={t},sig={digest(_signed_message(body, t)).hex()}",
        ),
        _Mistake(
            "base64 without its padding",
            "it accepts base64 without padding only",
            "base64",
            lambda body, t: correct_header(body, t).rstrip("="),
        ),
        _Mistake(
            "SHA-512",
            "it accepts a signature by HMAC-SHA512",
            "algorithm",
            lambda body, t: format_header(t, digest(_signed_message(body, t), algorithm="sha512")),
        ),
        _Mistake(
            "SHA-1",
            "it accepts a signature by HMAC-SHA1",
            "algorithm",
            lambda body, t: format_header(t, digest(_signed_message(body, t), algorithm="sha1")),
        ),
        _Mistake(
            "the delivery id is signed, too",
            "it accepts a signature over delivery id, t and body, as Standard Webhooks has it",
            "message",
            lambda body, t: format_header(
                t, digest(f"{delivery_id}.".encode() + _signed_message(body, t))
            ),
        ),
        _Mistake(
            "the body alone is signed",
            "it accepts a signature over the body alone, without the timestamp",
            "message",
            lambda body, t: format_header(t, digest(body)),
        ),
        _Mistake(
            "no dot",
            "it accepts a signature over t and body without the dot between them",
            "message",
            lambda body, t: format_header(t, digest(str(t).encode() + body)),
        ),
        _Mistake(
            "a newline at the end",
            "it accepts a signature over the body and a newline",
            "raw-body",
            lambda body, t: format_header(t, digest(_signed_message(body, t) + b"\n")),
        ),
        _Mistake(
            "the secret without its prefix",
            "it accepts a signature made with the secret without whsec_",
            "key",
            lambda body, t: format_header(t, digest(_signed_message(body, t), unprefixed.encode())),
        ),
        _Mistake(
            "the secret read as base64",
            "it accepts a signature made with what the secret gives when decoded from base64",
            "key",
            lambda body, t: format_header(
                t, digest(_signed_message(body, t), _decode_or_encode(unprefixed))
            ),
        ),
        _Mistake(
            "a newline after the secret",
            "it accepts a signature made with the secret and a newline behind it",
            "key",
            lambda body, t: format_header(
                t, digest(_signed_message(body, t), secret.encode() + b"\n")
            ),
        ),
        _Mistake(
            "milliseconds",
            "it accepts a t in milliseconds, which it takes for seconds",
            "timestamp",
            lambda body, t: f"{VERSION},t={t * 1000},sig={mac(body, secret, t * 1000)}",
        ),
    ]


def _signed_message(body: bytes, t: int) -> bytes:
    return f"{t}.".encode() + body


def _decode_or_encode(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:  # no receiver can decode a secret that is not base64
        return text.encode()
