"""Requests as a scenario, which sends them again with the gaps that were between them."""

import base64
import json
import re
from collections.abc import Mapping, Sequence

from pivotal_sandbox.common.durations import format_duration
from pivotal_sandbox.common.headers import METHOD_PATTERN, NAME_PATTERN
from pivotal_sandbox.common.timestamps import rfc3339
from pivotal_sandbox.common.urls import parse_url
from pivotal_sandbox.errors import InputError
from pivotal_sandbox.exports.exchange import ExportedRequest

# What TOML wants escaped, and what would turn the text around on a screen.
_ESCAPED = re.compile("[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
_TITLE = 200  # characters of it that are read out
# A scenario sets these as target and body need them.
_OF_THE_WIRE = ("content-length", "host", "connection", "keep-alive", "transfer-encoding")


def retelling(sent: Sequence[ExportedRequest], *, re_sign: bool = False) -> str:
    """Return the file, as docs/scenarios.md describes it.

    Captures go to bins of the same names, which answer as they did; deliveries to their URLs. What
    a scenario cannot send is left out, and the story says so.
    """
    lines = [
        f'title = "What was sent, {len(sent)} in all, once more"',
        f"start = {_quoted(rfc3339(sent[0].at))}",
    ]
    names = _endpoints(sent)
    for address, name in names.items():
        its = [
            request for request in sent if _address(request) == address and not _unsayable(request)
        ]
        lines += ["", f"[endpoints.{name}]"]
        if its and its[0].bin is None:
            lines.append(f"url = {_quoted(its[0].request.url)}")
        else:
            answers = [
                200,
                *(request.status or 200 for request in its),
            ]  # the first is for the ping
            while answers[-2:] == answers[-1:] * 2:
                answers.pop()  # the last one repeats
            lines.append(f"behaviour = {answers}")
    before = sent[0].at
    for request in sent:
        if request.at > before:
            lines += ["", "[[steps]]", f"advance = {_quoted(format_duration(request.at - before))}"]
            before = request.at
        lines += ["", "[[steps]]"]
        reason = _unsayable(request)
        if reason:
            lines.append(f'say = "{request.id} is left out: a scenario cannot send {reason}."')
            continue
        lines.append(f"say = {_quoted(request.title[:_TITLE])}")
        lines += _send(request, names[_address(request)], re_sign=re_sign and request.signed)
        if request.status is not None:
            lines += ["", "[[steps]]"]
            lines.append(
                f"expect_answer = {{ of = {_quoted(request.id)}, code = {request.status} }}"
            )
    return "\n".join(lines) + "\n"


def _send(sent: ExportedRequest, endpoint: str, *, re_sign: bool) -> list[str]:
    request = sent.request
    lines = [
        "[steps.send]",
        f"to = {_quoted(endpoint)}",
        f"as = {_quoted(sent.id)}",
    ]
    if request.method != "POST":
        lines.append(f"method = {_quoted(request.method)}")
    if sent.below:
        lines.append(f"path = {_quoted(sent.below)}")
    if re_sign:
        lines.append("sign = true")
    lines.append("headers = [")
    for name, value in request.headers:
        if name.lower() not in _OF_THE_WIRE:
            lines.append(f"    [{_quoted(name)}, {_quoted(value)}],")
    lines.append("]")
    if request.body:
        try:
            lines.append(f"body = {_verbatim(request.body.decode())}")
        except UnicodeDecodeError:
            lines.append(f'body_base64 = "{base64.b64encode(request.body).decode()}"')
    return lines


def _endpoints(sent: Sequence[ExportedRequest]) -> Mapping[str, str]:
    """Return the names of the endpoints by address: of a bin its own."""
    names: dict[str, str] = {}
    for request in sent:
        number = len(names) + 1
        other = "app" if number == 1 else f"app{number}"
        names.setdefault(_address(request), request.bin or other)
    return names


def _address(sent: ExportedRequest) -> str:
    return sent.bin or sent.request.url


def _unsayable(sent: ExportedRequest) -> str:
    """Return what of a request a scenario would refuse, or send otherwise; or nothing."""
    if not METHOD_PATTERN.fullmatch(sent.request.method):
        return "such a method"
    if sent.below and not _is_plain(sent.below):
        return "such a path"
    if not all(NAME_PATTERN.fullmatch(name) for name, _ in sent.request.headers):
        return "such a name of a header"
    return ""


def _is_plain(below: str) -> bool:
    """Say whether a URL that ends so asks for nothing else."""
    try:
        return parse_url(f"http://x{below}").target == "/" * (below[0] == "?") + below
    except InputError:
        return False


def _verbatim(text: str) -> str:
    """Return a text as a string of TOML: JSON is better read without its quotes escaped."""
    escaped = "'" in text or not text.isprintable() or _ESCAPED.search(text)
    return _quoted(text) if escaped else f"'{text}'"


def _quoted(text: str) -> str:
    """Return a text as a string of TOML."""
    plain = json.dumps(text, ensure_ascii=False)
    return _ESCAPED.sub(lambda match: f"\\U{ord(match[0]):08x}", plain)
