"""HTTP/1.1 on a socket, to the byte: one connection, one request at a time."""

import asyncio
import os
import select
import socket
import struct
from collections.abc import Sequence
from time import perf_counter  # finer than loop.time(), which uvloop counts in whole ms
from typing import cast

import httptools

from pivotal_sandbox.common.durations import SECOND, format_seconds
from pivotal_sandbox.common.urls import Url
from pivotal_sandbox.domain.models import ErrorCode, Request, Response
from pivotal_sandbox.domain.retry_policy import KEEP_ALIVE
from pivotal_sandbox.errors import InputError
from pivotal_sandbox.sender.failures import Failure

MAX_HEAD = 64 * 1024
MAX_RESPONSE = 10 * 1024 * 1024

_READ_BUFFER = 16 * 1024
_MAX_IDLE_S = KEEP_ALIVE / SECOND
_TLS_RECORDS = (0x15, 0x16)  # the first byte of an alert and of a handshake

Result = Response | Failure


def encode_head(request: Request, url: Url) -> bytes:
    """Return the bytes before the body: the headers as given, none added.

    Raises `InputError` if method or headers hold what an HTTP/1.1 head cannot carry.
    """
    lines = [f"{name}: {value}\r\n" for name, value in request.headers]
    head = f"{request.method} {url.target} HTTP/1.1\r\n{''.join(lines)}\r\n"
    line_count = len(lines) + 2
    # Counting finds a line break that would inject a header, and costs only two passes in C.
    if head.count("\n") != line_count or head.count("\r") != line_count or "\0" in head:
        raise InputError("A header holds a line break or a null character.", pointer="/headers")
    try:
        return head.encode("latin-1")
    except UnicodeEncodeError as error:
        text = head[error.start : error.end]
        raise InputError(
            f"A header holds {text!r}; headers are Latin-1.", pointer="/headers"
        ) from None


