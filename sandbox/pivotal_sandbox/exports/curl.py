"""A request as a command for a POSIX shell, which makes curl send the same bytes."""

import re
from collections.abc import Callable, Sequence

from pivotal_sandbox.common.headers import SIGNATURE_HEADER
from pivotal_sandbox.common.text import printable
from pivotal_sandbox.common.timestamps import rfc3339
from pivotal_sandbox.exports.exchange import ExportedRequest

# What curl adds of its own unless it is told not to.
_OWN = ("accept", "user-agent", "content-type", "expect")
_LONGEST = 64 * 1024  # bytes of an argument; Linux refuses 128 KiB
_SPECIAL = re.compile(r"\A-|[^ -~]|['\\%]")  # a leading - would be an option of printf
_SAFE = re.compile(r"[\w@%+=:,./-]+", re.ASCII)


def curl_script(sent: Sequence[ExportedRequest], *, re_sign: bool = False) -> str:
    """Return a script that sends all of it again; with `re_sign` signed when it is sent."""
    return script(sent, curl_of, re_sign=re_sign)


def curl_of(sent: ExportedRequest, re_sign: bool = False) -> str:
    """Return the command for what was sent."""
    request = sent.request
    return curl_command(
        request.method,
        request.url,
        request.headers,
        request.body,
        re_sign=re_sign and sent.signed,
    )


def script(
    sent: Sequence[ExportedRequest],
    command: Callable[[ExportedRequest, bool], str],
    *,
    re_sign: bool,
) -> str:
    """Return a script of such commands, a comment above each."""
    lines = ["#!/bin/sh"]
    if re_sign:
        lines.append(': "${PIVOTAL_WEBHOOK_SECRET:?is what the requests are signed with}"')
    for request in sent:
        # A title is a stranger's: in ASCII, and without a line break, it stays a comment.
        lines.append(f"\n# {request.id}  {rfc3339(request.at)}  {ascii(request.title)[1:-1]}")
        lines.append(command(request, re_sign))
    return "\n".join(lines) + "\n"


def curl_command(
    method: str,
    url: str,
    headers: Sequence[Sequence[str]],
    body: bytes,
    *,
    options: str = "",
    re_sign: bool = False,
) -> str:
    """Return the command that repeats method, URL, headers and body to the byte.

    curl puts `Host` first, under this name. `url` and `headers` are Latin-1, a character for each
    byte; `options` are more words for curl. With `re_sign` the signature is made when it is sent,
    by the secret in PIVOTAL_WEBHOOK_SECRET.
    """
    text = body.decode("latin-1")
    words = ["curl", "-sS", "--globoff", "--path-as-is", *options.split()]
    # Told to send a HEAD by -X, curl would wait for the body that its answer announces.
    words += ["--head"] if method == "HEAD" and not body else ["-X", quoted(method)]
    words.append(_word(url))
    for name, value in headers:
        if re_sign and name.lower() == SIGNATURE_HEADER:
            words += ["-H", signed(f"{name}: ", body)]
        else:
            words += ["-H", _word(f"{name}: {value}" if value else f"{name};")]
    given = {name.lower() for name, _ in headers}
    for name in _OWN:
        if name not in given:
            words += ["-H", f"{name}:"]
    if not body:
        command = words
    elif _plain(text) and len(body) <= _LONGEST:
        command = [*words, "--data-raw", quoted(text)]
    else:
        command = [printf(body), "|", *words, "--data-binary", "@-"]
    return " ".join(command).encode("latin-1").decode()


def quoted(text: str) -> str:
    """Return the text as one word of a shell."""
    if _SAFE.fullmatch(text):
        return text
    return "'" + text.replace("'", "'\"'\"'") + "'"


def signed(header: str, body: bytes) -> str:
    """Return a word: the name of the signature's header, and the signature of this moment."""
    return f'"{header}$({printf(body)} | pivotal-sandbox sign)"'


def printf(data: bytes) -> str:
    """Return the command that prints the bytes, whatever they are and however many."""
    escaped = _SPECIAL.sub(lambda match: f"\\{ord(match[0]):03o}", data.decode("latin-1"))
    return f"printf '{escaped}'"


def _word(text: str) -> str:
    """Return what the shell reads as `text`, be it fit to be shown or not."""
    return quoted(text) if _plain(text) else f'"$({printf(text.encode("latin-1"))})"'


def _plain(text: str) -> bool:
    """Say whether a terminal shows the bytes, and a shell can pass them on."""
    try:
        shown = text.encode("latin-1").decode()
    except UnicodeDecodeError:
        return False
    return printable(shown) == shown
