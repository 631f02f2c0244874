"""Who may call the API: a layer before it, which refuses strangers and says why.

The capture receiver is open to everybody: whoever sends webhooks is a stranger.
"""

import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass, field
from hmac import compare_digest
from http import HTTPStatus
from ipaddress import ip_address
from typing import Any
from urllib.parse import parse_qs

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import Response

from pivotal_sandbox.receiver.capture import PREFIX
from pivotal_sandbox.web.problem_details import problem

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

BODY_MOST = 10 * 1024 * 1024  # bytes
HEALTH = "/healthz"
STREAM = "/api/stream"
TOKEN = "pivotal.token"
"""Under this key of a page's scope is the token that its links have to carry."""

_READING = ("GET", "HEAD", "OPTIONS")
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^\[\]:]+)(?::[0-9]{0,5})?\Z", re.I | re.A)
_TOO_LARGE = f"A request to the API has a body of at most {BODY_MOST} bytes."
_HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
# A page that a bin's target answered with must not act in the name of the sandbox.
_CAPTURED = {"content-security-policy": "sandbox", "x-content-type-options": "nosniff"}


def is_loopback(address: str) -> bool:
    """Say whether no other machine reaches this one by that address."""
    return ip_address(address).is_loopback


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not let in."""

    status: HTTPStatus
    detail: str

    def response(self) -> Response:
        """Return the problem to answer with."""
        response = problem(self.status, self.status.phrase, self.detail)
        if self.status == HTTPStatus.UNAUTHORIZED:
            response.headers["www-authenticate"] = "Bearer"
        return response


@dataclass(frozen=True, slots=True)
class Access:
    """Whom the API answers: by what it is called, from which pages, and with which token.

    A page of somebody else can make its own name lead here (DNS rebinding), but not an address:
    `names` are the names to answer to besides localhost, and `anywhere` says whether addresses
    beyond loopback are this sandbox's too.
    """

    names: frozenset[str] = frozenset()
    anywhere: bool = False
    token: str | None = field(default=None, repr=False)

    @classmethod
    def bound_to(cls, address: str, names: Iterable[str], token: str | None) -> "Access":
        """Return the access of a server that is bound to `address`; `names` lead there."""
        known = frozenset(name.lower().rstrip(".") for name in names)
        return cls(known, not is_loopback(address), token)

    def refusal(self, scope: Scope) -> Refusal | None:
        """Return why the request is refused, or None where it is let in."""
        host = _only(scope, b"host")
        if host is None or not self._is_ours(host):
            return Refusal(
                HTTPStatus.MISDIRECTED_REQUEST,
                f"This sandbox is not called {host:.80}: call it by its address, or by localhost."
                if host
                else "The request names no host, or two: send one Host header.",
            )
        if scope["method"] not in _READING and _is_foreign(scope, host):
            return Refusal(
                HTTPStatus.FORBIDDEN,
                "A web page from elsewhere cannot change this sandbox: its Origin is another.",
            )
        if self.token and scope["path"] != HEALTH and not self._knows_token(scope):
            return Refusal(
                HTTPStatus.UNAUTHORIZED,
                "This sandbox asks for its token, which `up` printed: send it as "
                '"authorization: Bearer TOKEN", or set PIVOTAL_SANDBOX_TOKEN for the commands.',
            )
        return None

    def _is_ours(self, host: str) -> bool:
        match = _HOST.match(host)
        if match is None:
            return False
        name = match[1].lower().rstrip(".")
        try:
            address = ip_address(name.strip("[]"))
        except ValueError:
            return name == "localhost" or name in self.names
        return self.anywhere or address.is_loopback

    def _knows_token(self, scope: Scope) -> bool:
        assert self.token is not None
        expected = self.token.encode()
        scheme, _, given = (_only(scope, b"authorization") or "").partition(" ")
        if scheme.lower() == "bearer" and compare_digest(given.strip().encode(), expected):
            return True
        return _is_link(scope) and any(
            compare_digest(given.encode(), expected)
            for given in parse_qs(scope["query_string"].decode("latin-1")).get("token", ())
        )


def guarded(app: Application, access: Access) -> Application:
    """Return `app` behind `access`, with the limits and headers that every answer gets."""

    async def gate(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"].startswith(PREFIX):
            is_page = b"text/html" in (_value(scope, b"accept") or b"")
            await app(scope, receive, _with_headers(send, _CAPTURED) if is_page else send)
            return
        send = _with_headers(send, _HEADERS)
        refusal = access.refusal(scope) or _too_large(scope)
        if refusal:
            await refusal.response()(scope, receive, send)
        else:
            await app(_for_pages(_without_token(scope), access.token), _limited(receive), send)

    return gate


def _is_foreign(scope: Scope, host: str) -> bool:
    origins = [value for name, value in scope["headers"] if name == b"origin"]
    own = host.lower()
    if any(origin.decode("latin-1").lower().partition("://")[2] != own for origin in origins):
        return True
    return (_value(scope, b"sec-fetch-site") or b"none") not in (b"same-origin", b"none")


def _is_link(scope: Scope) -> bool:
    """Say whether a browser asks in a way that cannot carry headers: a link, or an EventSource."""
    path = scope["path"]
    return scope["method"] in ("GET", "HEAD") and (path == STREAM or not path.startswith("/api/"))


def _without_token(scope: Scope) -> Scope:
    if not _is_link(scope) or b"token=" not in scope["query_string"]:
        return scope
    pairs = scope["query_string"].split(b"&")
    kept = b"&".join(pair for pair in pairs if not pair.startswith(b"token="))
    return {**scope, "query_string": kept}


def _for_pages(scope: Scope, token: str | None) -> Scope:
    """Tell the pages, whose links have to carry it, the token that let the request in."""
    is_page = token is not None and not scope["path"].startswith("/api/")
    return {**scope, TOKEN: token} if is_page else scope


def _too_large(scope: Scope) -> Refusal | None:
    length = _value(scope, b"content-length") or b"0"
    if length.isdigit() and int(length[:20]) > BODY_MOST:
        return Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _TOO_LARGE)
    return None


def _limited(receive: Receive) -> Receive:
    size = 0

    async def limited() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > BODY_MOST:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _TOO_LARGE)
        return message

    return limited


def _with_headers(send: Send, more: dict[str, str]) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=list(message["headers"]))
            for name, value in more.items():
                headers.setdefault(name, value)
            message = {**message, "headers": headers.raw}
        await send(message)

    return sending


def _value(scope: Scope, name: bytes) -> bytes | None:
    for its, value in scope["headers"]:  # a generator would take three times as long
        if its == name:
            found: bytes = value
            return found
    return None


def _only(scope: Scope, name: bytes) -> str | None:
    """Return the header's value; None where there is none, or more than one."""
    values = [value for its, value in scope["headers"] if its == name]
    return values[0].decode("latin-1") if len(values) == 1 else None
