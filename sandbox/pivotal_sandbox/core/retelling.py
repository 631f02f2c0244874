"""Requests as a scenario, which sends them again with the gaps that were between them."""

import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pivotal_sandbox.core.duration import format_duration
from pivotal_sandbox.core.instant import rfc3339
from pivotal_sandbox.core.sent import Sent
from pivotal_sandbox.core.url import parse_url
from pivotal_sandbox.errors import InputError

# What TOML wants escaped, and what would turn the text around on a screen.
_ESCAPED = re.compile("[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
_METHOD = re.compile("[A-Za-z]+")
_HEADER = re.compile(r"[A-Za-z0-9_-]+")
# A scenario sets these as target and body need them.
_OF_THE_WIRE = ("content-length", "host", "connection", "keep-alive", "transfer-encoding")


@dataclass(frozen=True, slots=True)
class Place:
    """An endpoint of the story: a bin of the sandbox, or a URL."""

    name: str
    bin: str | None
    url: str


def retelling(sent: Sequence[Sent], *, re_sign: bool = False) -> str:
    """Return the file, as docs/scenarios.md describes it.

    Captures go to bins of the same names, which answer as they did; deliveries to their URLs. What
    a scenario cannot send is left out, with a comment that says why.
    """
    places = _places(sent)
    lines = [
        f'title = "What was sent, {len(sent)} in all, once more"',
        f"start = {_quoted(rfc3339(sent[0].at))}",
    ]
    for place in places.values():
        its = [one for one in sent if places[_address(one)] is place and not _unsayable(one)]
        lines += ["", f"[endpoints.{_quoted(place.name)}]"]
        if place.bin is None:
            lines.append(f"url = {_quoted(place.url)}")
        else:
            # The first of them is for the ping.
            answers = [200, *(one.status or 200 for one in its)]
            lines += [f"bin = {_quoted(place.bin)}", f"behaviour = {answers}"]
    before = sent[0].at
    for one in sent:
        reason = _unsayable(one)
        if reason:
            lines += ["", f"# {one.id} is left out: a scenario cannot send {reason}."]
            continue
        if one.at > before:
            lines += ["", "[[steps]]", f"advance = {_quoted(format_duration(one.at - before))}"]
            before = one.at
        lines += ["", "[[steps]]", f"say = {_quoted(_said(one.title))}"]
        lines += _send(one, places[_address(one)], re_sign=re_sign and one.signed)
        if one.status is not None:
            lines += ["", "[[steps]]"]
            lines.append(f"expect_answer = {{ of = {_quoted(one.id)}, code = {one.status} }}")
    return "\n".join(lines) + "\n"


def _send(sent: Sent, place: Place, *, re_sign: bool) -> list[str]:
    request = sent.request
    lines = [
        "[steps.send]",
        f"to = {_quoted(place.name)}",
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
            lines.append(f"body = {_quoted(request.body.decode())}")
        except UnicodeDecodeError:
            lines.append(f'body_base64 = "{base64.b64encode(request.body).decode()}"')
    return lines


def _places(sent: Sequence[Sent]) -> Mapping[str, Place]:
    places: dict[str, Place] = {}
    urls = 0
    for one in sent:
        address = _address(one)
        if address in places:
            continue
        if one.bin is None:
            urls += 1
            name = "app" if urls == 1 else f"app{urls}"
            places[address] = Place(f"{name}", None, one.request.url)
        else:
            places[address] = Place(f"bin-{one.bin}"[:64], one.bin, "")
    return places


def _address(sent: Sent) -> str:
    return sent.request.url if sent.bin is None else f"bin {sent.bin}"


def _unsayable(sent: Sent) -> str:
    """Return what of a request a scenario would refuse, or send otherwise; or nothing."""
    if not _METHOD.fullmatch(sent.request.method):
        return "such a method"
    if sent.below:
        if sent.below[0] not in "/?":
            return "such a path"
        try:
            if parse_url(f"http://localhost{sent.below}").target not in (
                sent.below,
                f"/{sent.below}",
            ):
                return "such a path"
        except InputError:
            return "such a path"
    if not all(_HEADER.fullmatch(name) for name, _ in sent.request.headers):
        return "such a name of a header"
    return ""


def _said(title: str) -> str:
    """Return a title that has something to read in it."""
    return title.strip()[:200] or "A request."


def _quoted(text: str) -> str:
    """Return a text as a string of TOML."""
    plain = json.dumps(text, ensure_ascii=False)
    return _ESCAPED.sub(lambda match: f"\\U{ord(match[0]):08x}", plain)
