"""A captured request, passed on as it came: the same method, path below, headers and bytes."""

from collections.abc import Awaitable, Callable

from msgspec.structs import replace

from pivotal_sandbox.core.model import Capture, Headers, Outcome, Request, Response
from pivotal_sandbox.core.policy import RESPONSE_KEPT
from pivotal_sandbox.core.url import parse_url

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


def end_to_end(headers: Headers) -> Headers:
    """Return the headers without those that speak of one connection only."""
    return tuple((name, value) for name, value in headers if name.lower() not in _HOP_BY_HOP)
