"""A request that is written in an unusual way, on a connection of its own."""

import asyncio
import ssl
from collections.abc import Iterator
from time import perf_counter
from typing import Any

from pivotal_sandbox.clock import sleep
from pivotal_sandbox.common.urls import parse_url
from pivotal_sandbox.domain.models import Outcome, Request, Response, Timing, Wire
from pivotal_sandbox.sender.failures import Failure
from pivotal_sandbox.sender.http1 import Connection, Result, encode_head
from pivotal_sandbox.sender.pool import Pool


async def exchange(
    pool: Pool, request: Request, *, tls: ssl.SSLContext | None, timeout_ms: float
) -> Outcome:
    """Write `request` as its `wire` says, and return how that ended.

    Raises `InputError` for headers that HTTP/1.1 cannot carry. `connect_ms` has the TLS in it.
    """
    url, wire = parse_url(request.url), request.wire or Wire()
    head = encode_head(request, url)
    began = perf_counter()
    deadline = asyncio.get_running_loop().time() + timeout_ms / 1000
    connection = await pool.connect(url, deadline, timeout_ms, tls, make=pool.new)
    connected = perf_counter()
    if isinstance(connection, Failure):
        timing = Timing((connected - began) * 1000)
        return Outcome(timing, None, connection.error, connection.detail)
    try:
        answer = connection.expect(deadline, timeout_ms, head_only=request.method == "HEAD")
        if wire.ending == "leave":
            connection.ignore()
        for number, piece in enumerate(_pieces(head, request.sent, wire)):
            if number and wire.pause_ms:
                await _pause(wire.pause_ms, answer)
            connection.write(piece)
        result = await _ended(connection, request, wire, answer)
    finally:
        connection.abort()
    timing = Timing(
        (perf_counter() - began) * 1000,
        (connected - began) * 1000,
        None,
        None if connection.answered_at is None else (connection.answered_at - began) * 1000,
    )
    if isinstance(result, Response):
        return Outcome(timing, result)
    return Outcome(timing, None, result.error, result.detail)


def _pieces(head: bytes, body: bytes, wire: Wire) -> Iterator[bytes]:
    """Yield what is written: the head with the first piece of the body, then the others."""
    size = max(-(-len(body) // wire.pieces), 1)
    parts = [body[at : at + size] for at in range(0, len(body), size)] or [b""]
    if wire.chunked:
        chunks = [b"%x\r\n%b\r\n" % (len(part), part) for part in parts if part]
        parts = [b"".join([*chunks, b"0\r\n\r\n"])]
    yield head + parts[0]
    yield from parts[1:]


async def _ended(
    connection: Connection, request: Request, wire: Wire, answer: "asyncio.Future[Result]"
) -> Result:
    if wire.ending == "reset":
        await _pause(wire.pause_ms, answer)
        connection.reset()
        sent = f"{len(request.sent)} of the {len(request.body)} bytes of the body"
        return Failure("connection_reset", f"The fault reset the connection after {sent}.")
    if wire.ending == "leave":
        await _pause(wire.pause_ms, answer)
        after = f"{wire.pause_ms / 1000:g} s"
        return Failure("timeout", f"The fault had the sender leave {after} after it had sent all.")
    if wire.ending == "half-close":
        connection.shut()
    return await answer


async def _pause(milliseconds: float, answer: "asyncio.Future[Result]") -> None:
    """Wait for so long, or until the exchange is over."""
    pause = asyncio.ensure_future(sleep(milliseconds))
    either: tuple[asyncio.Future[Any], ...] = (pause, answer)
    try:
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    finally:
        pause.cancel()
