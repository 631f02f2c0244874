"""A request as a command for a POSIX shell, which makes curl send the same bytes."""

import re
from collections.abc import Callable, Sequence
from functools import partial
from ipaddress import ip_address

from pivotal_sandbox.common.headers import SIGNATURE_HEADER
from pivotal_sandbox.common.text import printable
from pivotal_sandbox.common.timestamps import format_rfc3339
from pivotal_sandbox.common.urls import parse_url
from pivotal_sandbox.errors import InputError
from pivotal_sandbox.exports.exchange import ExportedRequest

TIMEOUT_S = 30  # three times what a delivery waits: enough for a receiver in a debugger

# What curl adds of its own unless it is told not to.
_CURL_DEFAULT_HEADERS = ("accept", "user-agent", "content-type", "expect")
_MAX_ARGUMENT_BYTES = 64 * 1024  # bytes of an argument; Linux refuses 128 KiB
_PRINTF_SPECIAL = re.compile(r"\A-|[^ -~]|['\\%]")  # a leading - would be an option of printf
_UNQUOTED_SAFE = re.compile(r"[\w@%+=:,./-]+", re.ASCII)


def curl_script(requests: Sequence[ExportedRequest], *, re_sign: bool = False) -> str:
    """Return a script that sends all of it again; with `re_sign` signed when it is sent."""
    command = partial(curl_request_command, must_succeed=True)
    return script(requests, command, re_sign=re_sign)


def curl_request_command(
    exported: ExportedRequest, re_sign: bool = False, *, must_succeed: bool = False
) -> str:
    """Return the command that sends the request again.

    With `must_succeed`, curl fails on a 4xx or 5xx where a correct receiver accepts the request.
    """
    request = exported.request
    return curl_command(
        request.method,
        request.url,
        request.headers,
        request.body,
        re_sign=re_sign and exported.signed,
        must_succeed=must_succeed and exported.accepted is True,
    )


def script(
    requests: Sequence[ExportedRequest],
    command: Callable[[ExportedRequest, bool], str],
    *,
    re_sign: bool,
) -> str:
    """Return a script of such commands, a comment above each.

    It runs all of them, and exits with 1 if one of them failed.
    """
    lines = ["#!/bin/sh", "failed=0"]
    if re_sign:
        lines.append(': "${PIVOTAL_WEBHOOK_SECRET:?is what the requests are signed with}"')
    for request in requests:
        # A title is a stranger's: in ASCII, and without a line break, it stays a comment.
        lines.append(
            f"\n# {request.id}  {format_rfc3339(request.at)}  {ascii(request.title)[1:-1]}"
        )
        lines.append(f"{command(request, re_sign)} || failed=1")
    lines.append("\nexit $failed")
    return "\n".join(lines) + "\n"


def curl_command(
    method: str,
    url: str,
    headers: Sequence[Sequence[str]],
    body: bytes,
    *,
    options: str = "",
    re_sign: bool = False,
    must_succeed: bool = False,
) -> str:
    """Return the command that repeats method, URL, headers and body to the byte.

    curl puts `Host` first, under this name. `url` and `headers` are Latin-1, a character for each
    byte; `options` are more words for curl. With `re_sign` the signature is made when it is sent,
    by the secret in PIVOTAL_WEBHOOK_SECRET. With `must_succeed`, curl fails on a 4xx or 5xx.
    """
    text = body.decode("latin-1")
    # An empty chunked body is a last chunk: without data, curl would never send that.
    has_body = bool(body) or is_chunked(headers)
    arguments = ["curl", "-sS", "--globoff", "--path-as-is", *options.split()]
    # Told to send a HEAD by -X, curl would wait for the body that its answer announces.
    arguments += ["--head"] if method == "HEAD" and not has_body else ["-X", shell_quote(method)]
    arguments.append(_shell_word(url))
    for name, value in headers:
        if re_sign and name.lower() == SIGNATURE_HEADER:
            arguments += ["-H", signed_header_word(f"{name}: ", body)]
        else:
            arguments += ["-H", _shell_word(f"{name}: {value}" if value else f"{name};")]
    sent_names = {name.lower() for name, _ in headers}
    for name in _CURL_DEFAULT_HEADERS:
        if name not in sent_names:
            arguments += ["-H", f"{name}:"]
    arguments += ["--max-time", str(TIMEOUT_S)]
    if is_loopback(url):
        arguments += ["--noproxy", "'*'"]
    if must_succeed:
        arguments.append("--fail")
    if not has_body:
        command = arguments
    elif _is_printable(text) and len(body) <= _MAX_ARGUMENT_BYTES:
        command = [*arguments, "--data-raw", shell_quote(text)]
    else:
        command = [printf_command(body), "|", *arguments, "--data-binary", "@-"]
    return " ".join(command).encode("latin-1").decode()


def is_chunked(headers: Sequence[Sequence[str]]) -> bool:
    """Say whether the body is framed in chunks."""
    return any(name.lower() == "transfer-encoding" for name, _ in headers)


def is_loopback(url: str) -> bool:
    """Say whether a URL leads to this machine, where a proxy of the environment cannot follow."""
    try:
        host = parse_url("/".join(url.split("/", 3)[:3])).host
    except InputError:
        return False
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def shell_quote(text: str) -> str:
    """Return the text as one word of a shell."""
    if _UNQUOTED_SAFE.fullmatch(text):
        return text
    return "'" + text.replace("'", "'\"'\"'") + "'"


def signed_header_word(header: str, body: bytes) -> str:
    """Return a word: the name of the signature's header, and the signature of this moment."""
    return f'"{header}$({printf_command(body)} | pivotal-sandbox sign)"'


def printf_command(data: bytes) -> str:
    """Return the command that prints the bytes, whatever they are and however many."""
    escaped = _PRINTF_SPECIAL.sub(lambda match: f"\\{ord(match[0]):03o}", data.decode("latin-1"))
    return f"printf '{escaped}'"


def _shell_word(text: str) -> str:
    """Return what the shell reads as `text`, be it fit to be shown or not."""
    return (
        shell_quote(text)
        if _is_printable(text)
        else f'"$({printf_command(text.encode("latin-1"))})"'
    )


def _is_printable(text: str) -> bool:
    """Say whether a terminal shows the bytes, and a shell can pass them on."""
    try:
        shown = text.encode("latin-1").decode()
    except UnicodeDecodeError:
        return False
    return printable(shown) == shown
