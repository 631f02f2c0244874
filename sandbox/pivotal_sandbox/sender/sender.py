"""Send each request by the transport that its URL needs."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING

from pivotal_sandbox.common.urls import Url, parse_url
from pivotal_sandbox.domain.models import Outcome, Request
from pivotal_sandbox.domain.retry_policy import RESPONSE_KEPT, TIMEOUT
from pivotal_sandbox.errors import InputError
from pivotal_sandbox.sender.asgi import App, call_app
from pivotal_sandbox.sender.egress import AddressGuard
from pivotal_sandbox.sender.pool import Pool

if TYPE_CHECKING:
    import ssl

    import httpx

    from pivotal_sandbox.sender.httpx_adapter import GuardedTransport


Exchange = Callable[[Request], Awaitable[Outcome]]


class Sender:
    """Send by http or https to what `guard` allows, within `timeout_ms`.

    `transport` takes every request instead, and `mount` takes those to one origin. The guard does
    not apply to these, and whoever created them closes them. The app of an `httpx.ASGITransport`
    runs as under a server. `ssl_context` says which certificates are trusted; by default those
    that httpx and this machine trust. `body_limit` is how many bytes of each response's body are
    returned.
    """

    def __init__(
        self,
        *,
        guard: AddressGuard,
        timeout_ms: int = TIMEOUT,
        transport: "httpx.AsyncBaseTransport | None" = None,
        ssl_context: "ssl.SSLContext | None" = None,
        body_limit: int = RESPONSE_KEPT,
    ) -> None:
        self._guard = guard
        self._timeout_ms = timeout_ms
        self._body_limit = body_limit
        self._transport = None if transport is None else self._exchange_by(transport)
        self._ssl_context = ssl_context
        self._mounts: dict[str, Exchange] = {}
        self._origins_with_socket: set[str] = (
            set()
        )  # origins of mounts that are reached over a socket, too
        self._pool = Pool(guard, body_limit=body_limit)
        self._https: GuardedTransport | None = None

    def mount(
        self, url: str, transport: "httpx.AsyncBaseTransport | App", *, has_socket: bool = False
    ) -> None:
        """Send requests to the origin of `url` ("http://app.test") by `transport` from now on.

        `transport` may be an ASGI app. Set `has_socket` if the origin also listens on a socket;
        requests that are written in an unusual way go there.
        """
        origin = parse_url(url)
        if origin.target != "/":
            raise InputError(
                f"A transport is mounted for an origin; right is {origin.origin!r}, not {url!r}.",
                pointer="/url",
            )
        self._mounts[origin.origin] = self._exchange_by(transport)
        if has_socket:
            self._origins_with_socket.add(origin.origin)

    async def send(self, request: Request) -> Outcome:
        """Send `request` and return how that ended.

        Whatever the network or the receiver does is an outcome. Raises `InputError` for a URL or
        headers that cannot be sent.
        """
        url = parse_url(request.url)
        exchange = self._mounts.get(url.origin, self._transport)
        if request.wire is not None:
            return await self._send_raw(request, url)
        if exchange is not None:
            return await exchange(request)
        if url.scheme == "http":
            return await self._pool.exchange(request, timeout_ms=self._timeout_ms)

        from pivotal_sandbox.sender.httpx_adapter import GuardedTransport, send_through

        if self._https is None:
            self._https = GuardedTransport(self._guard, self._ssl_context)
        return await send_through(
            self._https,
            request,
            timeout_ms=self._timeout_ms,
            body_limit=self._body_limit,
            extensions={"target": url.target.encode("ascii")},
        )

    def has_socket(self, url: str) -> bool:
        """Return whether that URL can be reached over a socket, not only by a transport."""
        origin = parse_url(url).origin
        return (
            origin in self._origins_with_socket or self._mounts.get(origin, self._transport) is None
        )

    def _exchange_by(self, transport: "httpx.AsyncBaseTransport | App") -> Exchange:
        timeout_ms, body_limit = self._timeout_ms, self._body_limit
        if callable(transport):
            return partial(call_app, transport, timeout_ms=timeout_ms, body_limit=body_limit)

        import httpx

        if isinstance(transport, httpx.ASGITransport):
            return partial(
                call_app,
                transport.app,
                timeout_ms=timeout_ms,
                body_limit=body_limit,
                root_path=transport.root_path,
                client=transport.client,
            )

        from pivotal_sandbox.sender.httpx_adapter import send_through

        return partial(send_through, transport, timeout_ms=timeout_ms, body_limit=body_limit)

    async def _send_raw(self, request: Request, url: Url) -> Outcome:
        from pivotal_sandbox.sender.httpx_adapter import default_ssl_context
        from pivotal_sandbox.sender.raw_request import exchange

        if not self.has_socket(request.url):
            raise InputError(
                f"What is written in an unusual way needs a socket, and {url.origin} has none.",
                pointer="/fault",
            )
        tls = None
        if url.scheme == "https":
            tls = self._ssl_context = self._ssl_context or default_ssl_context()
        return await exchange(self._pool, request, tls=tls, timeout_ms=self._timeout_ms)

    async def close(self) -> None:
        """Close the idle connections."""
        await self._pool.close()
        if self._https is not None:
            await self._https.aclose()
