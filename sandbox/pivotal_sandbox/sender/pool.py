"""Send plain HTTP/1.1 requests, and keep connections open for the next ones."""

import asyncio
import ssl
from collections.abc import Callable
from time import perf_counter

from pivotal_sandbox.common.urls import Url, parse_url
from pivotal_sandbox.domain.models import Outcome, Request, Response, Timing
from pivotal_sandbox.domain.retry_policy import RESPONSE_KEPT
from pivotal_sandbox.errors import InputError
from pivotal_sandbox.sender.connect import C, Tls, open_connection
from pivotal_sandbox.sender.egress import AddressGuard
from pivotal_sandbox.sender.failures import Failure
from pivotal_sandbox.sender.http1 import Connection, Result, encode_head


class Pool:
    """Send requests over plain HTTP/1.1, on connections to addresses that `guard` allows.

    `body_limit` is how many bytes of each response's body are returned.
    """

    def __init__(self, guard: AddressGuard, *, body_limit: int = RESPONSE_KEPT) -> None:
        self._guard = guard
        self._body_limit = body_limit
        self._idle: dict[str, list[Connection]] = {}

    async def exchange(self, request: Request, *, timeout_ms: float) -> Outcome:
        """Send `request` once, and return how that ended, at most `timeout_ms` later.

        If a reused connection dies after the request was written, the outcome is a reset
        connection: the receiver may have read the request, so it is not sent again. Raises
        `InputError` for a request that HTTP/1.1 cannot carry. Whatever the network or the receiver
        does is an outcome. A redirect is a response like others.
        """
        result, timing = await self.exchange_raw(request, timeout_ms)
        if isinstance(result, Response):
            return Outcome(timing, result)
        return Outcome(timing, None, result.error, result.detail)

    async def exchange_raw(self, request: Request, timeout_ms: float) -> tuple[Result, Timing]:
        """Send as `exchange` does, and return the response or failure itself with its timing."""
        url = parse_url(request.url)
        if url.scheme != "http":
            raise InputError(f"Only http:// is sent in the clear, not {request.url[:80]!r}.")
        data = encode_head(request, url) + request.body
        started = perf_counter()
        deadline = asyncio.get_running_loop().time() + timeout_ms / 1000
        connect_ms = None
        connection = self._take_idle(url.authority)
        if connection is None:
            opened = await self.connect(url, deadline, timeout_ms, make=self.new)
            connect_ms = (perf_counter() - started) * 1000
            if isinstance(opened, Failure):
                return opened, Timing(connect_ms)
            connection = opened
        try:
            response = connection.expect_response(
                deadline, timeout_ms, head_only=request.method == "HEAD"
            )
            connection.write(data)
            result = await response
        except asyncio.CancelledError:
            connection.abort()
            raise
        if connection.alive:
            self._idle.setdefault(url.authority, []).append(connection)
        first_byte_at = connection.first_byte_at
        return result, Timing(
            (connection.ended_at - started) * 1000,
            connect_ms,
            None,
            None if first_byte_at is None else (first_byte_at - started) * 1000,
        )

    async def connect(
        self,
        url: Url,
        deadline: float,
        timeout_ms: float,
        tls: ssl.SSLContext | None = None,
        *,
        make: Callable[[str], C],
    ) -> C | Failure:
        """Return a new connection, which `make` creates, to the first address that accepts it."""
        return await open_connection(
            url,
            self._guard,
            make,
            deadline=deadline,
            timeout_ms=timeout_ms,
            tls=None if tls is None else Tls.for_url(url, tls),
        )

    def new(self, peer: str) -> Connection:
        """Return a connection that is not open yet."""
        return Connection(peer, body_limit=self._body_limit)

    async def close(self) -> None:
        """Close the idle connections, without waiting for exchanges that are under way."""
        idle = [connection for connections in self._idle.values() for connection in connections]
        self._idle.clear()
        for connection in idle:
            connection.abort()
        for connection in idle:
            await connection.closed.wait()

    def _take_idle(self, authority: str) -> Connection | None:
        connections = self._idle.get(authority)
        while connections:
            # The one used last is the least likely to be closed by now.
            connection = connections.pop()
            if connection.is_reusable():
                return connection
            connection.abort()
        return None
