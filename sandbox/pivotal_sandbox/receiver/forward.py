"""A captured request, passed on as it came: the same method, path below, headers and bytes."""

import re
from collections.abc import Awaitable, Callable
from ipaddress import ip_address

from msgspec.structs import replace

from pivotal_sandbox.common.urls import parse_url
from pivotal_sandbox.domain.models import Capture, Headers, Outcome, Request, Response
from pivotal_sandbox.domain.retry_policy import RESPONSE_KEPT

Forward = Callable[[Request], Awaitable[Outcome]]

# They speak of one connection (RFC 9110, 7.6.1), and ours to the target is another one.
_HOP_BY_HOP = frozenset(
    {
        *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization"),
        *("te", "trailer", "transfer-encoding", "upgrade", "content-length", "expect"),
    }
)


def forwarded_request(capture: Capture, target: str) -> Request:
    """Return the request to send to `target` for `capture`: what is below the bin, below it."""
    below = capture.path.removeprefix(f"/in/{capture.bin}")
    url = target.rstrip("/") + below if below else target
    if capture.query:
        url += ("&" if "?" in url else "?") + capture.query
    headers = [
        ("host", parse_url(url).authority) if name.lower() == "host" else (name, value)
        for name, value in end_to_end(capture.headers)
    ]
    if capture.body or capture.method not in ("GET", "HEAD"):
        headers.append(("content-length", str(len(capture.body))))
    return Request(capture.method, url, tuple(headers), capture.body)


def bin_at(url: str, address: str) -> str | None:
    """Return the bin that `url` leads to, if those at `address` ("http://…/in/") have it."""
    to, own = parse_url(url), parse_url(address)
    is_own = to.host == own.host or (_is_loopback(to.host) and _is_loopback(own.host))
    if not is_own or (to.scheme, to.port) != (own.scheme, own.port):
        return None
    if not to.target.startswith(own.target):
        return None
    return re.split("[/?]", to.target.removeprefix(own.target), maxsplit=1)[0]


def answer_of(outcome: Outcome, url: str) -> Response:
    """Return what to answer the sender: what the target answered, or a 502 that says why not."""
    if outcome.response is None:
        sentence = f"{url} did not answer: {outcome.detail or outcome.error}"
        return Response(502, (("content-type", "text/plain; charset=utf-8"),), sentence.encode())
    response = outcome.response
    return Response(response.status_code, end_to_end(response.headers), response.body)


def for_the_log(outcome: Outcome) -> Outcome:
    """Return the outcome with as much of the body as the log keeps."""
    response = outcome.response
    if response is None or len(response.body) <= RESPONSE_KEPT:
        return outcome
    cut = replace(response, body=response.body[:RESPONSE_KEPT], truncated=True)
    return replace(outcome, response=cut)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def end_to_end(headers: Headers) -> Headers:
    """Return the headers without those that speak of one connection only."""
    return tuple((name, value) for name, value in headers if name.lower() not in _HOP_BY_HOP)
