"""Send the requests of a check to a receiver, and return its responses."""

import asyncio
import ssl
from collections.abc import Sequence
from time import perf_counter
from typing import Protocol

from pivotal_sandbox.check.model import Exchange
from pivotal_sandbox.check.request import CheckRequest
from pivotal_sandbox.clock import sleep
from pivotal_sandbox.common.urls import parse_url
from pivotal_sandbox.domain.retry_policy import RESPONSE_KEPT
from pivotal_sandbox.sender.connect import Tls, open_connection
from pivotal_sandbox.sender.egress import AddressGuard
from pivotal_sandbox.sender.failures import Failure
from pivotal_sandbox.sender.http1 import Connection, Result

FLUSH_MS = 5  # gives the bytes time to leave before the connection is closed


class ReceiverClient(Protocol):
    """How requests reach a receiver. What the network or the receiver does is in the exchange."""

    async def send(
        self,
        request: CheckRequest,
        *,
        piece: int = 0,
        pause_ms: float = 0,
        timeout_ms: float | None = None,
    ) -> Exchange:
        """Send a request. With `piece` send its body so many bytes at a time, after pauses."""
        ...

    async def send_concurrently(self, requests: Sequence[CheckRequest]) -> list[Exchange]:
        """Send requests that become complete at the same moment, each on its own connection."""
        ...

    async def follow(self, first: CheckRequest, second: CheckRequest) -> list[Exchange]:
        """Send two requests on one connection; only the first if the receiver closes it."""
        ...

    async def send_partial(self, request: CheckRequest, size: int) -> Exchange:
        """Send the head and `size` bytes of the body, then close without waiting."""
        ...


class HttpReceiverClient:
    """Send each request on a connection of its own, plain or with TLS. Raises nothing."""

    def __init__(
        self,
        url: str,
        guard: AddressGuard,
        *,
        timeout_ms: float,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._url = parse_url(url)
        self._guard = guard
        self._timeout_ms = timeout_ms
        self._tls: Tls | None = None
        if self._url.scheme == "https":
            self._tls = Tls.for_url(self._url, ssl_context or ssl.create_default_context())

    async def send(
        self,
        request: CheckRequest,
        *,
        piece: int = 0,
        pause_ms: float = 0,
        timeout_ms: float | None = None,
    ) -> Exchange:
        if piece:  # the pauses are ours, so they do not count against the receiver's time
            total_pause_ms = pause_ms * len(range(0, len(request.body), piece))
            timeout_ms = total_pause_ms + (self._timeout_ms if timeout_ms is None else timeout_ms)
        pending = await self._open(timeout_ms)
        if not isinstance(pending, _PendingResponse):
            return _exchange(request, pending, 0.0)
        if not piece:
            pending.connection.write(request.sent)
        else:
            pending.connection.write(request.head)
            for start in range(0, len(request.body), piece):
                await sleep(pause_ms)
                pending.connection.write(request.body[start : start + piece])
        return await pending.finish(request)

    async def send_concurrently(self, requests: Sequence[CheckRequest]) -> list[Exchange]:
        opened = await asyncio.gather(*[self._open() for _ in requests])
        pairs = list(zip(opened, requests, strict=True))
        for pending, request in pairs:
            if isinstance(pending, _PendingResponse):
                pending.connection.write(request.sent[:-1])
        for pending, request in pairs:
            if isinstance(pending, _PendingResponse):
                pending.connection.write(request.sent[-1:])
        return await asyncio.gather(*[self._finish(pending, request) for pending, request in pairs])

    async def follow(self, first: CheckRequest, second: CheckRequest) -> list[Exchange]:
        pending = await self._open()
        if not isinstance(pending, _PendingResponse):
            return [_exchange(first, pending, 0.0)]
        pending.connection.write(first.sent)
        exchange = await pending.finish(first, close=False)
        if not pending.connection.alive:
            return [exchange]
        pending = self._expect_response(pending.connection, self._timeout_ms)
        pending.connection.write(second.sent)
        return [exchange, await pending.finish(second)]

    async def send_partial(self, request: CheckRequest, size: int) -> Exchange:
        pending = await self._open()
        if not isinstance(pending, _PendingResponse):
            return _exchange(request, pending, 0.0)
        pending.connection.write(request.head + request.body[:size])
        await sleep(FLUSH_MS)
        pending.connection.abort()
        failure = Failure("connection_reset", "The battery closed the connection, as was the plan.")
        return _exchange(request, failure, perf_counter() - pending.started_at)

    async def _open(self, timeout_ms: float | None = None) -> "_PendingResponse | Failure":
        """Return a new connection that expects a response, or why there is none."""
        timeout_ms = self._timeout_ms if timeout_ms is None else timeout_ms
        connection = await open_connection(
            self._url,
            self._guard,
            lambda peer: Connection(peer, body_limit=RESPONSE_KEPT),
            deadline=asyncio.get_running_loop().time() + timeout_ms / 1000,
            timeout_ms=timeout_ms,
            tls=self._tls,
        )
        if isinstance(connection, Failure):
            return connection
        return self._expect_response(connection, timeout_ms)

    def _expect_response(self, connection: Connection, timeout_ms: float) -> "_PendingResponse":
        deadline = asyncio.get_running_loop().time() + timeout_ms / 1000
        response = connection.expect_response(deadline, timeout_ms, head_only=False)
        return _PendingResponse(connection, response, perf_counter())

    async def _finish(
        self, pending: "_PendingResponse | Failure", request: CheckRequest
    ) -> Exchange:
        if isinstance(pending, Failure):
            return _exchange(request, pending, 0.0)
        return await pending.finish(request)


class _PendingResponse:
    """A response that a connection expects."""

    def __init__(
        self, connection: Connection, response: "asyncio.Future[Result]", started_at: float
    ) -> None:
        self.connection = connection
        self.started_at = started_at
        self._response = response

    async def finish(self, request: CheckRequest, *, close: bool = True) -> Exchange:
        """Wait for the response."""
        try:
            result = await self._response
            seconds = perf_counter() - self.started_at
        except BaseException:
            self.connection.abort()
            raise
        if close:
            self.connection.abort()
        return _exchange(request, result, seconds)


def _exchange(request: CheckRequest, result: Result, seconds: float) -> Exchange:
    if isinstance(result, Failure):
        return Exchange(
            request.sent,
            len(request.head),
            None,
            result.detail,
            b"",
            seconds * 1000,
            label=request.label,
            failure=result.error,
        )
    return Exchange(
        request.sent,
        len(request.head),
        result.status_code,
        None,
        result.body,
        seconds * 1000,
        label=request.label,
        response_headers=result.headers,
    )