class Connection(asyncio.BufferedProtocol):
    """One connection to `peer` ("host:port").

    Call `expect_response`, then `write` the request, whole or in pieces. `body_limit` is how many
    bytes of a response's body are returned. `alive` is False once it takes no more requests.
    """

    __slots__ = (
        "_body",
        "_body_limit",
        "_buffer",
        "_deadline",
        "_failure",
        "_head_only",
        "_headers",
        "_is_new",
        "_loop",
        "_parser",
        "_poll",
        "_received",
        "_size",
        "_status",
        "_timeout_ms",
        "_timer",
        "_transport",
        "_waiter",
        "alive",
        "closed",
        "ended_at",
        "first_byte_at",
        "peer",
    )

    def __init__(self, peer: str, *, body_limit: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpResponseParser(self)
        # One buffer: asyncio would allocate 256 KiB for each read.
        self._buffer = memoryview(bytearray(_READ_BUFFER))
        self._body_limit = body_limit
        self._timer: asyncio.TimerHandle | None = None
        self._waiter: asyncio.Future[Result] | None = None
        self._failure: Failure | None = None
        self._is_new = True  # it has had no response yet
        self._poll: select.poll | None = None
        self.peer = peer
        self.alive = False
        self.closed = asyncio.Event()

    def expect_response(
        self, deadline: float, timeout_ms: float, *, head_only: bool
    ) -> asyncio.Future[Result]:
        """Return a future of the next response, which is due at `deadline` on the loop's clock.

        `timeout_ms` is what messages call that limit. Set `head_only` for a HEAD request.
        """
        self._status = 0
        self._headers: list[tuple[str, str]] = []
        self._body: list[bytes] = []
        self._received = self._size = 0
        self._head_only = head_only
        self._deadline = deadline
        self._timeout_ms = timeout_ms
        self.first_byte_at: float | None = None
        waiter = self._waiter = self._loop.create_future()
        if self.alive:
            self._start_timer()
        else:
            self._set_result(self._failure or self._connection_failure())
        return waiter

    def is_reusable(self) -> bool:
        """Return whether the connection can take another request.

        A request that meets a closed connection is a failed attempt, so do not rely on an old
        connection, and ask the socket for a close that the event loop has not read yet.
        """
        if not self.alive or perf_counter() - self.ended_at > _MAX_IDLE_S:
            return False
        if self._poll is None:
            file = self._transport.get_extra_info("socket").fileno()
            if not hasattr(select, "poll"):  # pragma: no cover - Windows
                return not select.select([file], [], [], 0)[0]
            self._poll = select.poll()
            self._poll.register(file, select.POLLIN)
        return not self._poll.poll(0)

    def write(self, data: bytes) -> None:
        """Send bytes, if the connection is still open."""
        if self.alive:
            self._transport.write(data)

    def send_eof(self) -> None:
        """Half-close: tell the peer that no more will be sent. TLS has no such message."""
        if self.alive and self._transport.can_write_eof():
            self._transport.write_eof()

    def stop_reading(self) -> None:
        """Stop reading what the peer sends."""
        if self.alive:
            cast(asyncio.ReadTransport, self._transport).pause_reading()

    def reset(self) -> None:
        """Close with an RST."""
        if self.alive:
            # Copy the descriptor, because uvloop's socket object does not support options.
            fd = os.dup(self._transport.get_extra_info("socket").fileno())
            with socket.socket(fileno=fd) as sock:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.abort()

    def abort(self) -> None:
        """Close at once, and drop what is not sent yet."""
        self._waiter = None
        if self._timer is not None:
            self._timer.cancel()
        if self.alive:
            self.alive = False
            self._transport.abort()

    # Called by the event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)  # no base class of uvloop's
        self.ended_at = perf_counter()
        self.alive = True

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        if self._waiter is None:
            self._fail("protocol", f"{self.peer} sent bytes that nobody had asked for.")
            return
        if self.first_byte_at is None:
            self.first_byte_at = perf_counter()
        self._received += nbytes
        try:
            self._parser.feed_data(self._buffer[:nbytes])
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            if self._received == nbytes and self._buffer[0] in _TLS_RECORDS:
                self._fail("protocol", f"{self.peer} answers with TLS: use https:// in the URL.")
                return
            self._fail("protocol", f"{self.peer} does not answer in HTTP/1.1: {error}.")
        if self._status == 0 and self._received > MAX_HEAD:
            self._fail("protocol", f"{self.peer} sends a head of more than {_size_text(MAX_HEAD)}.")
        elif self._received > MAX_RESPONSE:
            self._fail("protocol", f"{self.peer} sends more than {_size_text(MAX_RESPONSE)}.")

    def eof_received(self) -> None:
        self._finish_at_end(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._finish_at_end(exc)
        self.closed.set()

    # Called by the parser

    def on_message_begin(self) -> None:
        if self._waiter is None:  # a second response to one request
            self.abort()

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._status == 0:  # otherwise it is a trailer
            self._headers.append((name.decode("latin-1"), value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        self._status = self._parser.get_status_code()
        if self._status < 100:
            self._fail("protocol", f"{self.peer} answers with a status of less than 100.")
        elif self._status == 101:
            self._fail("protocol", f"{self.peer} switches protocols, which nobody had asked for.")
        elif self._received > MAX_HEAD and _headers_size(self._headers) > MAX_HEAD:
            self._fail("protocol", f"{self.peer} sends a head of more than {_size_text(MAX_HEAD)}.")
        elif self._head_only and self._status >= 200:
            self._finish_response()
            self.abort()

    def on_body(self, data: bytes) -> None:
        room = self._body_limit - self._size
        self._size += len(data)
        if room > 0:
            self._body.append(data[:room])

    def on_message_complete(self) -> None:
        if 100 <= self._status < 200:
            self._status = 0
            self._headers = []
            return
        self._finish_response()
        # The response came before all of the request was sent, and the rest must not follow now.
        if not self._parser.should_keep_alive() or self._transport.get_write_buffer_size():
            self.abort()

    # How an exchange ends

    def _finish_response(self) -> None:
        self._is_new = False
        truncated = self._size > self._body_limit
        body = b"".join(self._body)
        self._set_result(Response(self._status, tuple(self._headers), body, truncated))

    def _finish_at_end(self, error: Exception | None) -> None:
        if self._waiter is not None:
            if error is None and self._status and not _has_length(self._headers):
                self._finish_response()
            else:
                self._set_result(self._connection_failure(error))
        self.abort()

    def _connection_failure(self, error: Exception | None = None) -> Failure:
        action = "closed" if error is None else "reset"
        if self._status:
            when = f"after {self._status} and {self._size} bytes of the body: that is not all of it"
        elif self._received:
            when = "in the middle of the answer's head"
        else:
            when = "without an answer"
        detail = f"{self.peer} {action} the connection {when}."
        if self._is_new and not self._received and not self._is_tls():
            detail += " If it expects TLS, use https:// in the URL."
        return Failure("connection_reset", detail)

    def _is_tls(self) -> bool:
        return self._transport.get_extra_info("sslcontext") is not None

    def _fail(self, error: ErrorCode, detail: str) -> None:
        self._failure = Failure(error, detail)
        self._set_result(self._failure)
        self.abort()

    def _set_result(self, result: Result) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            self.ended_at = perf_counter()
            waiter.set_result(result)

    def _start_timer(self) -> None:
        # One timer serves many exchanges: when it fires, it checks the current deadline.
        if self._timer is not None:
            if self._timer.when() <= self._deadline:
                return
            self._timer.cancel()
        self._timer = self._loop.call_at(self._deadline, self._check_deadline)

    def _check_deadline(self) -> None:
        self._timer = None
        if self._waiter is None:
            return
        if self._loop.time() < self._deadline:
            self._start_timer()
            return
        seconds = format_seconds(self._timeout_ms)
        if self._status:
            detail = f"{self.peer} answered {self._status}, but the body did not end in {seconds}."
        else:
            detail = f"{self.peer} did not answer in {seconds}."
        self._fail("timeout", detail)


def _has_length(headers: Sequence[tuple[str, str]]) -> bool:
    """Return whether the headers say where the body ends, and not only the connection's end."""
    codings = [value for name, value in headers if name.lower() == "transfer-encoding"]
    if codings:
        return codings[-1].lower().rpartition(",")[2].strip() == "chunked"
    return any(name.lower() == "content-length" for name, _ in headers)


def _headers_size(headers: Sequence[tuple[str, str]]) -> int:
    return sum(len(name) + len(value) for name, value in headers)


def _size_text(size: int) -> str:
    return f"{size // 1024} KiB" if size < 1024 * 1024 else f"{size // 1024 // 1024} MiB"
