"""uvicorn's HTTP/1.1 protocol, which here also tells how the headers were really written.

It has limits: nobody keeps us waiting, or fills our memory, or takes all connections.
"""

import asyncio
import socket
import struct
from dataclasses import dataclass, field
from typing import Any

from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from pivotal_sandbox.receiver.capture import EXTENSION
from pivotal_sandbox.web.problem_details import problem

# With no time to linger, closing sends RST at once (socket(7), SO_LINGER).
_NO_LINGER = struct.pack("ii", 1, 0)
# A connection that is closed at once, with bytes unread, takes the answer with it.
_LAST_WORDS_S = 2.0


def descriptors() -> int:
    """Return how many files and sockets this process may have open."""
    try:
        import resource
    except ImportError:  # Windows sets no such limit
        return 4096
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 4096 if soft == resource.RLIM_INFINITY else soft


@dataclass(frozen=True, slots=True)
class Limits:
    """What one client may take: bytes of head, seconds to send, and connections of all."""

    head: int = 64 * 1024
    head_s: float = 20.0
    idle_s: float = 60.0
    connections: int = field(default_factory=lambda: min(2048, descriptors() // 2))


class Connection:
    """What the capture receiver wants of a connection beyond ASGI."""

    def __init__(self, transport: Any) -> None:
        self.headers: list[tuple[bytes, bytes]] = []
        self._transport = transport

    def reset(self) -> None:
        """End the connection as a crashed receiver does: by RST."""
        sock = self._transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self._transport.abort()


class ConnectionLimiter:
    """All open connections: so many and no more, and those that are too slow are sent away."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        # Both in order of time: the first has been idle, or busy, for longest.
        self._idle: dict[ObservingProtocol, None] = {}
        self._busy: dict[ObservingProtocol, None] = {}
        self._round: asyncio.TimerHandle | None = None

    def join(self, observing_protocol: "ObservingProtocol") -> None:
        """Take in a new connection; where that is one too many, the oldest idle one goes."""
        if len(self._idle) + len(self._busy) >= self.limits.connections:
            oldest = next(iter(self._idle or self._busy))
            self.leave(oldest)
            oldest.transport.abort()
        self._idle[observing_protocol] = None
        if self._round is None:
            self._look_around()

    def leave(self, observing_protocol: "ObservingProtocol") -> None:
        """Forget a connection."""
        self._idle.pop(observing_protocol, None)
        self._busy.pop(observing_protocol, None)

    def busy(self, observing_protocol: "ObservingProtocol") -> None:
        """Note that it is our turn on a connection."""
        if observing_protocol in self._idle:
            del self._idle[observing_protocol]
            self._busy[observing_protocol] = None

    def idle(self, observing_protocol: "ObservingProtocol") -> None:
        """Note that it is the client's turn."""
        if observing_protocol in self._busy:
            del self._busy[observing_protocol]
            self._idle[observing_protocol] = None

    def _look_around(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        for connection in list(self._idle):
            connection.check_arrival(now)
        for connection in [*self._idle, *self._busy]:
            connection.check_departure(now)
        seconds = min(self.limits.head_s, self.limits.idle_s) / 8
        others = bool(self._idle or self._busy)
        self._round = loop.call_later(seconds, self._look_around) if others else None


class _HeadTooLarge(Exception):
    """The headers are beyond what is read."""


class ObservingProtocol(HttpToolsProtocol):
    """Adds limits, and an ASGI extension: the headers in the case received, a way to reset."""

    def __init__(self, config: Config, state: ServerState, crowd: ConnectionLimiter) -> None:
        super().__init__(config, state, {})
        self.access_log = False  # it would keep the tokens that links carry
        self._crowd = crowd
        self._limits = crowd.limits
        self._head = 0  # bytes of the present message's URL, headers and trailers
        self._unread = 0  # bytes of which the parser has not said yet what they are
        self._heard = False
        self._begun = self._in_body = self._answering = False
        self._waiting_since = self._stalled_since = 0.0
        self._too_large = False
        self._refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._waiting_since = self.loop.time()
        self._crowd.join(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._crowd.leave(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        self._heard = False
        super().data_received(data)
        self._unread = 0 if self._heard else self._unread + len(data)
        if self._unread > self._limits.head:
            self._refuse_head()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head = 0
        self._begun, self._in_body, self._heard = True, False, True
        self._waiting_since = self.loop.time()
        self._observed = Connection(self.transport)
        extensions: dict[str, Any] = {EXTENSION: self._observed}
        self.scope["extensions"] = extensions

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value) + 4)
        self._observed.headers.append((name, value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._in_body = True
        self._waiting_since = self.loop.time()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._heard = True
        self._waiting_since = self.loop.time()
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._begun, self._in_body, self._heard = False, False, True
        super().on_message_complete()
        if not self.cycle.response_complete:  # or it was answered before its end
            self._answering = True
            self._crowd.busy(self)

    def on_response_complete(self) -> None:
        was_last = not self.pipeline
        super().on_response_complete()  # goes on to the next of the pipeline
        if was_last or (self._in_body and not self.pipeline):
            self._answering = False
            self._waiting_since = self.loop.time()
            self._crowd.idle(self)

    def pause_writing(self) -> None:
        self._stalled_since = self.loop.time()
        super().pause_writing()

    def send_400_response(self, msg: str) -> None:
        if self._too_large:
            self._refuse_head()
        else:
            self._refuse(400, "Bad Request", "This is no request that HTTP/1.1 knows.")

    def check_arrival(self, now: float) -> None:
        """Send away a client that is too slow with its request."""
        waited = now - self._waiting_since
        if self._in_body:
            if waited > self._limits.idle_s and not self.flow.read_paused:
                self._refuse(408, "Request Timeout", "The rest of the body did not arrive.")
        elif waited > self._limits.head_s:
            if self._begun:
                self._refuse(408, "Request Timeout", "The request did not arrive in time.")
            else:
                self.transport.close()

    def check_departure(self, now: float) -> None:
        """Drop a client that does not read its answer."""
        if self.flow.write_paused and now - self._stalled_since > self._limits.idle_s:
            self.transport.abort()

    def _count(self, size: int) -> None:
        self._heard = True
        self._head += size
        if self._head > self._limits.head:
            self._too_large = True
            raise _HeadTooLarge

    def _refuse_head(self) -> None:
        most = self._limits.head
        self._refuse(
            431, "Request Header Fields Too Large", f"URL and headers have at most {most} bytes."
        )

    def _refuse(self, status: int, title: str, detail: str) -> None:
        """Answer what is no request, or will never be one, and close the connection."""
        if self._refused or self.transport.is_closing():
            return
        self._refused = True
        if self._answering and not self._in_body:  # the requests before it are answered first
            self.cycle.keep_alive = False
            return
        if self._in_body:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
            if self._answering or self.cycle.response_started:
                self.transport.abort()
                return
        answer = problem(status, title, detail)
        headers = [*answer.raw_headers, (b"connection", b"close")]
        lines = [b"%b: %b\r\n" % header for header in headers]
        self.transport.write(b"".join([STATUS_LINE[status], *lines, b"\r\n", bytes(answer.body)]))
        self.transport.write_eof()
        self.loop.call_later(_LAST_WORDS_S, self.transport.abort)
