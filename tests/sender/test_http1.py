"""One HTTP/1.1 connection with well-behaved and broken servers."""

import asyncio
import socket
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.sender.loops import LOOPS
from tests.sender.peer import Peer, Serve, answers

from pivotal_sandbox.common.urls import parse_url
from pivotal_sandbox.domain.models import ErrorCode, Headers, Request, Response
from pivotal_sandbox.domain.retry_policy import RESPONSE_KEPT
from pivotal_sandbox.errors import InputError
from pivotal_sandbox.sender.failures import Failure
from pivotal_sandbox.sender.http1 import MAX_HEAD, MAX_RESPONSE, Connection, Result, encode_head

BOTH_LOOPS = True

URL = parse_url("http://a.test/in?x=1")
REQUEST = b"POST / HTTP/1.1\r\nhost: a.test\r\ncontent-length: 2\r\n\r\nhi"
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
LONG = 10_000


async def call(port: int, *, body_limit: int = RESPONSE_KEPT) -> Connection:
    loop = asyncio.get_running_loop()
    _, connection = await loop.create_connection(
        lambda: Connection("a.test:80", body_limit=body_limit), "127.0.0.1", port
    )
    return connection


def expect(
    connection: Connection, timeout_ms: float = LONG, *, head_only: bool = False
) -> asyncio.Future[Result]:
    deadline = asyncio.get_running_loop().time() + timeout_ms / 1000
    return connection.expect_response(deadline, timeout_ms, head_only=head_only)


async def exchange(connection: Connection, timeout_ms: float = LONG) -> Result:
    answer = expect(connection, timeout_ms)
    connection.write(REQUEST)
    return await answer


# What is sent


def test_headers_are_sent_in_the_given_order_and_case() -> None:
    headers = (("Host", "a.test"), ("x-b", "1"), ("X-B", "é"), ("x-a", ""))
    request = Request("POST", "http://a.test/in?x=1", headers, b"{}")
    assert encode_head(request, URL) == (
        b"POST /in?x=1 HTTP/1.1\r\nHost: a.test\r\nx-b: 1\r\nX-B: \xe9\r\nx-a: \r\n\r\n"
    )


@pytest.mark.parametrize(
    ("method", "headers", "expected_detail"),
    [
        ("POST", (("x-a", "1\r\nx-b: 2"),), "line break"),
        ("POST", (("x-a", "1\nx-b: 2"),), "line break"),
        ("POST", (("x-a", "1\r"),), "line break"),
        ("POST", (("x-a\r\nx-b", "1"),), "line break"),
        ("GET / HTTP/1.1\r\nx-b: 2\r\n", (), "line break"),
        ("POST", (("x-a", "\0"),), "null character"),
        ("POST", (("x-a", "1 €"),), "'€'; headers are Latin-1"),
    ],
)
def test_a_head_that_http_cannot_carry_is_refused(
    method: str, headers: Headers, expected_detail: str
) -> None:
    with pytest.raises(InputError, match=expected_detail):
        encode_head(Request(method, "http://a.test/", headers, b""), URL)


async def test_a_request_can_be_written_in_pieces(serve: Serve) -> None:
    halfway = asyncio.Event()
    received: list[bytes] = []

    async def script(peer: Peer) -> None:
        received.append(await peer.reader.readexactly(10))
        halfway.set()
        received.append(await peer.reader.readexactly(len(REQUEST) - 10))
        await peer.send(OK)

    connection = await call(await serve(script))
    answer = expect(connection)
    connection.write(REQUEST[:10])
    await halfway.wait()
    connection.write(REQUEST[10:])
    assert await answer == Response(200, (("content-length", "2"),), b"ok")
    assert received == [REQUEST[:10], REQUEST[10:]]
    connection.abort()


async def test_a_request_can_be_aborted_before_the_response(serve: Serve) -> None:
    gone = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.wait_closed()
        gone.set()

    connection = await call(await serve(script))
    answer = expect(connection)
    connection.write(REQUEST)
    connection.abort()
    await gone.wait()
    await connection.closed.wait()
    assert not answer.done()
    connection.write(b"too late, and no harm done")


