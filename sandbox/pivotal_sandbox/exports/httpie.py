"""Requests as a script for a POSIX shell, which makes HTTPie send the same bytes."""

import re
from collections.abc import Sequence

from pivotal_sandbox.common.headers import SIGNATURE_HEADER
from pivotal_sandbox.common.text import printable
from pivotal_sandbox.exports.curl import curl_of, printf, quoted, script, signed
from pivotal_sandbox.exports.exchange import ExportedRequest

# Without this it would send credentials of ~/.netrc, and tidy up the path.
_OPTIONS = ("--ignore-netrc", "--path-as-is")
# What HTTPie adds of its own unless it is told not to.
_OWN = ("accept", "accept-encoding", "connection", "content-type", "user-agent")
_OF_THE_BODY = "content-length"  # which HTTPie writes itself
_NO_BODY = ("GET", "HEAD")  # for others it announces a body of 0

_METHOD = re.compile(r"[A-Z]+")
_PART = r"(?:[\w./~=&:+,@-]|%[0-9A-F]{2})"
_URL = re.compile(rf"https?://[\w.:\[\]-]+{_PART}*(?:\?{_PART}+)?", re.ASCII)
_NAME = re.compile(r"[\w.-]+", re.ASCII)


def httpie_script(sent: Sequence[ExportedRequest], *, re_sign: bool = False) -> str:
    """Return a script that sends all of it again; with `re_sign` signed when it is sent."""
    return script(sent, httpie_of, re_sign=re_sign)


def httpie_of(sent: ExportedRequest, re_sign: bool = False) -> str:
    """Return the command for what was sent: of curl's, with the reason, where HTTPie cannot."""
    reason = _unsayable(sent)
    if reason:
        return f"# By curl, as HTTPie cannot send {reason}.\n{curl_of(sent, re_sign)}"
    request = sent.request
    words = ["http", *_OPTIONS]
    if not request.body:
        words.append("--ignore-stdin")
    words += [request.method, quoted(request.url)]
    for name, value in request.headers:
        if name.lower() == _OF_THE_BODY:
            continue
        if re_sign and sent.signed and name.lower() == SIGNATURE_HEADER:
            words.append(signed(f"{name}:", request.body))
        else:
            words.append(quoted(f"{name}:{_text(value)}" if value else f"{name};"))
    given = {name.lower() for name, _ in request.headers}
    words += [f"{name}:" for name in _OWN if name not in given]
    command = " ".join(words)
    return f"{printf(request.body)} | {command}" if request.body else command


def _unsayable(sent: ExportedRequest) -> str:
    """Return what of a request HTTPie would not send as it was, or nothing."""
    request = sent.request
    given = {name.lower() for name, _ in request.headers}
    if not _METHOD.fullmatch(request.method):
        return "such a method"
    if not _URL.fullmatch(request.url):
        return "such a path"
    if "transfer-encoding" in given:
        return "a body in chunks as it was"
    if (_OF_THE_BODY in given) != bool(request.body or request.method not in _NO_BODY):
        return "the framing of its body"
    for name, value in request.headers:
        # Every other mark in a name, and these in a value, are part of HTTPie's own language.
        if not _NAME.fullmatch(name):
            return "such a name of a header"
        try:
            text = _text(value)
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


def _text(value: str) -> str:
    """Return a header's value, which the shell passes on as UTF-8."""
    return value.encode("latin-1").decode()
