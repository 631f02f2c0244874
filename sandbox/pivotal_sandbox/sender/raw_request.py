"""Write a request in an unusual way (chunked, slow, cut off), on a connection of its own."""

import asyncio
import ssl
from collections.abc import Iterator
from time import perf_counter
from typing import Any

from pivotal_sandbox.clock import sleep
from pivotal_sandbox.common.durations import format_seconds
from pivotal_sandbox.common.urls import parse_url
from pivotal_sandbox.domain.models import Outcome, Request, Response, Timing, Wire
from pivotal_sandbox.sender.failures import Failure
from pivotal_sandbox.sender.http1 import Connection, Result, encode_head
from pivotal_sandbox.sender.pool import Pool


async def exchange(
    pool: Pool, request: Request, *, tls: ssl.SSLContext | None, timeout_ms: float
) -> Outcome:
    """Write `request` as its `wire` says, and return how that ended.

    `connect_ms` includes the TLS handshake. Raises `InputError` for headers that HTTP/1.1 cannot
    carry.
    """
    url, wire = parse_url(request.url), request.wire or Wire()
    head = encode_head(request, url)
    started = perf_counter()
    deadline = asyncio.get_running_loop().time() + timeout_ms / 1000
    connection = await pool.connect(url, deadline, timeout_ms, tls, make=pool.new)
    connected = perf_counter()
    if isinstance(connection, Failure):
        timing = Timing((connected - started) * 1000)
        return Outcome(timing, None, connection.error, connection.detail)
    try:
        response = connection.expect_response(
            deadline, timeout_ms, head_only=request.method == "HEAD"
        )
        if wire.ending == "leave":
            connection.stop_reading()
        for number, piece in enumerate(_split_into_pieces(head, request.sent, wire)):
            if number and wire.pause_ms:
                await _pause(wire.pause_ms, response)
            connection.write(piece)
        result = await _end_request(connection, request, wire, response)
    finally:
        connection.abort()
    timing = Timing(
        (perf_counter() - started) * 1000,
        (connected - started) * 1000,
        None,
        None if connection.first_byte_at is None else (connection.first_byte_at - started) * 1000,
    )
    if isinstance(result, Response):
        return Outcome(timing, result)
    return Outcome(timing, None, result.error, result.detail)


def _split_into_pieces(head: bytes, body: bytes, wire: Wire) -> Iterator[bytes]:
    """Yield what to write: the head with the first piece of the body, then the other pieces."""
    size = max(-(-len(body) // wire.pieces), 1)
    parts = [body[at : at + size] for at in range(0, len(body), size)] or [b""]
    if wire.chunked:
        chunks = [b"%x\r\n%b\r\n" % (len(part), part) for part in parts if part]
        parts = [b"".join([*chunks, b"0\r\n\r\n"])]
    yield head + parts[0]
    yield from parts[1:]


async def _end_request(
    connection: Connection, request: Request, wire: Wire, response: "asyncio.Future[Result]"
) -> Result:
    if wire.ending == "reset":
        await _pause(wire.pause_ms, response)
        connection.reset()
        sent = f"{len(request.sent)} of the {len(request.body)} bytes of the body"
        return Failure("connection_reset", f"The fault reset the connection after {sent}.")
    if wire.ending == "leave":
        await _pause(wire.pause_ms, response)
        after = format_seconds(wire.pause_ms)
        return Failure("timeout", f"The fault had the sender leave {after} after it had sent all.")
    if wire.ending == "half-close":
        connection.send_eof()
    return await response


async def _pause(milliseconds: float, response: "asyncio.Future[Result]") -> None:
    """Wait for so long, or until the exchange has ended."""
    pause = asyncio.ensure_future(sleep(milliseconds))
    waiting_for: tuple[asyncio.Future[Any], ...] = (pause, response)
    try:
        await asyncio.wait(waiting_for, return_when=asyncio.FIRST_COMPLETED)
    finally:
        pause.cancel()
