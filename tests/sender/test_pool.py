"""Exchanges over plain HTTP on pooled connections."""

import asyncio
import gc
import socket
import threading
from collections import Counter
from collections.abc import AsyncIterator

import pytest
from tests.sender.peer import Peer, Serve, answers

from pivotal_sandbox.domain.models import Outcome, Request, Response
from pivotal_sandbox.domain.retry_policy import RESPONSE_KEPT
from pivotal_sandbox.errors import InputError
from pivotal_sandbox.sender.egress import AddressGuard
from pivotal_sandbox.sender.http1 import Connection
from pivotal_sandbox.sender.pool import Pool

BOTH_LOOPS = True

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
CLOSE = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok"
LONG = 10_000


def post(port: int, *, host: str = "127.0.0.1", body: bytes = b"hi") -> Request:
    headers = (("host", f"{host}:{port}"), ("content-length", str(len(body))))
    return Request("POST", f"http://{host}:{port}/in", headers, body)


@pytest.fixture
async def pool() -> AsyncIterator[Pool]:
    pool = Pool(AddressGuard())
    yield pool
    await pool.close()


def facts(outcome: Outcome) -> tuple[object, ...]:
    return outcome.response, outcome.error, outcome.detail


async def test_an_exchange_carries_the_request_to_the_byte(pool: Pool, serve: Serve) -> None:
    received: list[bytes] = []

    async def script(peer: Peer) -> None:
        received.append(await peer.request())
        await peer.send(b"HTTP/1.1 202 Fine\r\nX-Case: Kept\r\ncontent-length: 1\r\n\r\n!")

    port = await serve(script)
    request = Request(
        "POST",
        f"http://127.0.0.1:{port}/in?x=1#there",
        (("Host", "a.test"), ("X-B", "2"), ("x-a", "1"), ("content-length", "5")),
        b"\x00\r\n\r\n",
    )
    outcome = await pool.exchange(request, timeout_ms=LONG)
    assert received == [
        b"POST /in?x=1 HTTP/1.1\r\nHost: a.test\r\nX-B: 2\r\nx-a: 1\r\ncontent-length: 5\r\n\r\n"
        b"\x00\r\n\r\n"
    ]
    assert outcome.ok
    assert outcome.response == Response(202, (("X-Case", "Kept"), ("content-length", "1")), b"!")
    assert outcome.error is None
    assert outcome.detail is None


async def test_the_parts_of_an_exchange_are_timed(pool: Pool, serve: Serve) -> None:
    loop = asyncio.get_running_loop()

    async def script(peer: Peer) -> None:
        while True:
            await peer.request()
            for part in (OK[:-1], OK[-1:]):
                later = asyncio.Event()
                loop.call_later(0.03, later.set)
                await later.wait()
                await peer.send(part)

    port = await serve(script)
    first = (await pool.exchange(post(port), timeout_ms=LONG)).timing
    assert first.connect_ms is not None
    assert first.first_byte_ms is not None
    assert 0.01 < first.connect_ms < first.first_byte_ms - 25
    assert first.first_byte_ms + 25 < first.total_ms < 2000
    assert first.tls_ms is None

    second = (await pool.exchange(post(port), timeout_ms=LONG)).timing
    assert second.connect_ms is None
    assert second.first_byte_ms is not None
    assert 25 < second.first_byte_ms < second.total_ms - 25


async def test_sequential_requests_share_a_connection(pool: Pool, serve: Serve) -> None:
    connections: Counter[int] = Counter()

    async def script(peer: Peer) -> None:
        while True:
            await peer.request()
            connections[peer.number] += 1
            await peer.send(OK)

    port = await serve(script)
    for _ in range(5):
        assert (await pool.exchange(post(port), timeout_ms=LONG)).ok
    assert connections == {1: 5}


async def test_the_connection_used_last_is_taken_first(pool: Pool, serve: Serve) -> None:
    both = asyncio.Barrier(2)
    second_answered = asyncio.Event()
    order: list[int] = []

    async def script(peer: Peer) -> None:
        await peer.request()
        await both.wait()
        if peer.number == 1:
            await second_answered.wait()
        await peer.send(OK)
        while True:
            await peer.request()
            order.append(peer.number)
            await peer.send(OK)

    port = await serve(script)

    async def first() -> None:
        await pool.exchange(post(port), timeout_ms=LONG)

    async def second() -> None:
        await pool.exchange(post(port), timeout_ms=LONG)
        second_answered.set()

    await asyncio.gather(first(), second())
    for _ in range(3):
        await pool.exchange(post(port), timeout_ms=LONG)
    assert len(set(order)) == 1