# What comes back

WHOLE = [
    pytest.param(OK, Response(200, (("content-length", "2"),), b"ok"), id="content-length"),
    pytest.param(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"3;ext=1\r\nabc\r\n2\r\nde\r\n0\r\nx-trailer: 1\r\n\r\n",
        Response(200, (("Transfer-Encoding", "chunked"),), b"abcde"),
        id="chunked",
    ),
    pytest.param(
        b"HTTP/1.1 500 No\r\nX-Case: Kept\r\nx-empty:\r\nset-cookie: a\r\nSet-Cookie: b\r\n"
        b"x-latin: \xe9\r\n\r\nuntil the end",
        Response(
            500,
            (
                ("X-Case", "Kept"),
                ("x-empty", ""),
                ("set-cookie", "a"),
                ("Set-Cookie", "b"),
                ("x-latin", "é"),
            ),
            b"until the end",
        ),
        id="until-close",
    ),
    pytest.param(
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked, gzip\r\n\r\nxyz",
        Response(200, (("transfer-encoding", "chunked, gzip"),), b"xyz"),
        id="until-close-in-another-coding",
    ),
    pytest.param(b"HTTP/1.0 200 OK\r\n\r\nold", Response(200, (), b"old"), id="http-1.0"),
    pytest.param(b"HTTP/1.1 204 No Content\r\n\r\n", Response(204, (), b""), id="204"),
    pytest.param(
        b"HTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\n\r\n",
        Response(304, (("content-length", "9"),), b""),
        id="304",
    ),
    pytest.param(
        b"HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n",
        Response(302, (("location", "/"), ("content-length", "0")), b""),
        id="a-redirect-is-an-answer",
    ),
    pytest.param(
        b"HTTP/1.1 100 Continue\r\nx: 1\r\n\r\nHTTP/1.1 103 Early\r\nlink: 2\r\n\r\n" + OK,
        Response(200, (("content-length", "2"),), b"ok"),
        id="interim-answers-are-passed-over",
    ),
    pytest.param(
        b"HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n",
        Response(200, (("content-length", "0"),), b""),
        id="no-reason",
    ),
    pytest.param(
        b"HTTP/1.1 999 ?\r\ncontent-length: 0\r\n\r\n",
        Response(999, (("content-length", "0"),), b""),
        id="999",
    ),
]


@pytest.mark.parametrize("piece", [1 << 20, 1])
@pytest.mark.parametrize(("sent", "response"), WHOLE)
async def test_a_response_is_returned_as_sent(
    serve: Serve, sent: bytes, response: Response, piece: int
) -> None:
    connection = await call(await serve(answers(sent, piece=piece)))
    assert await exchange(connection) == response
    await connection.closed.wait()


