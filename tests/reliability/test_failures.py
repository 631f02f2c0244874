"""Trouble of the machine: a clear error or steady work, and no event that was half made."""

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from pivotal_sandbox.clock import MANUAL_START, Clock
from pivotal_sandbox.common.durations import DAY, HOUR
from pivotal_sandbox.domain.models import Delivery
from pivotal_sandbox.errors import StoreError
from pivotal_sandbox.sandbox.sandbox import Sandbox
from pivotal_sandbox.store.deliveries import DeliveryFilter
from pivotal_sandbox.web.server import Running

ROOT = Path(__file__).parents[2]
OK = httpx.MockTransport(lambda request: httpx.Response(200))


async def all_of(sandbox: Sandbox, **wanted: object) -> list[Delivery]:
    filter = DeliveryFilter(**wanted)  # type: ignore[arg-type]  # as each test names them
    return (await sandbox.deliveries.page(filter, limit=2000))[0]


def patience(milliseconds: int) -> Callable[[sqlite3.Connection], object]:
    return lambda c: c.execute(f"PRAGMA busy_timeout = {milliseconds}").fetchall()


def room(pages: int) -> Callable[[sqlite3.Connection], object]:
    return lambda c: c.execute(f"PRAGMA max_page_count = {pages}").fetchall()


async def test_where_the_disk_is_full_it_says_so_and_the_world_stays_as_it_was(
    running: Running, client: httpx.AsyncClient
) -> None:
    database = running.sandbox.stores.database
    wish = {"type": "customer.created", "set": {"notes": "x" * 100_000}, "validate": False}
    assert (await client.post("/api/events", json={"type": "task.created"})).status_code == 202
    await running.sandbox.dispatcher.settle()
    before = (await client.get("/api/records/customer")).json()
    await database.transact(room(1))
    for _ in range(20):
        answer = await client.post("/api/events", json=wish)
        if answer.status_code == 503:
            break
        await running.sandbox.dispatcher.settle()
        before = (await client.get("/api/records/customer")).json()
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert "the disk is full" in answer.json()["detail"]
    assert (await client.get("/api/records/customer")).json() == before
    await database.transact(room(1_000_000))
    assert (await client.post("/api/events", json=wish)).status_code == 202


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Let another process hold the file until the end of the block."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.store.child", "lock", path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"locked\n"
        yield


async def test_while_another_process_holds_the_file_an_event_waits(
    running: Running, client: httpx.AsyncClient, tmp_path: Path
) -> None:
    with locked(tmp_path / "sandbox.db"):
        posted = asyncio.create_task(client.post("/api/events", json={"type": "task.created"}))
        assert (await client.get("/api/deliveries")).status_code == 200
        assert not posted.done()
    assert (await posted).status_code == 202


async def test_where_another_process_holds_the_file_for_long_nothing_is_lost_or_sent_twice(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "sandbox.db"
    ended = asyncio.Event()
    sent: list[str] = []

    async def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.headers["pivotal-delivery-id"])
        await ended.wait()
        return httpx.Response(200)

    async with Sandbox(
        path, clock=Clock.manual(), transport=httpx.MockTransport(answer)
    ) as sandbox:
        await sandbox.add_endpoint("http://127.0.0.1:1/")
        await sandbox.trigger("task.created")
        await sandbox.stores.database.transact(patience(milliseconds=20))
        before = dict(await sandbox.records("test", "task"))
        with locked(path):
            with pytest.raises(StoreError, match="is locked by another program; close that, then"):
                await sandbox.trigger("task.created")
            assert dict(await sandbox.records("test", "task")) == before
            ended.set()
            while "is not kept yet" not in caplog.text:
                await asyncio.wait_for(_run_loop_once(), 5)
            assert {d.status for d in await all_of(sandbox)} == {"pending"}
        await sandbox.dispatcher.settle()
        log = await all_of(sandbox)
        assert {(d.status, d.attempt_count) for d in log} == {("delivered", 1)}
        assert sorted(d.id for d in log) == sorted(sent)
        await sandbox.trigger("task.created")


