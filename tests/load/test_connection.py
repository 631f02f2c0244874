import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trustme

from pivotal_sandbox.clock import sleep
from pivotal_sandbox.common.urls import parse_url
from pivotal_sandbox.load.connection import KNOWN_BYTES, KNOWN_MOST, LoadConnection
from pivotal_sandbox.sender.egress import AddressGuard
from pivotal_sandbox.sender.pool import Pool

NO_CONTENT = b"HTTP/1.1 204 No Content\r\n\r\n"
FAILED = b"HTTP/1.1 500 Oops\r\ncontent-length: 4\r\n\r\noops"
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"
PAUSE = b"|"  # what comes after it is sent 20 ms later
END = b"."  # then the connection is closed


class Talk:
    """A lane, what it was told, and how often an answer was parsed."""

    def __init__(self, lane: LoadConnection, told: asyncio.Queue[str]) -> None:
        self.lane = lane
        self._told = told

    async def ask(self) -> str:
        """Send a request and return what it was answered."""
        self.lane.send(b"?", 0, 0)
        return await asyncio.wait_for(self._told.get(), 10)

    def silent(self) -> bool:
        """Say whether nothing more was told."""
        return self._told.empty()


@asynccontextmanager
async def talking(
    *answers: bytes,
    known: dict[bytes, str] | None = None,
    timeout_ms: float = 5_000,
    tls: tuple[ssl.SSLContext, ssl.SSLContext] | tuple[None, None] = (None, None),
) -> AsyncIterator[Talk]:
    """Open a lane to a server that answers each "?" with the next of these."""
    turn = iter(answers)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(1):
            answer = next(turn, END)
            for number, piece in enumerate(answer.removesuffix(END).split(PAUSE)):
                if number:
                    await sleep(20)
                writer.write(piece)
            if answer.endswith(END):
                break
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls[0])
    url = parse_url(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    told: asyncio.Queue[str] = asyncio.Queue()
    lane = await Pool(AddressGuard()).connect(
        url,
        asyncio.get_running_loop().time() + 5,
        5_000,
        tls[1],
        make=lambda peer: LoadConnection(
            peer,
            known={} if known is None else known,
            done=lambda lane, answer: told.put_nowait(answer),
            timeout_ms=timeout_ms,
        ),
    )
    assert isinstance(lane, LoadConnection)
    try:
        yield Talk(lane, told)
    finally:
        lane.forget()
        await lane.closed.wait()
        server.close()


async def test_an_answer_is_known_again_and_means_the_same() -> None:
    known: dict[bytes, str] = {}
    async with talking(NO_CONTENT, FAILED, NO_CONTENT, CHUNKED, FAILED, known=known) as talk:
        assert [await talk.ask() for _ in range(5)] == ["204", "500", "204", "200", "500"]
        assert talk.lane.alive
    assert known == {NO_CONTENT: "204", FAILED: "500", CHUNKED: "200"}


async def test_what_is_known_is_not_parsed() -> None:
    async with talking(NO_CONTENT, known={NO_CONTENT: "as known"}) as talk:
        assert await talk.ask() == "as known"


async def test_an_answer_in_pieces_is_read_to_its_end_and_not_remembered() -> None:
    known = {FAILED: "500"}
    pieces = FAILED.replace(b"\r\n\r\n", b"\r\n|\r\n").replace(b"oops", b"oo|ps")
    async with talking(FAILED, pieces, FAILED, known=known) as talk:
        assert [await talk.ask() for _ in range(3)] == ["500", "500", "500"]
    assert known == {FAILED: "500"}


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n",
    ],
)
async def test_an_answer_that_ends_the_connection_is_no_other_that_looks_like_it(
    answer: bytes,
) -> None:
    known: dict[bytes, str] = {}
    async with talking(answer, known=known) as talk:
        assert await talk.ask() == "200"
        assert not talk.lane.alive
    assert known == {}


async def test_a_body_that_ends_with_the_connection_is_an_answer() -> None:
    async with talking(b"HTTP/1.1 200 OK\r\n\r\nhi.") as talk:
        assert await talk.ask() == "200"
        assert not talk.lane.alive


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"nonsense\r\n\r\n", "protocol"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhi.", "connection_reset"),
        (END, "connection_reset"),
    ],
)
async def test_what_is_no_answer_is_told_by_its_code(answer: bytes, told: str) -> None:
    async with talking(answer) as talk:
        assert await talk.ask() == told
        assert talk.silent()


async def test_a_reused_connection_that_closes_without_a_response_is_reset() -> None:
    async with talking(NO_CONTENT, END) as talk:
        assert await talk.ask() == "204"
        assert await talk.ask() == "connection_reset"
        assert talk.silent()


async def test_bytes_that_nobody_asked_for_end_the_connection() -> None:
    async with talking(NO_CONTENT + PAUSE + NO_CONTENT) as talk:
        assert await talk.ask() == "204"
        await asyncio.wait_for(talk.lane.closed.wait(), 10)
        assert not talk.lane.alive
        assert talk.silent()


async def test_silence_is_a_timeout_each_request_having_its_own() -> None:
    async with talking(PAUSE * 5 + NO_CONTENT, b"", timeout_ms=200) as talk:
        assert await talk.ask() == "204"
        began = asyncio.get_running_loop().time()
        assert await talk.ask() == "timeout"
        # Not when the first one would have been due: that timer had been set before.
        assert asyncio.get_running_loop().time() - began > 0.19
        assert not talk.lane.alive


async def test_an_answer_that_stops_half_way_is_a_timeout() -> None:
    async with talking(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhi", timeout_ms=50) as talk:
        assert await talk.ask() == "timeout"


async def test_a_receiver_that_makes_each_answer_new_does_not_fill_the_memory() -> None:
    answers = [
        b"HTTP/1.1 204 No Content\r\nx-request-id: %d\r\n\r\n" % number
        for number in range(KNOWN_MOST + 10)
    ]
    long = b"HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n" + b"x" * 5000
    assert len(long) > KNOWN_BYTES
    known: dict[bytes, str] = {}
    async with talking(*answers, long, known=known) as talk:
        assert {await talk.ask() for _ in answers} == {"204"}
        assert await talk.ask() == "200"
    assert len(known) == 10


async def test_over_tls_it_is_the_same() -> None:
    authority = trustme.CA()
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(server)
    authority.configure_trust(client)
    async with talking(NO_CONTENT, FAILED, NO_CONTENT, END, tls=(server, client)) as talk:
        assert [await talk.ask() for _ in range(4)] == ["204", "500", "204", "connection_reset"]
