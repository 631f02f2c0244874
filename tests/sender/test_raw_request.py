"""Requests written in an unusual way, received by servers that read bytes; on both loops."""

import asyncio
import ssl
from contextlib import suppress

import pytest
import trustme
from msgspec.structs import replace
from tests.sender.peer import Peer, Script, Serve, answers

from pivotal_sandbox.domain.models import Outcome, Request, Wire
from pivotal_sandbox.errors import InputError
from pivotal_sandbox.sender.egress import AddressGuard
from pivotal_sandbox.sender.sender import Sender

BOTH_LOOPS = True
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
CA = trustme.CA()


def server_tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    CA.issue_cert("localhost").configure_cert(context)
    return context


def trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    CA.configure_trust(context)
    return context


def post(port: int, wire: Wire, body: bytes = b"0123456789", scheme: str = "http") -> Request:
    host = f"localhost:{port}"
    length = (
        ("transfer-encoding", "chunked") if wire.chunked else ("content-length", str(len(body)))
    )
    return Request("POST", f"{scheme}://{host}/in", (("host", host), length), body, wire)


async def sent(request: Request, timeout_ms: int = 2000) -> Outcome:
    sender = Sender(guard=AddressGuard(), timeout_ms=timeout_ms, ssl_context=trusting())
    try:
        return await sender.send(request)
    finally:
        await sender.close()


def listener(received: list[object]) -> Script:
    """Return a script that records each piece that arrives, and how the connection ended."""

    async def script(peer: Peer) -> None:
        try:
            while data := await peer.reader.read(1 << 16):
                received.append(data)
            received.append("closed")
        except ConnectionResetError:
            received.append("reset")

    return script


async def test_a_body_can_be_sent_in_pieces(serve: Serve) -> None:
    received: list[bytes] = []

    async def script(peer: Peer) -> None:
        received.append(await peer.reader.readuntil(b"\r\n\r\n"))
        while sum(map(len, received[1:])) < 10:
            received.append(await peer.reader.read(100))
        await peer.send(OK)

    port = await serve(script)
    outcome = await sent(post(port, Wire(pieces=4, pause_ms=30)))
    assert received[1:] == [b"012", b"345", b"678", b"9"]
    assert outcome.response is not None
    assert outcome.response.body == b"ok"
    assert outcome.timing.total_ms >= 90
    assert outcome.timing.connect_ms is not None
    assert outcome.timing.first_byte_ms is not None


async def test_a_response_in_the_middle_ends_the_request(serve: Serve) -> None:
    async def script(peer: Peer) -> None:
        await peer.reader.readuntil(b"\r\n\r\n")
        await peer.send(b"HTTP/1.1 401 No\r\ncontent-length: 0\r\n\r\n")
        await peer.wait_closed()

    outcome = await sent(post(await serve(script), Wire(pieces=10, pause_ms=60_000)))
    assert outcome.response is not None
    assert outcome.response.status_code == 401


async def test_a_server_that_closes_in_the_middle_is_a_reset_connection(serve: Serve) -> None:
    async def script(peer: Peer) -> None:
        await peer.reader.readuntil(b"\r\n\r\n")

    outcome = await sent(post(await serve(script), Wire(pieces=10, pause_ms=60_000)))
    assert outcome.error == "connection_reset"


async def test_the_timeout_applies_to_slow_sending(serve: Serve) -> None:
    received: list[object] = []
    wire = Wire(pieces=10, pause_ms=60_000)
    outcome = await sent(post(await serve(listener(received)), wire), timeout_ms=50)
    assert outcome.error == "timeout"


async def test_chunks_are_framed_exactly(serve: Serve) -> None:
    bodies: list[bytes] = []

    async def script(peer: Peer) -> None:
        await peer.reader.readuntil(b"\r\n\r\n")
        bodies.append(await peer.reader.readuntil(b"0\r\n\r\n"))
        await peer.send(OK)

    port = await serve(script)
    outcome = await sent(post(port, Wire(chunked=True, pieces=4), b"a" * 33))
    assert bodies == [(b"9\r\n" + b"a" * 9 + b"\r\n") * 3 + b"6\r\n" + b"a" * 6 + b"\r\n0\r\n\r\n"]
    assert outcome.ok
    await sent(post(port, Wire(chunked=True, pieces=4), b""))
    assert bodies[1] == b"0\r\n\r\n"


