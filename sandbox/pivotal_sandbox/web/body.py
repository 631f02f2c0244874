"""The bytes of a body as JSON can show them."""

import base64
from typing import Any, Literal

import msgspec

Encoding = Literal["utf-8", "base64"]

_valid = msgspec.json.Decoder(msgspec.Raw).decode


def shown_body(body: bytes) -> tuple[str, Encoding]:
    """Return the body as text, or in base64 where it is none, and which of the two."""
    try:
        return body.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return base64.b64encode(body).decode("ascii"), "base64"


def json_body(body: bytes) -> tuple[Any, Literal["json"] | Encoding]:
    """Return the body to the byte where it is JSON, and else as `shown_body` does."""
    text, encoding = shown_body(body)
    try:
        return (_valid(body), "json") if encoding == "utf-8" else (text, encoding)
    except msgspec.DecodeError:
        return text, encoding
