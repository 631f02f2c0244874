"""Deliveries per second, end to end, in one process: beside httpx, aiohttp and the bare limit.

Every contender does the same job for each delivery: make the event, keep it with its delivery, sign
it, POST it to a capture receiver in the same process that keeps it too, and keep the attempt. All
rows are committed to one SQLite file, in groups, before they count. They differ in who sends and
who receives:

    sandbox   the sandbox as it is: world, dispatcher, our transport, capture receiver
    httpx     one httpx.AsyncClient at 8 in flight, where it does best; the sandbox's receiver
    aiohttp   one aiohttp.ClientSession at 32 in flight; the sandbox's receiver
    bare      bytes written to sockets at 32 in flight; a receiver that finds the body and keeps it

Run it by `make bench`, or `python -m tests.benchmarks.deliveries --window 15 --rounds 3`.
"""

import argparse
import asyncio
import gc
import json
import statistics
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import perf_counter
from typing import cast

import aiohttp
import httpx
import uvloop

from pivotal_sandbox.common.ids import CAPTURE, DELIVERY, EVENT
from pivotal_sandbox.domain.models import (
    Attempt,
    Capture,
    Delivery,
    Endpoint,
    Event,
    Outcome,
    Request,
    Response,
    Timing,
)
from pivotal_sandbox.domain.payload import build_body
from pivotal_sandbox.domain.request import build_request
from pivotal_sandbox.domain.retry_policy import Decision, after
from pivotal_sandbox.feed import Activity, Attempted
from pivotal_sandbox.sandbox.sandbox import Sandbox
from pivotal_sandbox.store.deliveries import attempt_row, delivery_row, event_row
from pivotal_sandbox.web.server import Running, Settings, serve

Send = Callable[[Request], Awaitable[int]]


async def measure(operation: Callable[[], Awaitable[None]], in_flight: int, window: float) -> float:
    """Return how often per second `one` ends, `in_flight` of it at any time."""
    loop = asyncio.get_running_loop()
    done = 0
    warm = loop.time() + min(1.0, window / 5)
    end = warm + window

    async def worker() -> None:
        nonlocal done
        while loop.time() < end:
            await operation()
            if warm <= loop.time() < end:
                done += 1

    await asyncio.gather(*(worker() for _ in range(in_flight)))
    return done / window


class ByHand:
    """The sender's work with no dispatcher: what a good script around a client would do."""

    def __init__(self, sandbox: Sandbox, endpoint: Endpoint, url: str, send: Send) -> None:
        self.sandbox, self.endpoint, self.url, self.send = sandbox, endpoint, url, send
        self.data = json.loads(
            json.dumps(next(t for t in sandbox.catalog if t.name == "customer.updated").example)
        )["data"]

    async def __call__(self) -> None:
        sandbox, clock = self.sandbox, self.sandbox.clock
        ids, database = sandbox._ids, sandbox.stores.database
        now = clock.now()
        self.data["health_score"] = now % 100
        event_id, type = ids.new(EVENT, now), "customer.updated"
        event = Event(event_id, type, "test", now, build_body(event_id, type, now, self.data))
        delivery = Delivery(
            ids.new(DELIVERY, now), event_id, type, self.endpoint.id, "test", self.url, now
        )
        await database.put([event_row(event), delivery_row(delivery)])
        request = build_request(
            delivery.id,
            type,
            event.body,
            url=self.url,
            secrets=[self.endpoint.secret],
            timestamp=int(clock.wall()),
        )
        started_at, started = clock.now(), perf_counter()
        status = await self.send(request)
        timing = Timing((perf_counter() - started) * 1000)
        outcome = Outcome(timing, Response(status, (), b""))
        attempt = Attempt(delivery.id, 1, started_at, request.headers, outcome)
        delivered = after(delivery, attempt, Decision("delivered"), clock.now())
        await database.put([delivery_row(delivered), attempt_row(attempt)])


async def with_sandbox(running: Running, window: float) -> float:
    sandbox = running.sandbox
    other = await sandbox.add_endpoint(f"{running.url}/in/other")
    endpoints = [running.endpoint.id, other.id]  # 16 may be in flight for each
    kept: dict[str, asyncio.Future[None]] = {}
    loop = asyncio.get_running_loop()

    def listen(activity: Activity) -> None:
        if isinstance(activity, Attempted) and activity.delivery.id in kept:
            assert activity.delivery.status == "delivered"
            kept.pop(activity.delivery.id).set_result(None)

    sandbox.feed.subscribe(listen)

    async def send() -> None:
        endpoints.reverse()
        triggered = await sandbox.trigger("customer.updated", endpoint_id=endpoints[0])
        kept[triggered.deliveries[0].id] = future = loop.create_future()
        await future

    return await measure(send, 32, window)


