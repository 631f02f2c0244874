"""HTTP/1.1 on a socket, to the byte: one connection, one request at a time."""

import asyncio
import os
import socket
import struct
from collections.abc import Sequence
from time import perf_counter  # finer than loop.time(), which uvloop counts in whole ms
from typing import cast

import httptools

from pivotal_sandbox.common.urls import Url
from pivotal_sandbox.domain.models import ErrorCode, Request, Response
from pivotal_sandbox.errors import InputError
from pivotal_sandbox.sender.failures import Failure

HEAD_MOST = 64 * 1024
ANSWER_MOST = 10 * 1024 * 1024

_READ = 16 * 1024

Result = Response | Failure


def encode_head(request: Request, url: Url) -> bytes:
    """Return what goes over the wire before the body: the headers as they are, none added.

    Raises `InputError` where method or headers hold what no HTTP/1.1 head can carry.
    """
    lines = [f"{name}: {value}\r\n" for name, value in request.headers]
    head = f"{request.method} {url.target} HTTP/1.1\r\n{''.join(lines)}\r\n"
    ends = len(lines) + 2
    # Counting finds a line break that would smuggle a header in, at the price of two passes in C.
    if head.count("\n") != ends or head.count("\r") != ends or "\0" in head:
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

    `expect` asks for a response and `write` sends bytes: a request whole, or in pieces. Of the
    body of a response `keep` bytes are kept. `alive` is False once it is of no more use.
    """

    __slots__ = (
        "_body",
        "_buffer",
        "_deadline",
        "_head_only",
        "_headers",
        "_keep",
        "_loop",
        "_parser",
        "_received",
        "_size",
        "_spoilt",
        "_status",
        "_timeout_ms",
        "_timer",
        "_transport",
        "_waiter",
        "alive",
        "answered_at",
        "closed",
        "ended_at",
        "peer",
    )

    def __init__(self, peer: str, *, keep: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpResponseParser(self)
        # One buffer for all reads: asyncio would allocate 256 KiB for each, by three system calls.
        self._buffer = memoryview(bytearray(_READ))
        self._keep = keep
        self._timer: asyncio.TimerHandle | None = None
        self._waiter: asyncio.Future[Result] | None = None
        self._spoilt: Failure | None = None
        self.peer = peer
        self.alive = False
        self.closed = asyncio.Event()

    def expect(
        self, deadline: float, timeout_ms: float, *, head_only: bool
    ) -> asyncio.Future[Result]:
        """Return a future of the next response, which is due at `deadline` on the loop's clock.

        `timeout_ms` is what to call that limit. `head_only` is for answers to HEAD.
        """
        self._status = 0
        self._headers: list[tuple[str, str]] = []
        self._body: list[bytes] = []
        self._received = self._size = 0
        self._head_only = head_only
        self._deadline = deadline
        self._timeout_ms = timeout_ms
        self.answered_at: float | None = None
        waiter = self._waiter = self._loop.create_future()
        if self.alive:
            self._watch()
        else:
            self._settle(self._spoilt or self._lost())
        return waiter

    def write(self, data: bytes) -> None:
        """Send bytes."""
        if self.alive:
            self._transport.write(data)

    def shut(self) -> None:
        """Say that no more will be sent. TLS cannot say so: there it is only silence."""
        if self.alive and self._transport.can_write_eof():
            self._transport.write_eof()

    def ignore(self) -> None:
        """Read no more of what the peer sends."""
        if self.alive:
            cast(asyncio.ReadTransport, self._transport).pause_reading()

    def reset(self) -> None:
        """Break the connection: the peer is told by an RST."""
        if self.alive:
            # A copy of the descriptor, because uvloop lends a socket without its options.
            fd = os.dup(self._transport.get_extra_info("socket").fileno())
            with socket.socket(fileno=fd) as sock:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.abort()

    def abort(self) -> None:
        """Close at once; what is not sent yet is dropped."""
        self._waiter = None
        if self._timer is not None:
            self._timer.cancel()
        if self.alive:
            self.alive = False
            self._transport.abort()

    # What the event loop tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)  # no base class of uvloop's
        self.alive = True

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        if self._waiter is None:
            self._fail("protocol", f"{self.peer} sent bytes that nobody had asked for.")
            return
        if self.answered_at is None:
            self.answered_at = perf_counter()
        self._received += nbytes
        try:
            self._parser.feed_data(self._buffer[:nbytes])
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._fail("protocol", f"{self.peer} does not answer in HTTP/1.1: {error}.")
        if self._status == 0 and self._received > HEAD_MOST:
            self._fail("protocol", f"{self.peer} sends a head of more than {_size(HEAD_MOST)}.")
        elif self._received > ANSWER_MOST:
            self._fail("protocol", f"{self.peer} sends more than {_size(ANSWER_MOST)}.")

    def eof_received(self) -> None:
        self._end(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(exc)
        self.closed.set()

    # What the parser tells

    def on_message_begin(self) -> None:
        if self._waiter is None:  # a second answer to one request
            self.abort()

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._status == 0:  # else it is a trailer
            self._headers.append((name.decode("latin-1"), value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        self._status = self._parser.get_status_code()
        if self._status < 100:
            self._fail("protocol", f"{self.peer} answers with a status of less than 100.")
        elif self._status == 101:
            self._fail("protocol", f"{self.peer} switches protocols, which nobody had asked for.")
        elif self._received > HEAD_MOST and _length(self._headers) > HEAD_MOST:
            self._fail("protocol", f"{self.peer} sends a head of more than {_size(HEAD_MOST)}.")
        elif self._head_only and self._status >= 200:
            self._finish()
            self.abort()

    def on_body(self, data: bytes) -> None:
        room = self._keep - self._size
        self._size += len(data)
        if room > 0:
            self._body.append(data[:room])

    def on_message_complete(self) -> None:
        if 100 <= self._status < 200:
            self._status = 0
            self._headers = []
            return
        self._finish()
        # What is still to be sent belongs to a request that has been answered without it.
        if not self._parser.should_keep_alive() or self._transport.get_write_buffer_size():
            self.abort()

    # How it ends

    def _finish(self) -> None:
        truncated = self._size > self._keep
        body = b"".join(self._body)
        self._settle(Response(self._status, tuple(self._headers), body, truncated))

    def _end(self, error: Exception | None) -> None:
        if self._waiter is not None:
            if error is None and self._status and not _is_framed(self._headers):
                self._finish()
            else:
                self._settle(self._lost(error))
        self.abort()

    def _lost(self, error: Exception | None = None) -> Failure:
        did = "closed" if error is None else "reset"
        if self._status:
            when = f"after {self._status} and {self._size} bytes of the body: that is not all of it"
        elif self._received:
            when = "in the middle of the answer's head"
        else:
            when = "without an answer"
        return Failure("connection_reset", f"{self.peer} {did} the connection {when}.")

    def _fail(self, error: ErrorCode, detail: str) -> None:
        self._spoilt = Failure(error, detail)
        self._settle(self._spoilt)
        self.abort()

    def _settle(self, result: Result) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            self.ended_at = perf_counter()
            waiter.set_result(result)

    def _watch(self) -> None:
        # One timer serves many exchanges: it looks at the deadline of the day when it goes off.
        if self._timer is not None:
            if self._timer.when() <= self._deadline:
                return
            self._timer.cancel()
        self._timer = self._loop.call_at(self._deadline, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._waiter is None:
            return
        if self._loop.time() < self._deadline:
            self._watch()
            return
        seconds = f"{self._timeout_ms / 1000:g} s"
        if self._status:
            detail = f"{self.peer} answered {self._status}, but the body did not end in {seconds}."
        else:
            detail = f"{self.peer} did not answer in {seconds}."
        self._fail("timeout", detail)


def _is_framed(headers: Sequence[tuple[str, str]]) -> bool:
    """Say whether the headers tell where the body ends; without, it ends with the connection."""
    codings = [value for name, value in headers if name.lower() == "transfer-encoding"]
    if codings:
        return codings[-1].lower().rpartition(",")[2].strip() == "chunked"
    return any(name.lower() == "content-length" for name, _ in headers)


def _length(headers: Sequence[tuple[str, str]]) -> int:
    return sum(len(name) + len(value) for name, value in headers)


def _size(size: int) -> str:
    return f"{size // 1024} KiB" if size < 1024 * 1024 else f"{size // 1024 // 1024} MiB"