async def test_a_clock_that_is_set_back_stops_nothing(tmp_path: Path) -> None:
    wall = MANUAL_START / 1000
    path = tmp_path / "sandbox.db"
    async with Sandbox(path, clock=Clock(wall=lambda: wall), transport=OK) as sandbox:
        endpoint = await sandbox.add_endpoint("http://127.0.0.1:1/")
        first = await sandbox.trigger("task.created")
        wall -= 3 * 86400
        second = await sandbox.trigger("task.created")
        await sandbox.dispatcher.settle()
        assert {d.status for d in await all_of(sandbox)} == {"delivered"}
        assert second.event.id > first.event.id
        assert second.event.created_at >= first.event.created_at
    async with Sandbox(path, clock=Clock(wall=lambda: wall), transport=OK) as sandbox:
        third = await sandbox.trigger("task.created", endpoint_id=endpoint.id)
        assert third.event.created_at >= second.event.created_at


async def test_a_clock_that_was_advanced_stays_so_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.db"
    async with Sandbox(path, clock=Clock.manual(), transport=OK) as sandbox:
        await sandbox.advance(5 * HOUR)
    async with Sandbox(path, clock=Clock.manual(), transport=OK) as sandbox:
        assert sandbox.clock.now() == MANUAL_START + 5 * HOUR


async def test_a_receiver_that_never_answers_holds_up_no_other() -> None:
    hanging = asyncio.Event()

    async def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/hangs":
            await hanging.wait()
        return httpx.Response(200)

    async with Sandbox(clock=Clock.manual(), transport=httpx.MockTransport(answer)) as sandbox:
        hangs = await sandbox.add_endpoint("http://127.0.0.1:1/hangs")
        answers = await sandbox.add_endpoint("http://127.0.0.1:1/")
        for _ in range(50):
            await sandbox.trigger("task.created")

        async def delivered() -> None:
            while len(await all_of(sandbox, endpoint_id=answers.id, status="delivered")) < 51:
                await asyncio.wait_for(_run_loop_once(), 5)

        await asyncio.wait_for(delivered(), 20)
        assert len(await all_of(sandbox, endpoint_id=hangs.id, status="pending")) == 51
        hanging.set()
        await sandbox.dispatcher.settle()
        assert len(await all_of(sandbox, status="delivered")) == 102


async def test_a_thousand_endpoints_each_get_the_event() -> None:
    async with Sandbox(clock=Clock.manual(), transport=OK) as sandbox:
        for number in range(1000):
            await sandbox.add_endpoint(f"http://127.0.0.1:1/{number}")
        triggered = await sandbox.trigger("task.created")
        await sandbox.dispatcher.settle()
        assert len({d.endpoint_id for d in triggered.deliveries}) == 1000
        found = await all_of(sandbox, event_type="task.created", status="delivered")
        assert len(found) == 1000


@pytest.mark.parametrize("keep", [DAY, 100 * DAY])
async def test_what_is_dropped_makes_the_file_smaller(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "sandbox.db"
    async with Sandbox(path, clock=Clock.manual(), transport=OK, keep=keep) as sandbox:
        await sandbox.add_endpoint("http://127.0.0.1:1/")
        for _ in range(300):
            await sandbox.trigger("customer.updated")
        await sandbox.dispatcher.settle()
        pages = await _pages(sandbox)
        await sandbox.advance(2 * DAY)
        kept = len(await all_of(sandbox))
        left = await _pages(sandbox)
    assert (kept, left < pages / 3) == ((0, True) if keep == DAY else (301, False))
    assert path.stat().st_size == left * 4096


async def _pages(sandbox: Sandbox) -> int:
    count = "PRAGMA page_count"
    return int(await sandbox.stores.database.read(lambda c: c.execute(count).fetchone()[0]))


async def test_a_delivery_costs_few_statements_and_one_signature() -> None:
    seen: list[str] = []
    headers: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        headers.append(request.headers["pivotal-signature"])
        return httpx.Response(200)

    async with Sandbox(clock=Clock.manual(), transport=httpx.MockTransport(answer)) as sandbox:
        await sandbox.add_endpoint("http://127.0.0.1:1/")
        await sandbox.dispatcher.settle()
        headers.clear()
        await sandbox.stores.database.transact(lambda c: c.set_trace_callback(seen.append))
        await sandbox.trigger("task.updated")
        await sandbox.dispatcher.settle()
        await sandbox.stores.database.transact(lambda c: c.set_trace_callback(None))
    statements = [sql for sql in seen if not sql.startswith("--")]
    assert len(statements) <= 16, statements
    assert len(headers) == 1
    assert headers[0].count("sig=") == 1


async def _run_loop_once() -> None:
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    loop.call_soon(future.set_result, None)
    await future
