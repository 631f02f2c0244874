"""What our server tells the capture receiver beyond ASGI."""

import asyncio
import socket

import pytest

from pivotal_sandbox.core.behaviour import Bin, Step
from pivotal_sandbox.store.captures import CaptureFilter
from pivotal_sandbox.web.server import Running


async def test_two_requests_on_one_connection_keep_their_own_headers(running: Running) -> None:
    host, port = running.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    for name in (b"X-First", b"x-SECOND"):
        writer.write(b"POST /in/p HTTP/1.1\r\nHost: x\r\n%b: 1\r\ncontent-length: 0\r\n\r\n" % name)
        await reader.readuntil(b"\r\n\r\n")
    writer.close()
    items, _ = await running.sandbox.captures.page(CaptureFilter(bin="p"), limit=10)
    assert [capture.headers[1][0] for capture in reversed(items)] == ["X-First", "x-SECOND"]


async def test_a_reset_is_a_rst_on_the_wire(running: Running) -> None:
    await running.sandbox.receiver.set_bin(Bin("r", (Step(reset=True),)))
    host, port = running.url.removeprefix("http://").split(":")
    loop = asyncio.get_running_loop()
    with socket.socket() as sock:
        sock.setblocking(False)
        await loop.sock_connect(sock, (host, int(port)))
        await loop.sock_sendall(
            sock, b"POST /in/r HTTP/1.1\r\nHost: x\r\ncontent-length: 0\r\n\r\n"
        )
        with pytest.raises(ConnectionResetError):
            await asyncio.wait_for(loop.sock_recv(sock, 100), 10)


async def test_bytes_that_are_no_http_get_a_400(running: Running) -> None:
    host, port = running.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"\x16\x03\x01 this is TLS\r\n\r\n")
    assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
    writer.close()