async def test_origins_do_not_share_connections(pool: Pool, serve: Serve) -> None:
    url = await serve(answers(OK, CLOSE))
    other = await serve(answers(CLOSE, OK))
    for port in (url, other, url, other):
        assert (await pool.exchange(post(port), timeout_ms=LONG)).ok


@pytest.mark.parametrize("last", [CLOSE, OK + OK])
async def test_a_closed_connection_is_not_reused(pool: Pool, serve: Serve, last: bytes) -> None:
    numbers: list[int] = []

    async def script(peer: Peer) -> None:
        await peer.request()
        numbers.append(peer.number)
        await peer.send(last)
        await peer.wait_closed()

    port = await serve(script)
    for _ in range(3):
        outcome = await pool.exchange(post(port), timeout_ms=LONG)
        assert outcome.response is not None
        assert outcome.response.body == b"ok"
        assert outcome.timing.connect_ms is not None
    assert numbers == [1, 2, 3]


async def test_an_idle_connection_that_the_server_closes_is_replaced(
    pool: Pool, serve: Serve
) -> None:
    requests, gone = 0, asyncio.Semaphore(0)

    async def script(peer: Peer) -> None:
        nonlocal requests
        await peer.request()
        requests += 1
        await peer.send(OK)
        peer.writer.write_eof()
        await peer.wait_closed()
        gone.release()

    port = await serve(script)
    for _ in range(3):
        outcome = await pool.exchange(post(port), timeout_ms=LONG)
        assert outcome.ok
        assert outcome.timing.connect_ms is not None
        await gone.acquire()
    assert requests == 3


@pytest.mark.parametrize("ending", ["close", "reset"])
async def test_a_request_on_a_connection_that_closes_is_a_reset_and_not_sent_again(
    pool: Pool, serve: Serve, ending: str
) -> None:
    requests: list[int] = []

    async def script(peer: Peer) -> None:
        await peer.request()
        requests.append(peer.number)
        await peer.send(OK)
        await peer.request()
        requests.append(peer.number)
        if ending == "reset":
            peer.reset()

    port = await serve(script)
    assert (await pool.exchange(post(port), timeout_ms=LONG)).ok
    outcome = await pool.exchange(post(port), timeout_ms=LONG)
    assert outcome.error == "connection_reset"
    assert outcome.detail is not None
    assert outcome.detail.startswith(f"127.0.0.1:{port} ")
    assert outcome.detail.endswith("the connection without an answer.")
    assert requests == [1, 1]
    assert (await pool.exchange(post(port), timeout_ms=LONG)).ok
    assert requests == [1, 1, 2]


async def test_a_close_that_the_event_loop_has_not_read_yet_is_noticed_before_sending(
    pool: Pool,
) -> None:
    requests = 0

    def answer_once(server: socket.socket) -> None:
        nonlocal requests
        server.settimeout(5)
        connection, _ = server.accept()
        with connection:
            connection.recv(65536)
            requests += 1
            connection.sendall(OK)
            closing.wait(5)
        closed.set()

    closing, closed = threading.Event(), threading.Event()
    loop = asyncio.get_running_loop()
    answered = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        for _ in range(3):
            closing.clear()
            closed.clear()
            answered.append(loop.run_in_executor(None, answer_once, server))
            outcome = await pool.exchange(post(port), timeout_ms=LONG)
            assert outcome.ok
            closing.set()
            assert closed.wait(10)  # blocks the event loop, so that it cannot read the close
        await asyncio.gather(*answered)
    assert requests == 3


