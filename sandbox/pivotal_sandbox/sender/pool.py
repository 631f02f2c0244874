"""Connections that are kept, by origin, so that the next request finds one open."""

import asyncio
import ssl
from collections.abc import Callable
from time import perf_counter
from typing import TypeVar

from pivotal_sandbox.common.urls import Url, parse_url
from pivotal_sandbox.domain.models import Outcome, Request, Response, Timing
from pivotal_sandbox.domain.retry_policy import RESPONSE_KEPT
from pivotal_sandbox.errors import InputError
from pivotal_sandbox.sender.egress import AddressGuard
from pivotal_sandbox.sender.failures import Failure, not_connected
from pivotal_sandbox.sender.http1 import Connection, Result, encode_head

C = TypeVar("C", bound=Connection)


class Pool:
    """Sends requests over plain HTTP/1.1, on connections to addresses that `guard` allows.

    Of each response's body `keep` bytes are kept.
    """

    def __init__(self, guard: AddressGuard, *, keep: int = RESPONSE_KEPT) -> None:
        self._guard = guard
        self._keep = keep
        self._idle: dict[str, list[Connection]] = {}

    async def exchange(self, request: Request, *, timeout_ms: float) -> Outcome:
        """Send `request` and return how that ended, at most `timeout_ms` later.

        Raises `InputError` for a request that HTTP/1.1 cannot carry; anything that the network or
        the receiver does is an outcome. A redirect is an answer like others.
        """
        result, timing = await self.run(request, timeout_ms)
        if isinstance(result, Response):
            return Outcome(timing, result)
        return Outcome(timing, None, result.error, result.detail)

    async def run(self, request: Request, timeout_ms: float) -> tuple[Result, Timing]:
        """Do as `exchange`, and return the bare result."""
        url = parse_url(request.url)
        if url.scheme != "http":
            raise InputError(f"Only http:// is sent in the clear, not {request.url[:80]!r}.")
        data = encode_head(request, url) + request.body
        began = perf_counter()
        deadline = asyncio.get_running_loop().time() + timeout_ms / 1000
        connect_ms = None
        connection = self._take(url.authority)
        while True:
            kept = connection is not None
            if connection is None:
                made = await self.connect(url, deadline, timeout_ms, make=self.new)
                connected = perf_counter()
                if isinstance(made, Failure):
                    return made, Timing((connected - began) * 1000)
                connect_ms = (connected - began) * 1000
                connection = made
            try:
                answer = connection.expect(deadline, timeout_ms, head_only=request.method == "HEAD")
                connection.write(data)
                result = await answer
            except asyncio.CancelledError:
                connection.abort()
                raise
            answered = connection.answered_at
            # The server closed what had long been idle just as we took it: it saw no request.
            if kept and answered is None and _is_lost(result):
                connection = None
                continue
            if connection.alive:
                self._idle.setdefault(url.authority, []).append(connection)
            return result, Timing(
                (connection.ended_at - began) * 1000,
                connect_ms,
                None,
                None if answered is None else (answered - began) * 1000,
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
        """Return a new connection, which `make` makes, to the first address that takes it."""
        peer = (
            url.authority
            if url.authority.endswith(f":{url.port}")
            else f"{url.authority}:{url.port}"
        )
        try:
            async with asyncio.timeout_at(deadline):
                addresses = await self._guard.resolve(url.host, url.port)
                if isinstance(addresses, Failure):
                    return addresses
                return await self._call(addresses, url, peer, tls, make)
        except TimeoutError:
            seconds = f"{timeout_ms / 1000:g} s"
            return Failure("timeout", f"{peer} did not take the connection in {seconds}.", False)

    def new(self, peer: str) -> Connection:
        """Return a connection that is still to be made."""
        return Connection(peer, keep=self._keep)

    async def close(self) -> None:
        """Close the connections that are kept. Exchanges under way are not waited for."""
        idle = [connection for kept in self._idle.values() for connection in kept]
        self._idle.clear()
        for connection in idle:
            connection.abort()
        for connection in idle:
            await connection.closed.wait()

    def _take(self, authority: str) -> Connection | None:
        kept = self._idle.get(authority)
        while kept:
            # The last one in: it was used last, so it is the least likely to be closed by now.
            connection = kept.pop()
            if connection.alive:
                return connection
        return None

    async def _call(
        self,
        addresses: tuple[str, ...],
        url: Url,
        peer: str,
        tls: ssl.SSLContext | None,
        make: Callable[[str], C],
    ) -> C | Failure:
        loop = asyncio.get_running_loop()
        failures = []
        name = url.host.rstrip(".") if tls else None
        for address in addresses:
            try:
                _, connection = await loop.create_connection(
                    lambda: make(peer),
                    address,
                    url.port,
                    ssl=tls,
                    server_hostname=name,
                )
            except ssl.SSLError as error:
                why = getattr(error, "verify_message", None) or error.reason or str(error)
                return Failure("tls", f"TLS with {peer} failed: {why}.", connected=False)
            except OSError as error:
                failures.append(not_connected(error, peer))
            else:
                return connection
        return failures[-1]


def _is_lost(result: Result) -> bool:
    return isinstance(result, Failure) and result.error == "connection_reset"
