"""The line to the receiver: it puts the bytes of a shot on the wire and brings back the answer."""

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
from pivotal_sandbox.sender.egress import AddressGuard
from pivotal_sandbox.sender.failures import Failure, not_connected
from pivotal_sandbox.sender.http1 import Connection, Result

FLUSH_MS = 5  # for bytes to leave, before the connection is closed behind them


class ReceiverClient(Protocol):
    """How shots get to a receiver."""

    async def send(
        self,
        shot: CheckRequest,
        *,
        piece: int = 0,
        pause_ms: float = 0,
        timeout_ms: float | None = None,
    ) -> Exchange:
        """Send a shot; its body in pieces of that many bytes, with a pause before each."""
        ...

    async def volley(self, shots: Sequence[CheckRequest]) -> list[Exchange]:
        """Send shots so that all are complete at the same moment, each on its own connection."""
        ...

    async def follow(self, first: CheckRequest, second: CheckRequest) -> list[Exchange]:
        """Send a second shot on the first one's connection, if the receiver keeps that open."""
        ...

    async def break_off(self, shot: CheckRequest, size: int) -> Exchange:
        """Send the head and so much of the body, then close without waiting for the answer."""
        ...


class HttpReceiverClient:
    """A line over `engine.wire`: a connection of its own for each request, plain or TLS.

    Raises nothing: what the network or the receiver does is in the exchange.
    """

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
        self._ssl = ssl_context
        if self._url.scheme == "https" and ssl_context is None:
            self._ssl = ssl.create_default_context()

    async def send(
        self,
        shot: CheckRequest,
        *,
        piece: int = 0,
        pause_ms: float = 0,
        timeout_ms: float | None = None,
    ) -> Exchange:
        if piece:  # what it takes to send so slowly is not the receiver's fault
            slowness = pause_ms * len(range(0, len(shot.body), piece))
            timeout_ms = slowness + (self._timeout_ms if timeout_ms is None else timeout_ms)
        opened = await self._open(timeout_ms)
        if not isinstance(opened, _Open):
            return _exchange(shot, opened, 0.0)
        if not piece:
            opened.connection.write(shot.sent)
        else:
            opened.connection.write(shot.head)
            for start in range(0, len(shot.body), piece):
                await sleep(pause_ms)
                opened.connection.write(shot.body[start : start + piece])
        return await opened.finish(shot)

    async def volley(self, shots: Sequence[CheckRequest]) -> list[Exchange]:
        lines = await asyncio.gather(*[self._open() for _ in shots])
        for held, shot in zip(lines, shots, strict=True):
            if isinstance(held, _Open):
                held.connection.write(shot.sent[:-1])
        for held, shot in zip(lines, shots, strict=True):
            if isinstance(held, _Open):
                held.connection.write(shot.sent[-1:])
        return await asyncio.gather(
            *[self._end(held, shot) for held, shot in zip(lines, shots, strict=True)]
        )

    async def follow(self, first: CheckRequest, second: CheckRequest) -> list[Exchange]:
        opened = await self._open()
        if not isinstance(opened, _Open):
            return [_exchange(first, opened, 0.0)]
        opened.connection.write(first.sent)
        answered = await opened.finish(first, close=False)
        if not opened.connection.alive:
            return [answered]
        again = self._expecting(opened.connection, self._timeout_ms)
        opened.connection.write(second.sent)
        return [answered, await again.finish(second)]

    async def break_off(self, shot: CheckRequest, size: int) -> Exchange:
        opened = await self._open()
        if not isinstance(opened, _Open):
            return _exchange(shot, opened, 0.0)
        opened.connection.write(shot.head + shot.body[:size])
        await sleep(FLUSH_MS)
        opened.connection.abort()
        said = Failure("connection_reset", "The battery closed the connection, as was the plan.")
        return _exchange(shot, said, perf_counter() - opened.began)

    async def _open(self, timeout_ms: float | None = None) -> "_Open | Failure":
        """Return a new connection that expects an answer, or why there is none."""
        timeout_ms = self._timeout_ms if timeout_ms is None else timeout_ms
        url = self._url
        peer = f"{url.host}:{url.port}"
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(timeout_ms / 1000):
                addresses = await self._guard.resolve(url.host, url.port)
                if isinstance(addresses, Failure):
                    return addresses
                failure = Failure("dns", f"{url.host} has no address.", connected=False)
                for address in addresses:
                    try:
                        _, connection = await loop.create_connection(
                            lambda: Connection(peer, keep=RESPONSE_KEPT),
                            address,
                            url.port,
                            ssl=self._ssl,
                            server_hostname=url.host if self._ssl else None,
                        )
                    except ssl.SSLError as error:
                        why = getattr(error, "verify_message", None) or error.reason or error
                        failure = Failure("tls", f"TLS with {peer} failed: {why}.", False)
                    except OSError as error:
                        failure = not_connected(error, peer)
                    else:
                        return self._expecting(connection, timeout_ms)
                return failure
        except TimeoutError:
            seconds = f"{timeout_ms / 1000:g} s"
            return Failure("timeout", f"{peer} did not take the connection in {seconds}.", False)

    def _expecting(self, connection: Connection, timeout_ms: float) -> "_Open":
        deadline = asyncio.get_running_loop().time() + timeout_ms / 1000
        answer = connection.expect_response(deadline, timeout_ms, head_only=False)
        return _Open(connection, answer, perf_counter())

    async def _end(self, held: "_Open | Failure", shot: CheckRequest) -> Exchange:
        return _exchange(shot, held, 0.0) if isinstance(held, Failure) else await held.finish(shot)


class _Open:
    """A connection that an answer is expected on."""

    def __init__(
        self, connection: Connection, answer: "asyncio.Future[Result]", began: float
    ) -> None:
        self.connection = connection
        self.began = began
        self._answer = answer

    async def finish(self, shot: CheckRequest, *, close: bool = True) -> Exchange:
        """Wait for the answer."""
        try:
            result = await self._answer
            took = perf_counter() - self.began
        except BaseException:
            self.connection.abort()
            raise
        if close:
            self.connection.abort()
        return _exchange(shot, result, took)


def _exchange(shot: CheckRequest, result: Result, seconds: float) -> Exchange:
    if isinstance(result, Failure):
        return Exchange(
            shot.sent,
            len(shot.head),
            None,
            result.detail,
            b"",
            seconds * 1000,
            label=shot.label,
            failure=result.error,
        )
    return Exchange(
        shot.sent,
        len(shot.head),
        result.status_code,
        None,
        result.body,
        seconds * 1000,
        label=shot.label,
        response_headers=result.headers,
    )
