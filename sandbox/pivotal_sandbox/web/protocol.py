"""uvicorn's HTTP/1.1 protocol, which here also tells how the headers were really written."""

import socket
import struct
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from pivotal_sandbox.receive.capture import EXTENSION

# With no time to linger, closing sends RST at once (socket(7), SO_LINGER).
_NO_LINGER = struct.pack("ii", 1, 0)


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


class ObservingProtocol(HttpToolsProtocol):
    """Adds an ASGI extension: the headers in the case received, and a way to reset."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._observed = Connection(self.transport)
        extensions: dict[str, Any] = {EXTENSION: self._observed}
        self.scope["extensions"] = extensions

    def on_header(self, name: bytes, value: bytes) -> None:
        self._observed.headers.append((name, value))
        super().on_header(name, value)
