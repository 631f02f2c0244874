"""Requests as a script for a POSIX shell, which makes HTTPie send the same bytes."""

import re
from collections.abc import Sequence
from functools import partial

from pivotal_sandbox.common.headers import SIGNATURE_HEADER
from pivotal_sandbox.common.text import printable
from pivotal_sandbox.exports.curl import (
    TIMEOUT_S,
    curl_request_command,
    is_loopback,
    printf_command,
    script,
    shell_quote,
    signed_header_word,
)
from pivotal_sandbox.exports.exchange import ExportedRequest

# Without this it would send credentials of ~/.netrc, and tidy up the path.
_HTTPIE_OPTIONS = ("--ignore-netrc", "--path-as-is")
# What HTTPie adds of its own unless it is told not to.
_HTTPIE_DEFAULT_HEADERS = ("accept", "accept-encoding", "connection", "content-type", "user-agent")
_LENGTH_HEADER = "content-length"  # which HTTPie writes itself
_NO_BODY = ("GET", "HEAD")  # for others it announces a body of 0

_METHOD = re.compile(r"[A-Z]+")
_PART = r"(?:[\w./~=&:+,@-]|%[0-9A-F]{2})"
_URL = re.compile(rf"https?://[\w.:\[\]-]+{_PART}*(?:\?{_PART}+)?", re.ASCII)
_NAME = re.compile(r"[\w.-]+", re.ASCII)


def httpie_script(requests: Sequence[ExportedRequest], *, re_sign: bool = False) -> str:
    """Return a script that sends all of it again; with `re_sign` signed when it is sent."""
    return script(requests, partial(httpie_command, must_succeed=True), re_sign=re_sign)


def httpie_command(
    exported: ExportedRequest, re_sign: bool = False, *, must_succeed: bool = False
) -> str:
    """Return the command that sends the request again.

    Where HTTPie cannot, it is curl's command below a comment with the reason. With `must_succeed`,
    it fails on a 4xx or 5xx where a correct receiver accepts the request.
    """
    reason = _unsupported_part(exported)
    if reason:
        command = curl_request_command(exported, re_sign, must_succeed=must_succeed)
        return f"# By curl, as HTTPie cannot send {reason}.\n{command}"
    request = exported.request
    arguments = ["http", *_HTTPIE_OPTIONS]
    if not request.body:
        arguments.append("--ignore-stdin")
    arguments += [request.method, shell_quote(request.url)]
    for name, value in request.headers:
        if name.lower() == _LENGTH_HEADER:
            continue
        if re_sign and exported.signed and name.lower() == SIGNATURE_HEADER:
            arguments.append(signed_header_word(f"{name}:", request.body))
        else:
            arguments.append(
                shell_quote(f"{name}:{_decode_header(value)}" if value else f"{name};")
            )
    sent_names = {name.lower() for name, _ in request.headers}
    arguments += [f"{name}:" for name in _HTTPIE_DEFAULT_HEADERS if name not in sent_names]
    arguments.append(f"--timeout={TIMEOUT_S}")
    if is_loopback(request.url):
        arguments.append(f"--proxy={request.url.partition(':')[0]}:")  # no proxy for this scheme
    if must_succeed and exported.accepted is True:
        arguments.append("--check-status")
    command = " ".join(arguments)
    return f"{printf_command(request.body)} | {command}" if request.body else command


def _unsupported_part(exported: ExportedRequest) -> str:
    """Return what of a request HTTPie would not send as it was, or nothing."""
    request = exported.request
    sent_names = {name.lower() for name, _ in request.headers}
    if not _METHOD.fullmatch(request.method):
        return "such a method"
    if not _URL.fullmatch(request.url):
        return "such a path"
    if "transfer-encoding" in sent_names:
        return "a body in chunks as it was"
    if (_LENGTH_HEADER in sent_names) != bool(request.body or request.method not in _NO_BODY):
        return "the framing of its body"
    for name, value in request.headers:
        # Every other mark in a name, and these in a value, are part of HTTPie's own language.
        if not _NAME.fullmatch(name):
            return "such a name of a header"
        try:
            text = _decode_header(value)
        except UnicodeDecodeError:
            return "a header that is no UTF-8"
        if (
            "\\" in text
            or text[:1] in ("=", "@")
            or text != text.strip()
            or printable(text) != text
        ):
            return "such a value of a header"
    return ""


def _decode_header(value: str) -> str:
    """Return a header's value, which the shell passes on as UTF-8."""
    return value.encode("latin-1").decode()
