"""The request that a `send` step gives."""

from collections.abc import Sequence

from pivotal_sandbox.core.deed import Send
from pivotal_sandbox.core.model import Request
from pivotal_sandbox.core.plan import plan
from pivotal_sandbox.core.signature import sign_all
from pivotal_sandbox.core.url import parse_url
from pivotal_sandbox.core.verdict import HEADER
from pivotal_sandbox.receive.forward import end_to_end


def given_request(
    send: Send, *, url: str, secrets: Sequence[str], timestamp: int, delivery_id: str
) -> Request:
    """Return the request to put on the wire: the bytes that are given, to the endpoint's URL.

    `timestamp` (Unix seconds) and `delivery_id` are for what is signed here. Raises `InputError`.
    """
    target, body = url + send.path, send.content()
    if send.headers is None:
        planned = plan(
            delivery_id,
            send.type or "",
            body,
            url=target,
            secrets=secrets,
            timestamp=timestamp,
        )
        return Request(send.method, target, planned.headers, body)
    headers = list(end_to_end(send.headers))
    if send.signs:
        _replace(headers, HEADER, sign_all(body, secrets, timestamp=timestamp))
    _replace(headers, "host", parse_url(target).authority)
    if body or send.method not in ("GET", "HEAD"):
        headers.append(("content-length", str(len(body))))
    return Request(send.method, target, tuple(headers), body)


def _replace(headers: list[tuple[str, str]], name: str, value: str) -> None:
    """Give the one header of that name the value; others of it are dropped."""
    places = [index for index, one in enumerate(headers) if one[0].lower() == name]
    for index in reversed(places[1:]):
        del headers[index]
    if places:
        headers[places[0]] = (headers[places[0]][0], value)
    else:
        headers.insert(0 if name == "host" else len(headers), (name, value))
