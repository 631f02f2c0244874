"""Requests as a scenario, which sends them again with the gaps that were between them."""

import base64
import json
import re
from collections.abc import Mapping, Sequence

from pivotal_sandbox.common.durations import format_duration
from pivotal_sandbox.common.headers import METHOD_PATTERN, NAME_PATTERN
from pivotal_sandbox.common.timestamps import format_rfc3339
from pivotal_sandbox.common.urls import parse_url
from pivotal_sandbox.errors import InputError
from pivotal_sandbox.exports.exchange import ExportedRequest

# What TOML wants escaped, and what would turn the text around on a screen.
_ESCAPED_CHARACTERS = re.compile("[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
_MAX_TITLE_LENGTH = 200  # characters of it that are read out
# A scenario sets these as target and body need them.
_CONNECTION_HEADERS = ("content-length", "host", "connection", "keep-alive", "transfer-encoding")


def scenario_file(requests: Sequence[ExportedRequest], *, re_sign: bool = False) -> str:
    """Return the file, as docs/scenarios.md describes it.

    Captures go to bins of the same names, which answer as they did; deliveries to their URLs. What
    a scenario cannot send is left out, and the story says so.
    """
    lines = [
        f'title = "What was sent, {len(requests)} in all, once more"',
        f"start = {_toml_string(format_rfc3339(requests[0].at))}",
    ]
    names = _endpoints(requests)
    for address, name in names.items():
        bin_requests = [
            request
            for request in requests
            if _address(request) == address and not _unsupported_part(request)
        ]
        lines += ["", f"[endpoints.{name}]"]
        if bin_requests and bin_requests[0].bin is None:
            lines.append(f"url = {_toml_string(bin_requests[0].request.url)}")
        else:
            statuses = [
                200,
                *(request.status or 200 for request in bin_requests),
            ]  # the first is for the ping
            while statuses[-2:] == statuses[-1:] * 2:
                statuses.pop()  # the last one repeats
            lines.append(f"behaviour = {statuses}")
    previous_at = requests[0].at
    for request in requests:
        if request.at > previous_at:
            lines += [
                "",
                "[[steps]]",
                f"advance = {_toml_string(format_duration(request.at - previous_at))}",
            ]
            previous_at = request.at
        lines += ["", "[[steps]]"]
        reason = _unsupported_part(request)
        if reason:
            lines.append(f'say = "{request.id} is left out: a scenario cannot send {reason}."')
            continue
        lines.append(f"say = {_toml_string(request.title[:_MAX_TITLE_LENGTH])}")
        lines += _send(request, names[_address(request)], re_sign=re_sign and request.signed)
        if request.status is not None:
            lines += ["", "[[steps]]"]
            lines.append(
                f"expect_answer = {{ of = {_toml_string(request.id)}, code = {request.status} }}"
            )
    return "\n".join(lines) + "\n"


def _send(exported: ExportedRequest, endpoint: str, *, re_sign: bool) -> list[str]:
    request = exported.request
    lines = [
        "[steps.send]",
        f"to = {_toml_string(endpoint)}",
        f"as = {_toml_string(exported.id)}",
    ]
    if request.method != "POST":
        lines.append(f"method = {_toml_string(request.method)}")
    if exported.below:
        lines.append(f"path = {_toml_string(exported.below)}")
    if re_sign:
        lines.append("sign = true")
    lines.append("headers = [")
    for name, value in request.headers:
        if name.lower() not in _CONNECTION_HEADERS:
            lines.append(f"    [{_toml_string(name)}, {_toml_string(value)}],")
    lines.append("]")
    if request.body:
        try:
            lines.append(f"body = {_toml_literal(request.body.decode())}")
        except UnicodeDecodeError:
            lines.append(f'body_base64 = "{base64.b64encode(request.body).decode()}"')
    return lines


def _endpoints(requests: Sequence[ExportedRequest]) -> Mapping[str, str]:
    """Return the names of the endpoints by address: of a bin its own."""
    names: dict[str, str] = {}
    for request in requests:
        number = len(names) + 1
        default_name = "app" if number == 1 else f"app{number}"
        names.setdefault(_address(request), request.bin or default_name)
    return names


def _address(exported: ExportedRequest) -> str:
    return exported.bin or exported.request.url


def _unsupported_part(exported: ExportedRequest) -> str:
    """Return what of a request a scenario would refuse, or send otherwise; or nothing."""
    if not METHOD_PATTERN.fullmatch(exported.request.method):
        return "such a method"
    if exported.below and not _is_plain(exported.below):
        return "such a path"
    if not all(NAME_PATTERN.fullmatch(name) for name, _ in exported.request.headers):
        return "such a name of a header"
    return ""


def _is_plain(below: str) -> bool:
    """Say whether a URL that ends so asks for nothing else."""
    try:
        return parse_url(f"http://x{below}").target == "/" * (below[0] == "?") + below
    except InputError:
        return False


def _toml_literal(text: str) -> str:
    """Return a text as a string of TOML: JSON is better read without its quotes escaped."""
    escaped = "'" in text or not text.isprintable() or _ESCAPED_CHARACTERS.search(text)
    return _toml_string(text) if escaped else f"'{text}'"


def _toml_string(text: str) -> str:
    """Return a text as a string of TOML."""
    plain = json.dumps(text, ensure_ascii=False)
    return _ESCAPED_CHARACTERS.sub(lambda match: f"\\U{ord(match[0]):08x}", plain)
