"""Saving, going down and coming back, with real files and real sockets."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.load.receiver import NO_CONTENT, answering
from watchfiles import Change

from pivotal_sandbox.clock import sleep
from pivotal_sandbox.watch import Receiver, Saved, Watch

SETTLE_MS = 200


async def no_content(head: bytes, body: bytes) -> bytes:
    return NO_CONTENT


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@dataclass
class Seen:
    """What the watch called."""

    tries: list[list[str]] = field(default_factory=list)
    downs: int = 0
    tried: asyncio.Event = field(default_factory=asyncio.Event)
    down: asyncio.Event = field(default_factory=asyncio.Event)

    async def attempt(self, changed: list[str]) -> None:
        self.tries.append([Path(path).name for path in changed])
        self.tried.set()

    def went_down(self) -> None:
        self.downs += 1
        self.down.set()

    async def next(self) -> list[str]:
        async with asyncio.timeout(20):
            await self.tried.wait()
        self.tried.clear()
        return self.tries[-1]


@asynccontextmanager
async def watching(path: Path, url: str, health: str | None = None) -> AsyncIterator[Seen]:
    seen, stop, ready = Seen(), asyncio.Event(), asyncio.Event()
    watch = Watch(
        [path], Receiver(url, health), seen.attempt, down=seen.went_down, settle_ms=SETTLE_MS
    )
    running = asyncio.create_task(watch.run(stop, ready=ready.set))
    await ready.wait()
    await sleep(300)  # until the system's watch is set up, which nothing tells
    try:
        yield seen
    finally:
        stop.set()
        async with asyncio.timeout(10):
            await running


async def test_a_save_is_tried_once_the_receiver_answers(tmp_path: Path) -> None:
    async with answering(no_content) as url, watching(tmp_path, url) as seen:
        (tmp_path / "handler.py").write_text("1")
        assert await seen.next() == ["handler.py"]
    assert (len(seen.tries), seen.downs) == (1, 0)


async def test_ten_saves_in_a_second_are_tried_once(tmp_path: Path) -> None:
    async with answering(no_content) as url, watching(tmp_path, url) as seen:
        for number in range(10):
            (tmp_path / "handler.py").write_text(str(number))
            await sleep(50)
        await seen.next()
        await sleep(SETTLE_MS + 800)
    assert len(seen.tries) <= 2


async def test_a_receiver_that_is_down_is_waited_for(tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}/hook"
    async with watching(tmp_path, url) as seen:
        (tmp_path / "handler.py").write_text("syntax error")
        async with asyncio.timeout(20):
            await seen.down.wait()
        assert seen.tries == []
        server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", port)
        assert await seen.next() == ["handler.py"]
        server.close()
    assert seen.downs == 1


async def test_a_save_while_it_is_down_is_tried_with_the_one_before(tmp_path: Path) -> None:
    port = free_port()
    async with watching(tmp_path, f"http://127.0.0.1:{port}/hook") as seen:
        (tmp_path / "one.py").write_text("1")
        async with asyncio.timeout(20):
            await seen.down.wait()
        (tmp_path / "two.py").write_text("2")
        await sleep(1_000)
        server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", port)
        assert await seen.next() == ["one.py", "two.py"]
        server.close()


async def test_a_file_that_an_editor_replaces_is_still_watched(tmp_path: Path) -> None:
    file = tmp_path / "handler.py"
    file.write_text("0")
    async with answering(no_content) as url, watching(file, url) as seen:
        for number in range(2):
            (tmp_path / "draft").write_text(str(number))
            (tmp_path / "draft").replace(file)
            assert await seen.next() == ["handler.py"]


async def test_with_a_health_it_waits_for_that(tmp_path: Path) -> None:
    healthy = asyncio.Event()

    async def health(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        status = "200 OK" if healthy.is_set() else "503 Not yet"
        writer.write(f"HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(health, "127.0.0.1", 0)
    place = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with watching(tmp_path, f"{place}/hook", f"{place}/healthz") as seen:
        (tmp_path / "handler.py").write_text("1")
        async with asyncio.timeout(20):
            await seen.down.wait()
        assert seen.tries == []
        healthy.set()
        assert await seen.next() == ["handler.py"]
    server.close()


@pytest.mark.parametrize(
    ("name", "passes"),
    [
        ("handler.py", True),
        ("deep/inside.go", True),
        ("events.db", False),
        ("events.db-wal", False),
        ("probe.jsonl", False),
        ("server.log", False),
        (".git/index", False),
        ("__pycache__/handler.pyc", False),
    ],
)
def test_what_a_handler_writes_itself_is_no_save(tmp_path: Path, name: str, passes: bool) -> None:
    assert Saved([tmp_path])(Change.modified, str(tmp_path / name)) is passes


def test_beside_a_file_nothing_is_watched_and_the_file_always(tmp_path: Path) -> None:
    file = tmp_path / "odd.log"
    file.touch()
    saved = Saved([file])
    assert saved(Change.modified, str(file))
    assert not saved(Change.modified, str(tmp_path / "handler.py"))
