"""What our server does beyond uvicorn: headers as written, resets, and limits."""

import asyncio
import contextlib
import json
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest

from pivotal_sandbox.domain.bins import Bin, Step
from pivotal_sandbox.domain.models import Capture
from pivotal_sandbox.sandbox.sandbox import Sandbox
from pivotal_sandbox.store.captures import CaptureFilter
from pivotal_sandbox.store.deliveries import DeliveryFilter
from pivotal_sandbox.web.http_protocol import Limits
from pivotal_sandbox.web.server import Running, Settings, serve

FirstCapture = Callable[[Sandbox, str], "asyncio.Future[Capture]"]
LONG = 20  # seconds: whoever has waited for so long waits in vain
SHORT = 3  # seconds: before an idle connection is closed only because it is idle
HEAD = 64 * 1024


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


@contextlib.asynccontextmanager
async def connected(
    running: Running,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    host, port = running.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def last_words(reader: asyncio.StreamReader) -> bytes:
    """Return all that comes until the server closes."""
    return await asyncio.wait_for(reader.read(), LONG)


def problem_of(answer: bytes) -> dict[str, object]:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"content-type: application/problem+json" in head
    assert b"connection: close" in head
    problem: dict[str, object] = json.loads(body)
    assert problem["status"] == int(head.split()[1])
    return problem


@contextlib.asynccontextmanager
async def limited(**limits: float) -> AsyncIterator[Running]:
    """A sandbox with tighter limits than usual."""
    tight = Limits(**limits)  # type: ignore[arg-type]
    async with serve(Settings(port=0, speed=0, limits=tight, grace_s=0.05)) as running:
        await running.sandbox.dispatcher.settle()
        yield running


class TestHead:
    """Heads without measure."""

    @pytest.mark.parametrize("path", [b"/api/clock", b"/in/demo"])
    @pytest.mark.parametrize(
        "flood",
        [
            b"GET %b HTTP/1.1\r\nhost: localhost\r\n" + b"x-a: 12345678\r\n" * 5000,
            b"GET %b HTTP/1.1\r\nhost: localhost\r\nx-a: " + b"a" * HEAD + b"\r\n\r\n",
            b"GET %b HTTP/1.1\r\nhost: localhost\r\nx-a: " + b"a" * 1_000_000,
            b"GET %b HTTP/1.1\r\nhost: localhost\r\n" + b"a" * 1_000_000,
            b"GET %b?" + b"a" * HEAD + b" HTTP/1.1\r\nhost: localhost\r\n\r\n",
            b"GET %b?" + b"a" * 1_000_000,
        ],
        ids=["many", "one", "one-endless", "name-endless", "url", "url-endless"],
    )
    async def test_a_flood_of_headers_is_a_431(
        self, running: Running, path: bytes, flood: bytes
    ) -> None:
        async with connected(running) as (reader, writer):
            writer.write(flood.replace(b"%b", path))
            assert problem_of(await last_words(reader))["status"] == 431

    @pytest.mark.parametrize(
        "flood",
        [
            b"0\r\n" + b"x-a: 12345678\r\n" * 5000,
            b"0\r\nx-a: " + b"a" * 1_000_000,
            b"1;a=" + b"a" * 1_000_000,
        ],
        ids=["trailers", "trailer", "extension"],
    )
    async def test_so_is_one_that_hides_in_a_chunked_body(
        self, running: Running, flood: bytes
    ) -> None:
        async with connected(running) as (reader, writer):
            writer.write(
                b"POST /in/demo HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
                b"2\r\nhi\r\n" + flood
            )
            assert problem_of(await last_words(reader))["status"] == 431

    async def test_64_kib_are_read_however_they_come(self, running: Running) -> None:
        value = b"a" * (HEAD - len("/healthz" + "host" + "localhost" + "x-a") - 8)
        request = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nx-a: " + value + b"\r\n\r\n"
        async with connected(running) as (reader, writer):
            for size in (len(request), 10_000):
                for start in range(0, len(request), size):
                    writer.write(request[start : start + size])
                    await writer.drain()
                assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
                await reader.readexactly(len('{"status":"ok"}'))

    async def test_a_large_body_before_it_does_not_count(self, running: Running) -> None:
        body = b"x" * 300_000
        post = b"POST /in/a HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(body)
        async with connected(running) as (reader, writer):
            writer.write((post + body) * 5 + post[:30])
            for _ in range(5):
                assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")


class TestPipelining:
    """Requests that do not wait for the answer to the one before."""

    async def test_requests_are_answered_in_their_order(self, running: Running) -> None:
        paths = [b"/in/p/%d" % number for number in range(50)]
        async with connected(running) as (reader, writer):
            for path in paths:
                writer.write(b"POST %b HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\nhi" % path)
            for _ in paths:
                assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
        items, _ = await running.sandbox.captures.page(CaptureFilter(bin="p"), limit=100)
        assert [capture.path.encode() for capture in reversed(items)] == paths

    @pytest.mark.parametrize(
        "nonsense", [b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\nx: " + b"a" * 1_000_000]
    )
    async def test_nonsense_after_requests_costs_these_no_answer(
        self, running: Running, nonsense: bytes
    ) -> None:
        await running.sandbox.receiver.set_bin(Bin("slow", (Step(delay=100),)))
        async with connected(running) as (reader, writer):
            writer.write(b"GET /in/slow HTTP/1.1\r\nhost: x\r\n\r\n" * 2 + nonsense)
            assert (await last_words(reader)).count(b"HTTP/1.1 200 ") == 2

    async def test_a_request_that_waited_for_its_turn_is_answered_in_peace(self) -> None:
        async with limited(head_s=0.2) as running, connected(running) as (reader, writer):
            await running.sandbox.receiver.set_bin(Bin("slow", (Step(), Step(delay=700))))
            writer.write(b"GET /in/slow HTTP/1.1\r\nhost: x\r\n\r\n" * 2)
            for _ in range(2):
                head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), LONG)
                assert head.startswith(b"HTTP/1.1 200 ")

    async def test_a_body_that_is_nonsense_behind_a_request_ends_it_all(
        self, running: Running, first_capture: FirstCapture
    ) -> None:
        await running.sandbox.receiver.set_bin(Bin("h", (Step(hang=True),)))
        captured = first_capture(running.sandbox, "h")
        async with connected(running) as (reader, writer):
            writer.write(b"GET /in/h HTTP/1.1\r\nhost: x\r\n\r\n")
            await asyncio.wait_for(captured, LONG)
            writer.write(
                b"POST /in/a HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nno chunk\r\n"
            )
            assert await asyncio.wait_for(reader.read(), SHORT) == b""

    async def test_a_body_that_does_not_end_behind_another_request_is_not_waited_for(
        self,
    ) -> None:
        async with limited(idle_s=0.3) as running, connected(running) as (reader, writer):
            post = b"POST /in/a HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n"
            writer.write(post + b"hi" + post + b"h")
            answers = await last_words(reader)
        assert answers.startswith(b"HTTP/1.1 200 ")
        assert answers.count(b"HTTP/1.1 408 ") == 1


