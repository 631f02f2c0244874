"""Forward a captured request as received: method, path below the bin, headers and bytes."""

import re
from ipaddress import ip_address
from typing import Protocol

from msgspec.structs import replace

from pivotal_sandbox.common.urls import parse_url
from pivotal_sandbox.domain.models import Capture, Headers, Outcome, Request, Response
from pivotal_sandbox.domain.retry_policy import RESPONSE_KEPT


class Forwarder(Protocol):
    """What sends a forwarded request."""

    async def send(self, request: Request) -> Outcome:
        """Send `request` and return how that ended."""
        ...


# They describe one connection (RFC 9110, section 7.6.1), and ours to the target is another one.
_HOP_BY_HOP = frozenset(
    {
        *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization"),
        *("te", "trailer", "transfer-encoding", "upgrade", "content-length", "expect"),
    }
)


def build_forwarded_request(capture: Capture, target: str) -> Request:
    """Return the request to `target` for `capture`; a path below the bin goes below the target."""
    path_below = capture.path.removeprefix(f"/in/{capture.bin}")
    url = target.rstrip("/") + path_below if path_below else target
    if capture.query:
        url += ("&" if "?" in url else "?") + capture.query
    headers = [
        ("host", parse_url(url).authority) if name.lower() == "host" else (name, value)
        for name, value in drop_hop_by_hop_headers(capture.headers)
    ]
    if capture.body or capture.method not in ("GET", "HEAD"):
        headers.append(("content-length", str(len(capture.body))))
    return Request(capture.method, url, tuple(headers), capture.body)


def find_bin_name(url: str, address: str) -> str | None:
    """Return the name of the bin that `url` leads to, or None if that is not below `address`."""
    target, own = parse_url(url), parse_url(address)
    is_own_host = target.host == own.host or (_is_loopback(target.host) and _is_loopback(own.host))
    if not is_own_host or (target.scheme, target.port) != (own.scheme, own.port):
        return None
    if not target.target.startswith(own.target):
        return None
    return re.split("[/?]", target.target.removeprefix(own.target), maxsplit=1)[0]


def build_response(outcome: Outcome, url: str) -> Response:
    """Return the response to the sender: the target's, or a 502 that says why there is none."""
    if outcome.response is None:
        sentence = f"{url} did not answer: {outcome.detail or outcome.error}"
        return Response(502, (("content-type", "text/plain; charset=utf-8"),), sentence.encode())
    response = outcome.response
    return Response(response.status_code, drop_hop_by_hop_headers(response.headers), response.body)


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
        return host == "localhost"


def drop_hop_by_hop_headers(headers: Headers) -> Headers:
    """Return the headers without those that describe one connection only."""
    return tuple((name, value) for name, value in headers if name.lower() not in _HOP_BY_HOP)