async def test_an_idle_connection_is_not_reused_after_the_time_that_servers_keep_it(
    pool: Pool, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers: list[int] = []

    async def script(peer: Peer) -> None:
        while True:
            await peer.request()
            numbers.append(peer.number)
            await peer.send(OK)

    port = await serve(script)
    for max_idle_s in (1.5, 1.5, 0.0):
        monkeypatch.setattr("pivotal_sandbox.sender.http1._MAX_IDLE_S", max_idle_s)
        assert (await pool.exchange(post(port), timeout_ms=LONG)).ok
    assert numbers == [1, 1, 2]


@pytest.mark.parametrize(
    ("sent", "error"),
    [(b"H", "connection_reset"), (b"?", "protocol"), (OK[:-1], "connection_reset")],
)
async def test_a_request_that_was_answered_at_all_is_not_sent_again(
    pool: Pool, serve: Serve, sent: bytes, error: str
) -> None:
    port = await serve(answers(OK, sent))
    assert (await pool.exchange(post(port), timeout_ms=LONG)).ok
    outcome = await pool.exchange(post(port), timeout_ms=LONG)
    assert outcome.error == error
    assert not outcome.ok


async def test_a_request_that_ran_out_of_time_is_not_sent_again(pool: Pool, serve: Serve) -> None:
    numbers: list[int] = []

    async def script(peer: Peer) -> None:
        numbers.append(peer.number)
        await peer.request()
        await peer.send(OK)
        await peer.request()
        await peer.wait_closed()

    port = await serve(script)
    assert (await pool.exchange(post(port), timeout_ms=LONG)).ok
    outcome = await pool.exchange(post(port), timeout_ms=40)
    assert outcome.error == "timeout"
    assert outcome.detail == f"127.0.0.1:{port} did not answer in 0.04 s."
    assert 38 <= outcome.timing.total_ms < 2000
    assert numbers == [1]


async def test_a_fresh_connection_that_closes_without_an_answer_is_a_reset(
    pool: Pool, serve: Serve
) -> None:
    async def script(peer: Peer) -> None:
        numbers.append(peer.number)

    numbers: list[int] = []
    port = await serve(script)
    outcome = await pool.exchange(post(port), timeout_ms=LONG)
    assert outcome.error == "connection_reset"
    assert outcome.timing.connect_ms is not None
    assert outcome.timing.first_byte_ms is None
    assert numbers == [1]


async def test_a_closed_port_is_connection_refused(pool: Pool, closed_port: int) -> None:
    outcome = await pool.exchange(post(closed_port), timeout_ms=LONG)
    assert facts(outcome) == (
        None,
        "connection_refused",
        f"Nobody listens on 127.0.0.1:{closed_port}: connection refused.",
    )
    assert outcome.timing.total_ms > 0
    assert outcome.timing.connect_ms is None


async def test_a_failure_names_the_default_port(pool: Pool) -> None:
    request = Request("GET", "http://[::1]/", (("host", "[::1]"),), b"")
    with socket.socket(socket.AF_INET6) as sock:
        if sock.connect_ex(("::1", 80)) == 0:
            pytest.skip("something listens on port 80 of this machine")
    outcome = await pool.exchange(request, timeout_ms=LONG)
    assert outcome.error == "connection_refused"
    assert outcome.detail is not None
    assert "[::1]:80" in outcome.detail


async def test_an_unknown_name_fails_with_dns() -> None:
    request = Request("GET", "http://nobody.invalid/", (), b"")
    outcome = await Pool(AddressGuard()).exchange(request, timeout_ms=LONG)
    assert outcome.error == "dns"
    assert outcome.detail is not None
    assert "The name nobody.invalid cannot be resolved" in outcome.detail


async def test_an_address_that_is_not_allowed_is_not_connected_to(pool: Pool, serve: Serve) -> None:
    met: list[int] = []

    async def script(peer: Peer) -> None:
        met.append(peer.number)
        await peer.request()
        await peer.send(OK)

    port = await serve(script, host="0.0.0.0")
    request = post(port, host="0.0.0.0")  # reaches this machine, but is not a loopback address
    outcome = await pool.exchange(request, timeout_ms=LONG)
    assert facts(outcome) == (
        None,
        "blocked",
        "0.0.0.0 is not a loopback address, so it is blocked; --allow-host 0.0.0.0 allows it.",
    )
    assert met == []

    allowing = Pool(AddressGuard(["0.0.0.0"]))
    assert (await allowing.exchange(request, timeout_ms=LONG)).ok
    assert met == [1]
    await allowing.close()


@pytest.mark.parametrize("host", ["localhost", "127.1", "2130706433", "LOCALHOST"])
async def test_loopback_is_reached_by_any_of_its_names(pool: Pool, serve: Serve, host: str) -> None:
    port = await serve(answers(CLOSE))
    assert (await pool.exchange(post(port, host=host), timeout_ms=LONG)).ok


class FixedAddresses(AddressGuard):
    """Resolve every name to fixed addresses."""

    def __init__(self, *addresses: str) -> None:
        super().__init__()
        self.addresses = addresses

    async def resolve(self, host: str, port: int) -> tuple[str, ...]:
        return self.addresses


async def test_every_address_of_a_name_is_tried(serve: Serve, closed_port: int) -> None:
    port = await serve(answers(CLOSE))  # but not on ::1
    pool = Pool(FixedAddresses("255.255.255.255", "::1", "127.0.0.1"))
    assert (await pool.exchange(post(port, host="app.test"), timeout_ms=LONG)).ok
    outcome = await pool.exchange(post(closed_port, host="app.test"), timeout_ms=LONG)
    assert outcome.error == "connection_refused"
    assert outcome.detail == f"Nobody listens on app.test:{closed_port}: connection refused."


async def test_an_unaccepted_connection_times_out(pool: Pool) -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        # Those that fill the queue are never accepted; the next one is not even answered.
        waiting = []
        for _ in range(3):
            sock = socket.socket()
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.1", port))
            waiting.append(sock)
        outcome = await pool.exchange(post(port), timeout_ms=60)
        for sock in waiting:
            sock.close()
    assert outcome.error == "timeout"
    assert outcome.detail == f"127.0.0.1:{port} did not take the connection in 0.06 s."
    assert outcome.timing.connect_ms is None
    assert 58 <= outcome.timing.total_ms < 2000


async def test_a_cancelled_exchange_closes_its_connection(pool: Pool, serve: Serve) -> None:
    asked, gone = asyncio.Event(), asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.request()
        if peer.number == 1:
            asked.set()
            await peer.wait_closed()
            gone.set()
        await peer.send(CLOSE)

    port = await serve(script)
    task = asyncio.create_task(pool.exchange(post(port), timeout_ms=LONG))
    await asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(5):  # and not when the time of the exchange would have been up
        await gone.wait()
    assert (await pool.exchange(post(port), timeout_ms=LONG)).ok


async def test_concurrent_exchanges_do_not_mix(pool: Pool, serve: Serve) -> None:
    async def script(peer: Peer) -> None:
        while True:
            body = (await peer.request()).partition(b"\r\n\r\n")[2]
            await peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))

    port = await serve(script)
    bodies = [b"%d" % number * (number % 40 + 1) for number in range(300)]

    async def worker(share: list[bytes]) -> None:
        for body in share:
            outcome = await pool.exchange(post(port, body=body), timeout_ms=LONG)
            assert outcome.response is not None
            assert outcome.response.body == body

    await asyncio.gather(*[worker(bodies[start::20]) for start in range(20)])


