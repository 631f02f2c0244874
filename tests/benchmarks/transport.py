"""POSTs per second of the transport, beside aiohttp, httpx and wrk, to one nginx that answers 204.

    pool      Pool.exchange, which the dispatcher sends by, at 32 in flight
    client    httpx.AsyncClient over our PoolTransport, at 8, where it does best
    aiohttp   aiohttp.ClientSession at 32
    httpx     httpx.AsyncClient with a transport of its own, at 8
    wrk       wrk with one thread and 32 connections: a client in C that does nothing else

The body is an event of the catalog. Without nginx and wrk it says so and measures nothing.
"""

import argparse
import asyncio
import json
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
import httpx
import uvloop
from tests.sender.pool_transport import PoolTransport

from pivotal_sandbox.domain.catalog_loader import load_catalog
from pivotal_sandbox.domain.models import Request
from pivotal_sandbox.domain.payload import build_body
from pivotal_sandbox.domain.request import build_request
from pivotal_sandbox.sender.egress import AddressGuard
from pivotal_sandbox.sender.pool import Pool

NGINX = """
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log /dev/null;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    keepalive_requests 1000000000;
    server {{ listen 127.0.0.1:{port} backlog=256; location / {{ return 204; }} }}
}}
"""
WRK = """
local file = io.open("{body}", "rb")
wrk.method, wrk.body = "POST", file:read("*a")
wrk.headers["content-type"] = "application/json"
"""


def request_to(url: str) -> Request:
    """Return a signed delivery of an example event."""
    type = next(
        event_type for event_type in load_catalog() if event_type.name == "customer.updated"
    )
    body = build_body("evt_1", type.name, 0, json.loads(json.dumps(type.example))["data"])
    return build_request("msg_1", type.name, body, url=url, secrets=["whsec_1"], timestamp=0)


@contextmanager
def sink(folder: Path) -> Iterator[str]:
    """Run an nginx that answers 204, and yield its URL."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = folder / "nginx.conf"
    config.write_text(NGINX.format(folder=folder, port=port), "utf-8")
    process = subprocess.Popen(["nginx", "-c", str(config)], stderr=subprocess.DEVNULL)
    try:
        while process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                continue
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.wait()


async def rate(send: Callable[[], Awaitable[int]], in_flight: int, window: float) -> float:
    """Return how many answers of 204 come per second."""
    loop = asyncio.get_running_loop()
    end = loop.time() + window
    done = 0

    async def worker() -> None:
        nonlocal done
        while loop.time() < end:
            assert await send() == 204
            done += 1

    await asyncio.gather(*(worker() for _ in range(in_flight)))
    return done / window


async def by_pool(request: Request, window: float) -> float:
    pool = Pool(AddressGuard())

    async def send() -> int:
        outcome = await pool.exchange(request, timeout_ms=10_000)
        assert outcome.response
        return outcome.response.status_code

    try:
        return await rate(send, 32, window)
    finally:
        await pool.close()


async def by_client(
    request: Request, window: float, transport: httpx.AsyncBaseTransport | None
) -> float:
    async with httpx.AsyncClient(transport=transport, verify=False) as client:

        async def send() -> int:
            answer = await client.post(
                request.url, content=request.body, headers=list(request.headers)
            )
            return answer.status_code

        return await rate(send, 8, window)


async def by_aiohttp(request: Request, window: float) -> float:
    async with aiohttp.ClientSession() as session:

        async def send() -> int:
            async with session.post(
                request.url, data=request.body, headers=list(request.headers)
            ) as answer:
                await answer.read()
                return answer.status

        return await rate(send, 32, window)


def by_wrk(request: Request, window: float, folder: Path, *, threads: int = 1) -> float:
    body, script = folder / "body.json", folder / "post.lua"
    body.write_bytes(request.body)
    script.write_text(WRK.format(body=body), "utf-8")
    options = [f"-t{threads}", "-c32", f"-d{max(1, round(window))}s", "-s", str(script)]
    run = subprocess.run(["wrk", *options, request.url], capture_output=True, text=True, check=True)
    found = re.search(r"Requests/sec:\s+([0-9.]+)", run.stdout)
    assert found, run.stdout
    return float(found[1])


def in_turn(contenders: dict[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Return what each reached per second in each round, one after the other in each."""
    rates: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for contender, measured in contenders.items():
            rates[contender].append(measured())
    return rates


def medians_of(rates: dict[str, list[float]]) -> dict[str, float]:
    """Return the medians, and print them."""
    medians = {name: statistics.median(found) for name, found in rates.items()}
    for name, per_second in medians.items():
        print(f"{name:8} {per_second:9,.0f} /s", file=sys.stderr)
    return medians


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--window", type=float, default=3.0, help="seconds for each contender")
    parser.add_argument("--rounds", type=int, default=5, help="medians are of so many rounds")
    given = parser.parse_args()
    if missing := [name for name in ("nginx", "wrk") if not shutil.which(name)]:
        print(f"transport: needs {' and '.join(missing)} (apt install)", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory() as name, sink(Path(name)) as url:
        request = request_to(url)
        contenders: dict[str, Callable[[], float]] = {
            "pool": lambda: uvloop.run(by_pool(request, given.window)),
            "client": lambda: uvloop.run(by_client(request, given.window, PoolTransport())),
            "aiohttp": lambda: uvloop.run(by_aiohttp(request, given.window)),
            "httpx": lambda: uvloop.run(by_client(request, given.window, None)),
            "wrk": lambda: by_wrk(request, given.window, Path(name)),
        }
        medians = medians_of(in_turn(contenders, given.rounds))
    result = {
        "benchmark": "transport",
        "window_s": given.window,
        "rounds": given.rounds,
        "per_second": {name: round(found) for name, found in medians.items()},
        "pool_to": {
            name: round(medians["pool"] / found, 2)
            for name, found in medians.items()
            if name != "pool"
        },
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
