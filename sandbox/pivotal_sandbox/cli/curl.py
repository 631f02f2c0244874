"""A captured request as a command for a POSIX shell, which makes curl send the same again."""

import base64
from typing import Any

import msgspec

from pivotal_sandbox.core import curl


def curl_command(capture: dict[str, Any], base_url: str) -> bytes:
    """Return the command for a capture as the API shows it.

    It repeats method, path, query, headers and body to the byte. All text of a capture but its
    body is Latin-1, a character for each byte.
    """
    query = f"?{capture['query']}" if capture["query"] else ""
    url = base_url.encode().decode("latin-1") + capture["path"] + query
    command = curl.curl_command(capture["method"], url, capture["headers"], body_of(capture))
    return command.encode()


def body_of(shown: dict[str, Any]) -> bytes:
    """Return the bytes of a body, of a capture, an event or an attempt's request."""
    match shown["body_encoding"]:
        case "base64":
            return base64.b64decode(shown["body"])
        case "json":  # encoded as the sandbox encodes what it signs
            return msgspec.json.encode(shown["body"])
        case _:
            text: str = shown["body"]
            return text.encode()
