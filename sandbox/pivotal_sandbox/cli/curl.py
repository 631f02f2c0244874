"""A captured request as a command for a POSIX shell, which makes curl send the same again."""

import base64
import re
from shlex import quote
from typing import Any

from pivotal_sandbox.cli.output import printable

# What curl adds of its own unless it is told not to.
_OWN = ("accept", "user-agent", "content-type", "expect")
_LONGEST = 64 * 1024  # bytes of an argument; Linux refuses 128 KiB
_SPECIAL = re.compile(r"\A-|[^ -~]|['\\%]")  # a leading - would be an option of printf


def curl_command(capture: dict[str, Any], base_url: str) -> bytes:
    """Return the command for a capture as the API shows it.

    It repeats method, path, query, headers and body to the byte; curl puts `Host` first. All text
    here is Latin-1, a character for each byte.
    """
    method, body = capture["method"], body_of(capture).decode("latin-1")
    query = f"?{capture['query']}" if capture["query"] else ""
    words = ["curl", "-sS", "--globoff", "--path-as-is"]
    # Told to send a HEAD by -X, curl would wait for the body that its answer announces.
    words += ["--head"] if method == "HEAD" and not body else ["-X", method]
    words.append(_word(base_url.encode().decode("latin-1") + capture["path"] + query))
    for name, value in capture["headers"]:
        words += ["-H", _word(f"{name}: {value}" if value else f"{name};")]
    given = {name.lower() for name, _ in capture["headers"]}
    for name in _OWN:
        if name not in given:
            words += ["-H", f"{name}:"]
    if not body:
        return " ".join(words).encode("latin-1")
    if _plain(body) and len(body) <= _LONGEST:
        return " ".join([*words, "--data-raw", quote(body)]).encode("latin-1")
    return " ".join([_printf(body), "|", *words, "--data-binary", "@-"]).encode("latin-1")


def body_of(capture: dict[str, Any]) -> bytes:
    """Return the bytes of a capture's body."""
    if capture["body_encoding"] == "base64":
        return base64.b64decode(capture["body"])
    body: str = capture["body"]
    return body.encode()


def _word(text: str) -> str:
    """Return what the shell reads as `text`, be it fit to be shown or not."""
    return quote(text) if _plain(text) else f'"$({_printf(text)})"'


def _plain(text: str) -> bool:
    """Say whether a terminal shows the bytes, and a shell can pass them on."""
    try:
        shown = text.encode("latin-1").decode()
    except UnicodeDecodeError:
        return False
    return printable(shown) == shown


def _printf(text: str) -> str:
    """Return the command that prints the bytes, whatever they are and however many."""
    escaped = _SPECIAL.sub(lambda match: f"\\{ord(match[0]):03o}", text)
    return f"printf '{escaped}'"