BROKEN: list[tuple[bytes, ErrorCode, str]] = [
    (b"", "connection_reset", "a.test:80 closed the connection without an answer."),
    (b"HTTP/1.1 2", "connection_reset", "closed the connection in the middle of the answer's head"),
    (b"HTTP/1.1 200 OK\r\na: 1\r\n", "connection_reset", "in the middle of the answer's head"),
    (b"HTTP/1.1 100 Continue\r\n\r\n", "connection_reset", "in the middle of the answer's head"),
    (
        b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc",
        "connection_reset",
        "after 200 and 3 bytes of the body: that is not all of it",
    ),
    (
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, Chunked\r\n\r\n3\r\nabc\r\n0\r\n",
        "connection_reset",
        "after 200 and 3 bytes of the body: that is not all of it",
    ),
    (b"Hello!\r\n", "protocol", "a.test:80 does not answer in HTTP/1.1: "),
    (b"SSH-2.0-OpenSSH_9.2\r\n", "protocol", "does not answer in HTTP/1.1"),
    (b"\x15\x03\x01\x00\x02\x02\x46", "protocol", "a.test:80 answers with TLS: use https://"),
    (b"\x16\x03\x01\x02\x00", "protocol", "a.test:80 answers with TLS: use https://"),
    (b"HTTP/2 200\r\n\r\n", "protocol", "does not answer in HTTP/1.1"),
    (b"HTTP/1.1 2x0 OK\r\n\r\n", "protocol", "does not answer in HTTP/1.1"),
    (b"HTTP/1.1 200 OK\ncontent-length: 0\n\n", "protocol", "does not answer in HTTP/1.1"),
    (b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "protocol", "does not answer in HTTP/1.1"),
    (b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n", "protocol", "does not answer in HTTP/1.1"),
    (
        b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
        "protocol",
        "does not answer in HTTP/1.1",
    ),
    (
        b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "protocol",
        "does not answer in HTTP/1.1",
    ),
    (
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        "protocol",
        "does not answer in HTTP/1.1",
    ),
    (b"HTTP/1.1 099 ?\r\n\r\n", "protocol", "answers with a status of less than 100"),
    (b"HTTP/1.1 101 ?\r\n\r\n", "protocol", "switches protocols, which nobody had asked for"),
    (
        b"HTTP/1.1 101 ?\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
        "protocol",
        "switches protocols, which nobody had asked for",
    ),
]


@pytest.mark.parametrize("piece", [1 << 20, 1])
@pytest.mark.parametrize(("sent", "error", "expected_detail"), BROKEN)
async def test_a_malformed_response_is_a_protocol_failure(
    serve: Serve, sent: bytes, error: ErrorCode, expected_detail: str, piece: int
) -> None:
    connection = await call(await serve(answers(sent, piece=piece)))
    failure = await exchange(connection)
    assert isinstance(failure, Failure)
    assert failure.error == error
    assert expected_detail in failure.detail
    assert failure.detail.endswith(".")
    assert failure.connected
    await connection.closed.wait()


@pytest.mark.parametrize(
    ("before", "expected_detail"),
    [
        (b"", "a.test:80 reset the connection without an answer."),
        (b"HTTP/1.1 200 OK\r\n\r\nabc", "reset the connection after 200 and 3 bytes of the body"),
    ],
)
async def test_a_lost_connection_says_how_far_the_response_had_come(
    serve: Serve, before: bytes, expected_detail: str
) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(before)
        peer.reset()

    connection = await call(await serve(script))
    failure = await exchange(connection)
    assert isinstance(failure, Failure)
    assert failure.error == "connection_reset"
    assert expected_detail in failure.detail
    assert not connection.alive
    await connection.closed.wait()


async def test_a_response_to_head_has_no_body_whatever_its_content_length(
    serve: Serve,
) -> None:
    sent = b"HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n"

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(sent)
        await peer.wait_closed()

    connection = await call(await serve(script))
    answer = expect(connection, head_only=True)
    connection.write(b"HEAD / HTTP/1.1\r\nhost: a.test\r\n\r\n")
    assert await answer == Response(200, (("content-length", "9"),), b"")
    assert not connection.alive
    await connection.closed.wait()


# How much of it


@pytest.mark.parametrize(
    ("size", "kept", "truncated"), [(9, 9, False), (10, 10, False), (11, 10, True), (99, 10, True)]
)
@pytest.mark.parametrize("piece", [1 << 20, 3])
async def test_a_response_body_is_cut_at_the_limit(
    serve: Serve, size: int, kept: int, truncated: bool, piece: int
) -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % size
    connection = await call(await serve(answers(head + b"x" * size, piece=piece)), body_limit=10)
    response = await exchange(connection)
    assert isinstance(response, Response)
    assert (response.body, response.truncated) == (b"x" * kept, truncated)
    connection.abort()


async def test_an_endless_body_is_a_protocol_failure(serve: Serve) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            await peer.send(b"x" * (1 << 20))

    connection = await call(await serve(script))
    assert await exchange(connection) == Failure("protocol", "a.test:80 sends more than 10 MiB.")
    await connection.closed.wait()


async def test_a_long_body_is_read_to_its_end(serve: Serve) -> None:
    size = MAX_RESPONSE - 1000
    head = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % size
    connection = await call(await serve(answers(head + b"x" * size, OK)))
    response = await exchange(connection)
    assert isinstance(response, Response)
    assert response.body == b"x" * RESPONSE_KEPT
    assert response.truncated
    assert isinstance(await exchange(connection), Response)
    connection.abort()


@pytest.mark.parametrize("piece", [1 << 20, 1000])
@pytest.mark.parametrize(
    "sent",
    [
        b"HTTP/1.1 200 OK\r\na: " + b"x" * MAX_HEAD + b"\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"a: 1\r\n" * MAX_HEAD,
        b"HTTP/1.1 100 Continue\r\n\r\n" * (MAX_HEAD // 25 + 1),
    ],
)
async def test_a_head_over_the_limit_is_a_protocol_failure(
    serve: Serve, sent: bytes, piece: int
) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(sent, piece=piece)
        await peer.wait_closed()

    connection = await call(await serve(script))
    assert await exchange(connection) == Failure(
        "protocol", "a.test:80 sends a head of more than 64 KiB."
    )
    await connection.closed.wait()


@pytest.mark.parametrize(("size", "taken"), [(MAX_HEAD, True), (MAX_HEAD + 1, False)])
async def test_body_bytes_do_not_count_towards_the_head_limit(size: int, taken: bool) -> None:
    value = "x" * (size - 1)
    head = f"HTTP/1.1 200 OK\r\na: {value}\r\n\r\n".encode()
    result, _ = await play(head + b"y" * 10_000, [16_000, 32_000, 48_000, 64_000])
    if taken:
        assert result == Response(200, (("a", value),), b"y" * 10_000)
    else:
        assert result == Failure("protocol", "a.test:80 sends a head of more than 64 KiB.")


# Many answers on one connection


@pytest.mark.parametrize(
    "first",
    [
        OK,
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\nok",
    ],
)
async def test_a_connection_serves_several_requests(serve: Serve, first: bytes) -> None:
    connection = await call(await serve(answers(first, OK, first)))
    for _ in range(3):
        assert connection.alive
        assert isinstance(await exchange(connection), Response)
    connection.abort()
    await connection.closed.wait()


@pytest.mark.parametrize(
    "last",
    [
        b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok",
        OK + OK,
        OK + b"HTTP/1.1 2",
        OK + b"x",
        OK + b"\0",
    ],
)
async def test_a_response_that_closes_the_connection_is_complete(serve: Serve, last: bytes) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(last)
        await peer.wait_closed()

    connection = await call(await serve(script))
    response = await exchange(connection)
    assert isinstance(response, Response)
    assert response.body == b"ok"
    assert not connection.alive
    await connection.closed.wait()


async def test_unexpected_bytes_close_the_connection(serve: Serve) -> None:
    answered = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK)
        await answered.wait()
        await peer.send(OK)
        await peer.wait_closed()

    connection = await call(await serve(script))
    assert isinstance(await exchange(connection), Response)
    assert connection.alive
    answered.set()
    await connection.closed.wait()
    assert not connection.alive


async def test_a_server_that_sends_first_is_a_protocol_failure(serve: Serve) -> None:
    async def script(peer: Peer) -> None:
        await peer.send(b"220 mail.a.test ESMTP\r\n")
        await peer.wait_closed()

    connection = await call(await serve(script))
    await connection.closed.wait()
    assert await exchange(connection) == Failure(
        "protocol", "a.test:80 sent bytes that nobody had asked for."
    )


async def test_a_connection_that_the_server_closes_is_not_alive(serve: Serve) -> None:
    connection = await call(await serve(answers(OK)))
    assert isinstance(await exchange(connection), Response)
    await connection.closed.wait()
    assert not connection.alive
    assert await exchange(connection) == Failure(
        "connection_reset", "a.test:80 closed the connection without an answer."
    )


# Answers before the request is whole


async def test_a_response_before_the_end_of_the_request_counts_although_the_connection_breaks(
    serve: Serve,
) -> None:
    async def script(peer: Peer) -> None:
        await peer.reader.readexactly(1000)
        await peer.send(b"HTTP/1.1 413 Too Large\r\ncontent-length: 3\r\n\r\nbig")
        peer.writer.close()  # with bytes unread, for which TCP sends a reset

    connection = await call(await serve(script))
    answer = expect(connection)
    connection.write(b"POST / HTTP/1.1\r\ncontent-length: 20000000\r\n\r\n" + b"x" * 20_000_000)
    assert await answer == Response(413, (("content-length", "3"),), b"big")
    await connection.closed.wait()


async def test_a_connection_with_an_unfinished_request_takes_no_other(serve: Serve) -> None:
    async def script(peer: Peer) -> None:
        await peer.reader.readexactly(1000)
        await peer.send(OK)
        await peer.wait_closed()

    connection = await call(await serve(script))
    answer = expect(connection)
    connection.write(b"POST / HTTP/1.1\r\ncontent-length: 20000000\r\n\r\n" + b"x" * 20_000_000)
    assert isinstance(await answer, Response)
    assert not connection.alive
    await connection.closed.wait()


async def test_a_complete_response_counts_although_the_request_is_not_sent_yet(
    serve: Serve,
) -> None:
    done = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.reader.readexactly(1000)
        await peer.send(b"HTTP/1.1 413 Too Large\r\n\r\nbig")
        peer.writer.write_eof()
        await done.wait()

    connection = await call(await serve(script))
    answer = expect(connection)
    connection.write(b"POST / HTTP/1.1\r\ncontent-length: 20000000\r\n\r\n" + b"x" * 20_000_000)
    assert await answer == Response(413, (), b"big")
    await connection.closed.wait()  # though the server would have waited for the rest
    done.set()


# In time


@pytest.mark.parametrize(
    ("before", "detail"),
    [
        (b"", "a.test:80 did not answer in 0.05 s."),
        (b"HTTP/1.1 200 OK\r\n", "a.test:80 did not answer in 0.05 s."),
        (
            b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc",
            "a.test:80 answered 200, but the body did not end in 0.05 s.",
        ),
    ],
)
async def test_a_response_that_does_not_end_in_time_is_a_timeout(
    serve: Serve, before: bytes, detail: str
) -> None:
    gone = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(before)
        await peer.wait_closed()
        gone.set()

    connection = await call(await serve(script))
    assert await exchange(connection, 50) == Failure("timeout", detail)
    await gone.wait()
    await connection.closed.wait()


@pytest.mark.parametrize("limits", [(LONG, 50), (30, LONG, 50), (50, 50)])
async def test_each_request_has_its_own_deadline(serve: Serve, limits: tuple[float, ...]) -> None:
    loop = asyncio.get_running_loop()

    async def script(peer: Peer) -> None:
        for number in range(len(limits) - 1):
            await peer.request()
            late = asyncio.Event()
            # The second answer comes when the time of the first would have been up.
            loop.call_later(0.06 * number, late.set)
            await late.wait()
            await peer.send(OK)
        await peer.request()
        await peer.wait_closed()

    connection = await call(await serve(script))
    for limit in limits[:-1]:
        assert isinstance(await exchange(connection, limit), Response)
    began = loop.time()
    failure = await exchange(connection, limits[-1])
    assert isinstance(failure, Failure)
    assert failure.error == "timeout"
    assert loop.time() - began >= limits[-1] / 1000 - 0.002  # uvloop counts whole milliseconds
    await connection.closed.wait()


async def test_an_idle_connection_does_not_time_out(serve: Serve) -> None:
    connection = await call(await serve(answers(OK, OK)))
    assert isinstance(await exchange(connection, 20), Response)
    late = asyncio.Event()
    asyncio.get_running_loop().call_later(0.04, late.set)
    await late.wait()
    assert isinstance(await exchange(connection), Response)
    connection.abort()
    await connection.closed.wait()


async def test_the_first_and_the_last_byte_are_timed(serve: Serve) -> None:
    later = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK[:-1])
        asyncio.get_running_loop().call_later(0.03, later.set)
        await later.wait()
        await peer.send(OK[-1:])
        await peer.wait_closed()

    connection = await call(await serve(script))
    await exchange(connection)
    assert connection.first_byte_at is not None
    assert 0.025 <= connection.ended_at - connection.first_byte_at < 1
    connection.abort()
    await connection.closed.wait()


