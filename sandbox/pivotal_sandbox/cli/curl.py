"""A captured request as a command for a POSIX shell, which makes curl send the same again."""

import base64
from typing import Any

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


def body_of(capture: dict[str, Any]) -> bytes:
    """Return the bytes of a capture's body."""
    if capture["body_encoding"] == "base64":
        return base64.b64decode(capture["body"])
    body: str = capture["body"]
    return body.encode()