async def with_httpx(running: Running, window: float) -> float:
    url = f"{running.url}/in/demo"
    async with httpx.AsyncClient(verify=False, timeout=10) as client:

        async def send(request: Request) -> int:
            answer = await client.post(
                request.url, content=request.body, headers=list(request.headers)
            )
            return answer.status_code

        return await measure(ByHand(running.sandbox, running.endpoint, url, send), 8, window)


async def with_aiohttp(running: Running, window: float) -> float:
    url = f"{running.url}/in/demo"
    async with aiohttp.ClientSession() as session:

        async def send(request: Request) -> int:
            async with session.post(
                request.url, data=request.body, headers=list(request.headers)
            ) as answer:
                await answer.read()
                return answer.status

        return await measure(ByHand(running.sandbox, running.endpoint, url, send), 32, window)


class BareReceiver(asyncio.Protocol):
    """Finds the end of the body, keeps it, answers 200: no parser, no verdict."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, end, body = self.buffer.partition(b"\r\n\r\n")
        if end and len(body) == int(head.rpartition(b"content-length: ")[2]):
            self.buffer = b""
            sandbox = self.sandbox
            now = sandbox.clock.now()
            id = sandbox._capture_ids.new(CAPTURE, now)
            lines = head.decode("latin-1").split("\r\n")[1:]
            headers = tuple(
                [(name, value) for name, _, value in (line.partition(": ") for line in lines)]
            )
            capture = Capture(
                *(id, "bare", "POST", "/", "", headers, body, now, None),
                *(True, None, None, "", 200, 0.0),
            )
            kept = asyncio.ensure_future(sandbox.captures.put(capture))
            kept.add_done_callback(self.answer)

    def answer(self, kept: object) -> None:
        self.transport.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")


class BareSender(asyncio.Protocol):
    """Writes a request, and takes any bytes for its answer."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.answered.set_result(int(data[9:12]))

    def send(self, request: Request) -> "asyncio.Future[int]":
        self.answered: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        head = "".join(f"{name}: {value}\r\n" for name, value in request.headers)
        self.transport.write(f"POST / HTTP/1.1\r\n{head}\r\n".encode("latin-1") + request.body)
        return self.answered


async def with_bare(running: Running, window: float) -> float:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: BareReceiver(running.sandbox), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    idle = [(await loop.create_connection(BareSender, "127.0.0.1", port))[1] for _ in range(32)]

    async def send(request: Request) -> int:
        sender = idle.pop()
        try:
            return await sender.send(request)
        finally:
            idle.append(sender)

    url = f"http://127.0.0.1:{port}/"
    try:
        return await measure(ByHand(running.sandbox, running.endpoint, url, send), 32, window)
    finally:
        server.close()
        for sender in idle:
            sender.transport.close()


CONTENDERS = {
    "sandbox": with_sandbox,
    "httpx": with_httpx,
    "aiohttp": with_aiohttp,
    "bare": with_bare,
}


async def run_one(name: str, window: float) -> float:
    with tempfile.TemporaryDirectory() as folder:
        async with serve(Settings(port=0, db=Path(folder) / "bench.db")) as running:
            await running.sandbox.dispatcher.settle()
            gc.freeze()  # for all of them, as `up` does
            return await CONTENDERS[name](running, window)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--window", type=float, default=15.0, help="seconds for each contender")
    parser.add_argument("--rounds", type=int, default=5, help="medians are of so many rounds")
    parser.add_argument("--only", choices=list(CONTENDERS), action="append")
    parser.add_argument("--asyncio", action="store_true", help="asyncio's own loop, not uvloop")
    given = parser.parse_args()
    names = given.only or list(CONTENDERS)
    rates: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(given.rounds):
        for name in names:
            runner = asyncio.run if given.asyncio else uvloop.run
            rates[name].append(runner(run_one(name, given.window)))
            print(f"{name:8} {rates[name][-1]:9,.0f} /s", file=sys.stderr)
    medians = {name: statistics.median(found) for name, found in rates.items()}
    ours = medians.get("sandbox")
    result = {
        "benchmark": "deliveries",
        "window_s": given.window,
        "rounds": given.rounds,
        "loop": "asyncio" if given.asyncio else "uvloop",
        "per_second": {name: round(rate) for name, rate in medians.items()},
        "sandbox_to": {
            name: round(ours / rate, 2)
            for name, rate in medians.items()
            if ours and name != "sandbox"
        },
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
