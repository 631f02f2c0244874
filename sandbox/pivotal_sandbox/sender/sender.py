"""Sends requests, each by the transport that its URL asks for."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING

from pivotal_sandbox.common.urls import Url, parse_url
from pivotal_sandbox.domain.models import Outcome, Request
from pivotal_sandbox.domain.retry_policy import RESPONSE_KEPT, TIMEOUT
from pivotal_sandbox.errors import InputError
from pivotal_sandbox.sender.asgi import App, call
from pivotal_sandbox.sender.egress import AddressGuard
from pivotal_sandbox.sender.pool import Pool

if TYPE_CHECKING:
    import ssl

    import httpx

    from pivotal_sandbox.sender.httpx_adapter import GuardedTransport


Exchange = Callable[[Request], Awaitable[Outcome]]


class Sender:
    """Sends by plain HTTP or https to what `guard` allows, within `timeout_ms`.

    `transport` takes every request instead, and `mount` those for one origin; these are not
    guarded, and are closed by whoever made them. The app of an `httpx.ASGITransport` is run as a
    server would run it. `ssl_context` says which certificates are trusted; by default those that
    httpx and this machine trust. Of each response's body `keep` bytes are kept.
    """

    def __init__(
        self,
        *,
        guard: AddressGuard,
        timeout_ms: int = TIMEOUT,
        transport: "httpx.AsyncBaseTransport | None" = None,
        ssl_context: "ssl.SSLContext | None" = None,
        keep: int = RESPONSE_KEPT,
    ) -> None:
        self._guard = guard
        self._timeout_ms = timeout_ms
        self._keep = keep
        self._instead = None if transport is None else self._by(transport)
        self._ssl_context = ssl_context
        self._mounts: dict[str, Exchange] = {}
        self._beside: set[str] = set()  # origins of mounts that are reached over a socket, too
        self._pool = Pool(guard, keep=keep)
        self._https: GuardedTransport | None = None

    def mount(
        self, url: str, transport: "httpx.AsyncBaseTransport | App", *, beside: bool = False
    ) -> None:
        """Send what goes to the origin of `url` ("http://app.test") by `transport` from now on.

        That may be an ASGI app, too. With `beside` that origin listens on a socket, as well, for
        what is written in an unusual way.
        """
        origin = parse_url(url)
        if origin.target != "/":
            raise InputError(
                f"A transport is mounted for an origin; right is {origin.origin!r}, not {url!r}.",
                pointer="/url",
            )
        self._mounts[origin.origin] = self._by(transport)
        if beside:
            self._beside.add(origin.origin)

    async def send(self, request: Request) -> Outcome:
        """Send `request` and return how that ended.

        Whatever the network or the receiver does is an outcome. Raises `InputError` for a URL or
        for headers that cannot be sent to anybody.
        """
        url = parse_url(request.url)
        instead = self._mounts.get(url.origin, self._instead)
        if request.wire is not None:
            return await self._write(request, url)
        if instead is not None:
            return await instead(request)
        if url.scheme == "http":
            return await self._pool.exchange(request, timeout_ms=self._timeout_ms)

        from pivotal_sandbox.sender.httpx_adapter import GuardedTransport, send_through

        if self._https is None:
            self._https = GuardedTransport(self._guard, self._ssl_context)
        return await send_through(
            self._https,
            request,
            timeout_ms=self._timeout_ms,
            keep=self._keep,
            extensions={"target": url.target.encode("ascii")},
        )

    def has_socket(self, url: str) -> bool:
        """Say whether that URL can be reached over a socket, not only by a transport."""
        origin = parse_url(url).origin
        return origin in self._beside or self._mounts.get(origin, self._instead) is None

    def _by(self, transport: "httpx.AsyncBaseTransport | App") -> Exchange:
        timeout_ms, keep = self._timeout_ms, self._keep
        if callable(transport):
            return partial(call, transport, timeout_ms=timeout_ms, keep=keep)

        import httpx

        if isinstance(transport, httpx.ASGITransport):
            return partial(
                call,
                transport.app,
                timeout_ms=timeout_ms,
                keep=keep,
                root_path=transport.root_path,
                client=transport.client,
            )

        from pivotal_sandbox.sender.httpx_adapter import send_through

        return partial(send_through, transport, timeout_ms=timeout_ms, keep=keep)

    async def _write(self, request: Request, url: Url) -> Outcome:
        from pivotal_sandbox.sender.httpx_adapter import trusting
        from pivotal_sandbox.sender.raw_request import exchange

        if not self.has_socket(request.url):
            raise InputError(
                f"What is written in an unusual way needs a socket, and {url.origin} has none.",
                pointer="/fault",
            )
        tls = None
        if url.scheme == "https":
            tls = self._ssl_context = self._ssl_context or trusting()
        return await exchange(self._pool, request, tls=tls, timeout_ms=self._timeout_ms)

    async def close(self) -> None:
        """Close the connections that are kept."""
        await self._pool.close()
        if self._https is not None:
            await self._https.aclose()