async def test_a_pools_body_is_cut_at_the_limit(pool: Pool, serve: Serve) -> None:
    size = RESPONSE_KEPT + 1
    sent = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % size + b"x" * size
    port = await serve(answers(sent, OK))
    outcome = await pool.exchange(post(port), timeout_ms=LONG)
    assert outcome.ok
    assert outcome.response is not None
    assert outcome.response.truncated
    assert outcome.response.body == b"x" * RESPONSE_KEPT
    again = await pool.exchange(post(port), timeout_ms=LONG)
    assert again.timing.connect_ms is None


async def test_the_answer_to_head_has_no_body(pool: Pool, serve: Serve) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n")
        await peer.wait_closed()

    port = await serve(script)
    request = Request("HEAD", f"http://127.0.0.1:{port}/", (("host", "a.test"),), b"")
    outcome = await pool.exchange(request, timeout_ms=LONG)
    assert outcome.response == Response(200, (("content-length", "9"),), b"")


@pytest.mark.parametrize(
    ("request_", "expected_detail"),
    [
        (Request("GET", "https://127.0.0.1/", (), b""), "Only http:// is sent in the clear"),
        (Request("GET", "127.0.0.1/", (), b""), "does not begin with http://"),
        (Request("GET", "http://127.0.0.1/", (("a", "1\n2"),), b""), "line break"),
    ],
)
async def test_a_request_that_cannot_be_sent_is_refused(
    pool: Pool, request_: Request, expected_detail: str
) -> None:
    with pytest.raises(InputError, match=expected_detail):
        await pool.exchange(request_, timeout_ms=LONG)


async def test_close_closes_every_connection(serve: Serve) -> None:
    gone = asyncio.Event()
    both = asyncio.Barrier(2)
    remaining = {1, 2}

    async def script(peer: Peer) -> None:
        await peer.request()
        await both.wait()
        await peer.send(OK)
        await peer.wait_closed()
        remaining.discard(peer.number)
        if not remaining:
            gone.set()

    port = await serve(script)
    pool = Pool(AddressGuard())
    await asyncio.gather(*[pool.exchange(post(port), timeout_ms=LONG) for _ in range(2)])
    await pool.close()
    await gone.wait()
    await pool.close()


async def test_closed_connections_are_garbage_collected(pool: Pool, serve: Serve) -> None:
    port = await serve(answers(CLOSE))
    others = connections()  # of tests before this one, in whatever loop
    for _ in range(5):
        assert (await pool.exchange(post(port), timeout_ms=LONG)).ok
    await pool.close()
    assert len(connections()) - len(others) <= 1  # the last one may be closing yet


def connections() -> list[Connection]:
    gc.collect()
    return [candidate for candidate in gc.get_objects() if type(candidate) is Connection]
