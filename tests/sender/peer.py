"""Servers that run a script, to the byte."""

import asyncio
import os
import socket
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from ssl import SSLContext
from typing import Any, Protocol


@dataclass
class Peer:
    """The server's side of one connection; `number` counts from 1."""

    number: int
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def request(self) -> bytes:
        """Read one request, head and body."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = 0
        for line in head.lower().split(b"\r\n"):
            name, _, value = line.partition(b":")
            if name == b"content-length":
                length = int(value)
        return head + await self.reader.readexactly(length)

    async def send(self, data: bytes, *, piece: int = 1 << 20) -> None:
        """Send `data`, in pieces of that many bytes that arrive one by one."""
        for start in range(0, len(data), piece):
            if self.writer.transport.is_closing():  # uvloop raises no ConnectionError there
                raise ConnectionResetError
            self.writer.write(data[start : start + piece])
            await self.writer.drain()
            if piece < len(data):
                await asyncio.get_running_loop().run_in_executor(None, bool)

    async def wait_closed(self) -> None:
        """Wait until the client has closed the connection."""
        with suppress(ConnectionError):
            await self.reader.read()

    def reset(self) -> None:
        """Close with an RST."""
        fd = os.dup(self.writer.get_extra_info("socket").fileno())
        with socket.socket(fileno=fd) as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


Script = Callable[[Peer], Awaitable[None]]


def answers(*answers: bytes, piece: int = 1 << 20) -> Script:
    """Return a script that answers each request with the next of `answers`, then closes."""

    async def script(peer: Peer) -> None:
        for answer in answers:
            await peer.request()
            await peer.send(answer, piece=piece)

    return script


@dataclass
class ScriptedServers:
    """Servers that run a script on each connection."""

    servers: list[asyncio.Server] = field(default_factory=list)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    writers: list[asyncio.StreamWriter] = field(default_factory=list)
    loop_errors: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: self.loop_errors.append(context))

    async def serve(
        self, script: Script, *, host: str = "127.0.0.1", tls: SSLContext | None = None
    ) -> int:
        """Start a server and return its port; the connection is closed when the script ends."""
        count = 0

        async def run_script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal count
            count += 1
            try:
                await script(Peer(count, reader, writer))
            except (asyncio.IncompleteReadError, ConnectionError):
                pass  # the client left first, which is fine
            finally:
                writer.close()

        def on_connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.writers.append(writer)
            self.tasks.append(asyncio.get_running_loop().create_task(run_script(reader, writer)))

        server = await asyncio.start_server(on_connect, host, 0, ssl=tls)
        self.servers.append(server)
        port: int = server.sockets[0].getsockname()[1]
        return port

    async def close(self) -> None:
        for server in self.servers:
            server.close()
        for task in self.tasks:
            task.cancel()
        ends = await asyncio.gather(*self.tasks, return_exceptions=True)
        for writer in self.writers:
            with suppress(AttributeError):  # asyncio's, where the connection is lost already
                writer.transport.abort()
            with suppress(Exception):
                await writer.wait_closed()
        for end in ends:
            if isinstance(end, Exception):
                raise end
        assert self.loop_errors == [], "something raised into the event loop"


class Serve(Protocol):
    """Start a server that runs `script` on each connection, and return its port."""

    async def __call__(
        self, script: Script, *, host: str = "127.0.0.1", tls: SSLContext | None = None
    ) -> int: ...