async def test_a_cancelled_response_is_dropped(serve: Serve) -> None:
    connection = await call(await serve(answers(OK)))
    answer = expect(connection)
    connection.write(REQUEST)
    answer.cancel()
    await connection.closed.wait()
    assert answer.cancelled()


# Anything at all

PARTS = [
    b"HTTP/1.1 200 OK\r\n",
    b"HTTP/1.0 200 OK\r\n",
    b"HTTP/1.1 100 \r\n\r\n",
    b"HTTP/1.1 204 x\r\n",
    b"content-length: 3\r\n",
    b"content-length: 99\r\n",
    b"transfer-encoding: chunked\r\n",
    b"connection: close\r\n",
    b"connection: upgrade\r\nupgrade: x\r\n",
    b"x: y\r\n",
    b"\r\n",
    b"\n",
    b"abc",
    b"3\r\nabc\r\n",
    b"0\r\n\r\n",
    OK,
]
ANYTHING = st.lists(st.sampled_from(PARTS) | st.binary(max_size=8), max_size=8).map(b"".join)


async def play(data: bytes, cuts: list[int]) -> tuple[Result, bool]:
    """Return the result of receiving `data` in pieces and then the end of the stream."""
    ours, theirs = socket.socketpair()
    with theirs:
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(
            lambda: Connection("a.test:80", body_limit=RESPONSE_KEPT), sock=ours
        )
        answer = expect(connection)
        edges = sorted({0, *(cut % (len(data) + 1) for cut in cuts), len(data)})
        for start, end in pairwise(edges):
            if connection.alive:
                connection.get_buffer(-1)[: end - start] = data[start:end]
                connection.buffer_updated(end - start)
        alive = connection.alive
        theirs.shutdown(socket.SHUT_WR)
        result = await answer
        connection.abort()
        await connection.closed.wait()
        return result, alive