async def test_reset_sends_an_rst(serve: Serve) -> None:
    received: list[object] = []
    ended = asyncio.Event()

    async def script(peer: Peer) -> None:
        await listener(received)(peer)
        ended.set()

    port = await serve(script)
    outcome = await sent(post(port, Wire(cut_at=4, ending="reset", pause_ms=30)))
    await asyncio.wait_for(ended.wait(), 5)
    assert b"".join(chunk for chunk in received if isinstance(chunk, bytes)).endswith(
        b"\r\n\r\n0123"
    )
    assert received[-1] == "reset"
    assert outcome.error == "connection_reset"
    assert outcome.detail == "The fault reset the connection after 4 of the 10 bytes of the body."


async def test_a_half_close_ends_the_request_and_still_reads_the_response(serve: Serve) -> None:
    received: list[object] = []

    async def script(peer: Peer) -> None:
        await listener(received)(peer)
        await peer.send(b"HTTP/1.1 400 Bad\r\ncontent-length: 0\r\n\r\n")

    outcome = await sent(post(await serve(script), Wire(cut_at=4, ending="half-close")))
    assert received[-1] == "closed"
    assert outcome.response is not None
    assert outcome.response.status_code == 400


async def test_leaving_reads_no_response(serve: Serve) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK)
        await peer.wait_closed()

    outcome = await sent(post(await serve(script), Wire(ending="leave", pause_ms=50)))
    assert (outcome.error, outcome.response) == ("timeout", None)
    assert outcome.timing.first_byte_ms is None
    assert outcome.detail == "The fault had the sender leave 0.05 s after it had sent all."


@pytest.mark.parametrize("ending", ["reset", "leave", "half-close", "answer"])
async def test_a_raw_requests_connection_is_not_reused(serve: Serve, ending: str) -> None:
    received: list[object] = []

    async def script(peer: Peer) -> None:
        received.append(peer.number)
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while await peer.request():
                await peer.send(OK)

    port = await serve(script)
    sender = Sender(guard=AddressGuard(), timeout_ms=2000)
    plain = replace(post(port, Wire()), wire=None)
    assert (await sender.send(plain)).ok
    await sender.send(post(port, Wire(ending=ending, pause_ms=1)))  # type: ignore[arg-type]
    assert (await sender.send(plain)).ok
    await sender.close()
    assert received == [1, 2]


async def test_a_raw_request_to_a_closed_port_is_refused(closed_port: int) -> None:
    outcome = await sent(post(closed_port, Wire(pieces=8)))
    assert outcome.error == "connection_refused"
    assert outcome.timing.connect_ms is None


async def test_a_raw_request_is_guarded() -> None:
    request = post(1, Wire(chunked=True))
    outcome = await sent(replace(request, url="http://192.0.2.1/"))
    assert outcome.error == "blocked"


async def test_headers_that_cannot_be_sent_are_refused(closed_port: int) -> None:
    request = replace(post(closed_port, Wire()), headers=(("x-a", "1\r\nx-b: 2"),))
    with pytest.raises(InputError, match="line break"):
        await sent(request)


async def test_a_raw_request_can_use_tls(serve: Serve) -> None:
    port = await serve(answers(OK), tls=server_tls())
    outcome = await sent(post(port, Wire(pieces=4, pause_ms=1), scheme="https"))
    assert outcome.ok


async def test_reset_over_tls_sends_an_rst(serve: Serve) -> None:
    received: list[object] = []
    ended = asyncio.Event()

    async def script(peer: Peer) -> None:
        await listener(received)(peer)
        ended.set()

    port = await serve(script, tls=server_tls())
    wire = Wire(cut_at=4, ending="reset", pause_ms=30)
    assert (await sent(post(port, wire, scheme="https"))).error == "connection_reset"
    await asyncio.wait_for(ended.wait(), 5)
    assert received[-1] == "reset"


async def test_a_half_close_over_tls_waits_until_the_timeout(serve: Serve) -> None:
    received: list[object] = []
    port = await serve(listener(received), tls=server_tls())
    wire = Wire(cut_at=4, ending="half-close")
    outcome = await sent(post(port, wire, scheme="https"), timeout_ms=200)
    assert outcome.error == "timeout"


async def test_an_untrusted_certificate_is_a_tls_failure(serve: Serve) -> None:
    port = await serve(answers(OK), tls=server_tls())
    sender = Sender(guard=AddressGuard())
    outcome = await sender.send(post(port, Wire(), scheme="https"))
    await sender.close()
    assert outcome.error == "tls"
    assert outcome.detail is not None
    assert outcome.detail.startswith(f"TLS with localhost:{port} failed: ")
