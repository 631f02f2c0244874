"""Forward a captured request as received: method, path below the bin, headers and bytes."""

import re
from ipaddress import ip_address
from typing import Protocol
from urllib.parse import quote, unquote

from msgspec.structs import replace

from pivotal_sandbox.common.urls import parse_url
from pivotal_sandbox.domain.models import Capture, Headers, Outcome, Request, Response
from pivotal_sandbox.domain.retry_policy import RESPONSE_KEPT
from pivotal_sandbox.errors import InputError


class Forwarder(Protocol):
    """What sends a forwarded request."""

    async def send(self, request: Request) -> Outcome:
        """Send `request` and return how that ended."""
        ...


# They describe one connection (RFC 9110, section 7.6.1), and ours to the target is another one.
_HOP_BY_HOP = frozenset(
    {
        *("connection", "proxy-connection", "keep-alive", "te", "trailer", "transfer-encoding"),
        *("upgrade", "proxy-authenticate", "proxy-authorization", "content-length", "expect"),
    }
)

_CHARACTERS = re.compile("%[0-9A-Fa-f]{2}|.", re.DOTALL)
_UNQUOTED = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) != "#")


def check_forward_url(url: str) -> None:
    """Raise `InputError` for a URL that requests cannot be forwarded to."""
    parse_url(url)
    if "#" in url:
        raise InputError(
            f"The URL {url[:200]!r} has a fragment, which is never sent to a server. "
            "Leave out '#' and what follows it.",
            pointer="/forward_to",
        )


def build_forwarded_request(capture: Capture, target: str) -> Request:
    """Return the request to `target` for `capture`.

    The path below the bin is appended to the path of `target`, and the query to its query.
    """
    url = parse_url(target)
    path, _, query = url.target.partition("?")
    if path_below := _quote(_path_below_bin(capture)):
        path = path.rstrip("/") + path_below
    queries = [query, _quote(capture.query)]
    if any(queries):
        path += "?" + "&".join(filter(None, queries))
    headers = [
        (name, value)
        for name, value in drop_hop_by_hop_headers(capture.headers)
        if name.lower() != "host"
    ]
    headers.insert(0, ("host", url.authority))
    if capture.body or capture.method not in ("GET", "HEAD"):
        headers.append(("content-length", str(len(capture.body))))
    forward_url = f"{url.scheme}://{url.authority}{path}"
    return Request(capture.method, forward_url, tuple(headers), capture.body)


def _path_below_bin(capture: Capture) -> str:
    """Return the path after `/in/{bin}`, which may be percent-encoded in part."""
    characters = _CHARACTERS.findall(capture.path)
    return "".join(characters[len(f"/in/{capture.bin}") :])


def _quote(text: str) -> str:
    """Return a captured path or query with the bytes encoded that a URL cannot hold."""
    return quote(text.encode("latin-1"), safe=_UNQUOTED)


def find_bin_name(url: str, address: str) -> str | None:
    """Return the name of the bin that `url` leads to, or None if that is not below `address`."""
    target, own = parse_url(url), parse_url(address)
    is_own_host = target.host == own.host or (_is_loopback(target.host) and _is_loopback(own.host))
    if not is_own_host or (target.scheme, target.port) != (own.scheme, own.port):
        return None
    path = unquote(target.target.partition("?")[0])
    if not path.startswith(own.target):
        return None
    return path.removeprefix(own.target).partition("/")[0]


def build_response(outcome: Outcome, url: str, method: str) -> Response:
    """Return the response to the sender: the target's, or a 502 that says why there is none."""
    if outcome.response is None:
        sentence = f"{url} did not answer: {outcome.detail or outcome.error}"
        return Response(502, (("content-type", "text/plain; charset=utf-8"),), sentence.encode())
    response = outcome.response
    status = response.status_code
    if not 200 <= status < 600:
        sentence = f"{url} answered with the status {status}, which HTTP does not define."
        return Response(502, (("content-type", "text/plain; charset=utf-8"),), sentence.encode())
    headers = drop_hop_by_hop_headers(response.headers)
    if method == "HEAD":  # the length of the body that a GET would return
        headers += tuple(h for h in response.headers if h[0].lower() == "content-length")[:1]
    return Response(status, headers, response.body)


def truncate_for_log(outcome: Outcome) -> Outcome:
    """Return the outcome with its body cut to what the log stores."""
    response = outcome.response
    if response is None or len(response.body) <= RESPONSE_KEPT:
        return outcome
    truncated = replace(response, body=response.body[:RESPONSE_KEPT], truncated=True)
    return replace(outcome, response=truncated)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.rstrip(".") == "localhost" or host.rstrip(".").endswith(".localhost")


def drop_hop_by_hop_headers(headers: Headers) -> Headers:
    """Return the headers without those that describe one connection only."""
    named = {
        name.strip().lower()
        for header, value in headers
        if header.lower() == "connection"
        for name in value.split(",")
    }
    dropped = _HOP_BY_HOP | named
    return tuple((name, value) for name, value in headers if name.lower() not in dropped)
