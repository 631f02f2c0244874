"""What is signed in place of the body by who has written its bytes as something else."""

import base64
import hashlib
import json
from collections.abc import Callable, Iterable

from pivotal_sandbox.explain.mistakes.json import RAW
from pivotal_sandbox.explain.mistakes.mistake import Mistake

Change = Callable[[bytes], Iterable[bytes]]


def _base64_decoded(body: bytes) -> Iterable[bytes]:
    return [base64.b64decode(body.strip(), validate=True)]


def _unwrapped(body: bytes) -> Iterable[bytes]:
    text = json.loads(body) if body[:1] == b'"' else None
    return [text.encode()] if isinstance(text, str) else []


def _hashed(body: bytes) -> Iterable[bytes]:
    digest = hashlib.sha256(body)
    return digest.hexdigest().encode(), base64.b64encode(digest.digest()), digest.digest()


def _of_numbers(body: bytes) -> Iterable[bytes]:
    numbers = [str(byte) for byte in body]
    return f"[{' '.join(numbers)}]".encode(), ",".join(numbers).encode()


def _buffer_json(body: bytes) -> Iterable[bytes]:
    return [b'{"type":"Buffer","data":[%s]}' % ",".join(map(str, body)).encode()]


BODY_FORMS: tuple[tuple[Mistake, Change], ...] = (
    (
        Mistake(
            "text-python-bytes",
            "over the text of a Python bytes object",
            "`f\"{t}.{request.data}\"`: what is hashed is `b'…'`.",
            'Join bytes, not text: `f"{t}.".encode() + request.data`.',
        ),
        lambda body: [repr(body).encode(), repr(bytearray(body)).encode()],
    ),
    (
        Mistake(
            "text-byte-list",
            "over the numbers of the bytes, written as text",
            "`fmt.Sprint(body)` in Go, `${new Uint8Array(body)}` in JavaScript.",
            "Hand the bytes to the MAC as they are; do not print them into a text.",
        ),
        _of_numbers,
    ),
    (
        Mistake(
            "text-node-buffer",
            "over a Node Buffer written as JSON",
            '`JSON.stringify(req.body)` behind `express.raw()`: `{"type":"Buffer",…}`.',
            "Behind `express.raw()`, `req.body` is the raw body: hand it to the MAC as it is.",
        ),
        _buffer_json,
    ),
    (
        Mistake(
            "json-string",
            "over the body as a JSON text, in quotes",
            "`JSON.stringify(rawText)`: written as JSON once more than needed.",
            RAW,
        ),
        lambda body: [
            json.dumps(body.decode(), ensure_ascii=ascii).encode() for ascii in (False, True)
        ],
    ),
    (
        Mistake(
            "json-unwrapped",
            "over the text inside the body, which is JSON in a JSON text",
            "The body at hand was written as JSON once more than what was signed.",
            "Do not serialise what is a text already.",
        ),
        _unwrapped,
    ),
    (
        Mistake(
            "base64-body",
            "over the base64 of the body",
            "`event.body` behind an API gateway where `isBase64Encoded` is true.",
            "Decode the body from base64 first where the gateway says that it is.",
        ),
        lambda body: [base64.b64encode(body), base64.encodebytes(body)],
    ),
    (
        Mistake(
            "base64-body-decoded",
            "over what the body is the base64 of",
            "The body at hand is in base64, as an API gateway hands it on; the signed one is not.",
            "Decode the body from base64 first where the gateway says that it is.",
        ),
        _base64_decoded,
    ),
    (
        Mistake(
            "hashed-body",
            "over the SHA-256 of the body",
            "Other vendors sign a hash of the body; Pivotal signs the body.",
            "Put the body itself after the timestamp and the dot.",
        ),
        _hashed,
    ),
)