class TestSlowness:
    """Clients that hold a connection by sending next to nothing."""

    @pytest.mark.parametrize(
        "start",
        [b"GET /", b"GET /healthz HTTP/1.1\r\n", b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nx-"],
    )
    async def test_a_head_that_drips_is_not_waited_for(self, start: bytes) -> None:
        async with limited(head_s=0.5) as running, connected(running) as (reader, writer):
            writer.write(start)
            answer = b""
            while not answer:
                with contextlib.suppress(TimeoutError):
                    answer = await asyncio.wait_for(reader.read(1000), 0.05)
                writer.write(b"a")
            assert problem_of(answer + await last_words(reader))["status"] == 408

    @pytest.mark.parametrize("path", [b"/api/clock", b"/in/demo"])
    @pytest.mark.parametrize("sent", [b"", b"{"])
    async def test_a_body_that_stops_is_not_waited_for(self, path: bytes, sent: bytes) -> None:
        async with limited(idle_s=0.3) as running, connected(running) as (reader, writer):
            writer.write(
                b"POST %b HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n%b" % (path, sent)
            )
            assert problem_of(await last_words(reader))["status"] == 408
            captured, _ = await running.sandbox.captures.page(CaptureFilter(), limit=10)
            assert [capture for capture in captured if capture.body == sent] == []

    @pytest.mark.parametrize(
        ("start", "rest"),
        [
            (b"GET /in/late HTTP/1.1\r\nhost:", b" x\r\n\r\n"),
            (b"POST /in/late HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\nh", b"i"),
        ],
    )
    async def test_what_comes_after_that_is_not_listened_to(
        self, start: bytes, rest: bytes
    ) -> None:
        async with limited(head_s=0.3, idle_s=0.3) as running:
            async with connected(running) as (reader, writer):
                writer.write(start)
                assert (await asyncio.wait_for(reader.readline(), LONG)).split()[1] == b"408"
                writer.write(rest)
                await writer.drain()
                async with httpx.AsyncClient(base_url=running.url, verify=False) as client:
                    for _ in range(3):
                        assert (await client.get("/healthz")).status_code == 200
            items, _ = await running.sandbox.captures.page(CaptureFilter(bin="late"), limit=10)
        assert items == []

    async def test_an_answer_that_comes_after_that_is_dropped(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        async with limited(idle_s=0.2) as running, connected(running) as (reader, writer):
            await running.sandbox.receiver.set_bin(Bin("h", (Step(hang=True),)))
            endpoint = await running.sandbox.add_endpoint(f"{running.url}/in/h")
            page, _ = await running.sandbox.deliveries.page(
                DeliveryFilter(endpoint_id=endpoint.id), limit=1
            )
            writer.write(
                b"GET /api/deliveries/%b?wait=400ms HTTP/1.1\r\nhost: localhost\r\n"
                b"content-length: 5\r\n\r\n" % page[0].id.encode()
            )
            assert problem_of(await last_words(reader))["status"] == 408
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(asyncio.Event().wait(), 0.5)
        assert [record for record in caplog.records if record.levelname == "ERROR"] == []

    async def test_a_body_that_goes_on_is_waited_for(self) -> None:
        async with limited(idle_s=0.4) as running, connected(running) as (reader, writer):
            writer.write(b"POST /in/a HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n")
            for _ in range(9):
                writer.write(b"x")
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(reader.read(1), 0.1)
            writer.write(b"x")
            assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")

    @pytest.mark.parametrize(
        "before", [b"", b"\r\n", b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n", b"early"]
    )
    async def test_who_sends_nothing_is_sent_away_without_a_word(self, before: bytes) -> None:
        async with limited(head_s=0.3) as running, connected(running) as (reader, writer):
            if before == b"early":  # answered before the end of its body
                writer.write(
                    b"POST /api/clock HTTP/1.1\r\nhost: localhost\r\n"
                    b"content-length: 99999999\r\n\r\n"
                )
                assert (await reader.readline()).startswith(b"HTTP/1.1 413 ")
                return
            writer.write(before)
            answer = await last_words(reader)
            assert answer.count(b"HTTP/1.1") == before.count(b"HTTP/1.1")
            assert b" 408 " not in answer

    async def test_who_was_answered_early_and_sends_on_is_sent_away_in_the_end(self) -> None:
        async with limited(head_s=0.3, idle_s=0.3) as running:
            async with connected(running) as (reader, writer):
                size = 10 * 1024 * 1024 + 1
                writer.write(
                    b"POST /api/clock HTTP/1.1\r\nhost: localhost\r\ncontent-length: %d\r\n\r\n"
                    % size
                )
                assert (await reader.readline()).startswith(b"HTTP/1.1 413 ")
                writer.write(b"x" * size)
                await last_words(reader)
            async with connected(running) as (reader, writer):
                writer.write(b"POST /api/clock HTTP/1.1\r\nhost: no\r\ncontent-length: 5\r\n\r\n")
                assert (await reader.readline()).startswith(b"HTTP/1.1 421 ")
                await last_words(reader)

    async def test_who_does_not_read_its_answer_is_dropped(self) -> None:
        async with limited(idle_s=0.3) as running, connected(running) as (reader, writer):
            await running.sandbox.receiver.set_bin(Bin("big", (Step(body="x" * 9_000_000),)))
            transport = writer.transport
            transport.pause_reading()  # type: ignore[attr-defined]
            writer.write(b"GET /in/big HTTP/1.1\r\nhost: x\r\n\r\n")
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(reader.read(1), 1)
            transport.resume_reading()  # type: ignore[attr-defined]
            with contextlib.suppress(ConnectionResetError):
                assert len(await last_words(reader)) < 9_000_000


class TestCrowds:
    """Connections without number."""

    async def test_the_oldest_idle_connection_goes_where_there_are_too_many(
        self, first_capture: FirstCapture
    ) -> None:
        async with limited(connections=5) as running, contextlib.AsyncExitStack() as stack:
            await running.sandbox.receiver.set_bin(Bin("slow", (Step(delay=500),)))
            captured = first_capture(running.sandbox, "slow")
            busy, writer = await stack.enter_async_context(connected(running))
            writer.write(b"GET /in/slow HTTP/1.1\r\nhost: x\r\n\r\n")
            await asyncio.wait_for(captured, LONG)
            request = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n"
            others = []
            for _ in range(20):
                reader, writer = await stack.enter_async_context(connected(running))
                writer.write(request)
                assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
                others.append((reader, writer))
            for reader, _ in others[:16]:
                with contextlib.suppress(ConnectionResetError):
                    assert (await asyncio.wait_for(reader.read(), SHORT)).endswith(b"}")
            for reader, writer in others[16:]:
                await reader.readexactly(len('{"status":"ok"}'))
                writer.write(request)
                assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
            assert (await busy.readline()).startswith(b"HTTP/1.1 200 ")

    async def test_where_all_are_busy_the_oldest_goes(self, first_capture: FirstCapture) -> None:
        async with limited(connections=3) as running, contextlib.AsyncExitStack() as stack:
            await running.sandbox.receiver.set_bin(Bin("h", (Step(hang=True),)))
            readers = []
            for _ in range(3):
                captured = first_capture(running.sandbox, "h")
                reader, writer = await stack.enter_async_context(connected(running))
                writer.write(b"GET /in/h HTTP/1.1\r\nhost: x\r\n\r\n")
                await asyncio.wait_for(captured, LONG)
                readers.append(reader)
            async with httpx.AsyncClient(base_url=running.url, verify=False) as client:
                assert (await client.get("/healthz")).status_code == 200
            with contextlib.suppress(ConnectionResetError):
                assert await last_words(readers[0]) == b""
            assert not any(reader.at_eof() for reader in readers[1:])

    def test_two_thousand_idle_connections_stop_nobody(self, tmp_path: Path) -> None:
        resource = pytest.importorskip("resource")
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard != resource.RLIM_INFINITY and hard < 2500:
            pytest.skip("this machine lets a process have too few sockets")
        command = (
            f'ulimit -n 1024; exec "{sys.executable}" -m pivotal_sandbox up --ephemeral --port 0'
        )
        with (
            subprocess.Popen(
                ["sh", "-c", f"{command} --json"],
                cwd=tmp_path,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            ) as process,
            contextlib.ExitStack() as stack,
        ):
            assert process.stdout is not None
            url = json.loads(process.stdout.readline())["url"]
            host, port = url.removeprefix("http://").split(":")
            stack.callback(process.kill)
            stack.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
            resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2500), hard))
            for number in range(2000):
                idle = stack.enter_context(socket.create_connection((host, int(port)), LONG))
                if number % 2:
                    idle.send(b"GET /healthz HTTP/1.1\r\n")
                if number % 200 == 0:
                    assert httpx.get(f"{url}/healthz", timeout=LONG).status_code == 200
            body = {"type": "customer.at_risk"}
            answer = httpx.post(f"{url}/api/events", json=body, timeout=LONG)
            [delivery] = answer.json()["deliveries"]
            done = httpx.get(
                f"{url}/api/deliveries/{delivery['id']}", params={"wait": "10s"}, timeout=LONG
            )
            assert done.json()["status"] == "delivered"
            process.terminate()
            _, errors = process.communicate(timeout=LONG)
            assert process.returncode == 0
            assert "Traceback" not in errors