@pytest.mark.parametrize("loop", LOOPS)
def test_any_bytes_are_a_response_or_a_failure(loop: str) -> None:
    with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:

        @given(ANYTHING, st.lists(st.integers(0, 200), max_size=4))
        @example(b"", [])
        @example(OK + OK, [3, len(OK), len(OK) + 1])
        def check(data: bytes, cuts: list[int]) -> None:
            whole, alive = runner.run(play(data, []))
            cut, alive_when_cut = runner.run(play(data, cuts))
            assert isinstance(whole, Response | Failure)
            # However the bytes arrive, they are the same answer.
            assert type(cut) is type(whole)
            assert alive_when_cut == alive
            if isinstance(whole, Response):
                assert cut == whole
            else:
                assert isinstance(cut, Failure)
                assert cut.error == whole.error

        check()


@pytest.mark.parametrize("loop", LOOPS)
def test_a_response_is_parsed_as_the_server_meant_it(loop: str) -> None:
    token = st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,10}", fullmatch=True)
    text = st.from_regex(r"([!-~\xa1-\xff]([ -~\xa1-\xff]{0,9}[!-~\xa1-\xff])?)?", fullmatch=True)
    framing = {"content-length", "transfer-encoding", "connection", "upgrade", "proxy-connection"}
    headers = st.lists(
        st.tuples(token.filter(lambda name: name.lower() not in framing), text), max_size=5
    )
    status = st.integers(200, 599).filter(lambda status: status not in (204, 304))

    with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:

        @given(
            status,
            headers,
            st.binary(max_size=40),
            st.sampled_from(["length", "chunked", "close"]),
            st.lists(st.integers(0, 500), max_size=4),
        )
        def check(
            status: int,
            headers: list[tuple[str, str]],
            body: bytes,
            framing: str,
            cuts: list[int],
        ) -> None:
            sent = body
            if framing == "length":
                headers = [*headers, ("Content-Length", str(len(body)))]
            elif framing == "chunked":
                headers = [("Transfer-Encoding", "chunked"), *headers]
                sent = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
            lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
            head = f"HTTP/1.1 {status} Any\r\n{lines}\r\n".encode("latin-1")
            result, alive = runner.run(play(head + sent, cuts))
            assert result == Response(status, tuple(headers), body)
            assert alive

        check()
