"""A small HTTP/1.1 server for receivers that a test makes up, in the test's own event loop."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus


@dataclass(frozen=True)
class Request:
    """What came in: header names as they were written, the whole body."""

    method: str
    path: str
    headers: list[tuple[str, str]]
    body: bytes
    pieces: int = 1

    def all(self, name: str) -> list[str]:
        """Return the values of a header."""
        return [value for key, value in self.headers if key.lower() == name]

    def get(self, name: str) -> str | None:
        """Return a header as most servers give it: repeated ones joined."""
        values = self.all(name)
        return ", ".join(values) if values else None


@dataclass(frozen=True)
class Answer:
    """What goes back."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


class Died(Exception):
    """The process of this receiver would end here."""


class Dropped(Exception):
    """The connection is closed here, without an answer."""


Handler = Callable[[Request], Awaitable[Answer]]


@asynccontextmanager
async def serving(handler: Handler, *, reads_chunks: bool = True) -> AsyncIterator[str]:
    """Serve a handler on loopback; yield its URL. What the handler raises is a 500."""
    server: asyncio.Server
    cut_short = getattr(handler, "cut_short", None)
    writers: set[asyncio.StreamWriter] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.add(writer)
        try:
            while request := await _read(reader, writer, reads_chunks, cut_short):
                try:
                    answer = await handler(request)
                except Died:
                    server.close()
                    for writer in list(writers):
                        writer.transport.abort()
                    return
                except Dropped:
                    return
                except Exception:
                    answer = Answer(500, b"Internal Server Error")
                writer.write(_encode(answer))
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writers.discard(writer)
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0, limit=256 * 1024, backlog=200)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}/webhooks/pivotal"
    finally:
        server.close()
        for writer in list(writers):
            writer.transport.abort()


async def _read(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    reads_chunks: bool,
    cut_short: Callable[[bytes], Awaitable[None]] | None,
) -> Request | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    method, path, _ = first.split(" ")
    headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    request = Request(method, path, headers, b"")
    if request.get("expect"):
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    content, pieces = b"", 0
    if "chunked" in (request.get("transfer-encoding") or ""):
        while size := int(await reader.readuntil(b"\r\n"), 16):
            content += (await reader.readexactly(size + 2))[:-2]
            pieces += 1
        await reader.readexactly(2)
        return Request(method, path, headers, content if reads_chunks else b"", pieces)
    length = int(request.get("content-length") or 0)
    while len(content) < length:
        piece = await reader.read(length - len(content))
        if not piece:
            if cut_short is not None:
                await cut_short(content)
            raise asyncio.IncompleteReadError(content, length)
        content += piece
        pieces += 1
    return Request(method, path, headers, content, pieces)


def _encode(answer: Answer) -> bytes:
    phrase = HTTPStatus(answer.status).phrase
    lines = [f"HTTP/1.1 {answer.status} {phrase}", f"content-length: {len(answer.body)}"]
    lines += [f"{name}: {value}" for name, value in answer.headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + answer.body
