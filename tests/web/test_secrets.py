"""Secrets stay where they belong: not in logs, not in problems, not in lists, not in reprs."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator

import httpx
import pytest
from tests.store.unreliable import UnreliableSandbox

from pivotal_sandbox.domain.bins import Bin
from pivotal_sandbox.errors import InputError, StoreError
from pivotal_sandbox.signature import sign
from pivotal_sandbox.web.api.operations import OPERATIONS
from pivotal_sandbox.web.app import create_app
from pivotal_sandbox.web.server import Running, Settings, serve
from pivotal_sandbox.web.sse import Stream

TOKEN = "token-KEEP-1"
FIRST = "whsec_KEEP-2"
OF_BIN = "whsec_KEEP-3"
MARK = "KEEP"

GARBAGE = (
    b"",
    b"{",
    b"[]",
    b"[[[[",
    b'{"a":1}',
    b'{"url":7,"type":[],"secret":{},"ids":"x"}',
    b"\xff",
)


@pytest.fixture
async def keeper() -> AsyncIterator[Running]:
    """A sandbox that keeps one secret of each kind, and has used them all."""
    async with serve(Settings(port=0, token=TOKEN, speed=0)) as running:
        sandbox = running.sandbox
        for number, url in enumerate(
            (
                f"{running.url}/in/verified",
                "http://127.0.0.1:1/refused",
                "http://10.0.0.1/blocked",
                "https://nobody.invalid/",
                f"{running.url}/in/",
            )
        ):
            await sandbox.add_endpoint(url, secret=f"{FIRST}-{number}")
        await sandbox.receiver.set_bin(Bin("secretive", secret=OF_BIN))
        await sandbox.receiver.set_bin(Bin("forwarding", forward_to="http://127.0.0.1:1"))
        for endpoint in sandbox.endpoints.all():
            await sandbox.trigger("customer.updated", endpoint_id=endpoint.id)
        await sandbox.dispatcher.settle()
        yield running


@pytest.fixture
async def caller(keeper: Running) -> AsyncIterator[httpx.AsyncClient]:
    """A client of it."""
    headers = {"authorization": f"Bearer {TOKEN}"}
    async with httpx.AsyncClient(base_url=keeper.url, headers=headers, verify=False) as client:
        yield client


def said(answer: httpx.Response) -> str:
    return f"{answer.headers}{answer.text}"


async def capture_all(client: httpx.AsyncClient) -> list[httpx.Response]:
    """Send the bins what is right and what is wrong."""
    right = sign(b"{}", OF_BIN, timestamp=1)
    answers = []
    for bin in ("secretive", "verified", "forwarding", "no good"):
        for header in (right, right[:-4], "v1,t=1", "", f"v1,t=x,sig={'a' * 44}"):
            signed = {"pivotal-signature": header, "authorization": ""}
            answers.append(await client.post(f"/in/{bin}", content=b"{}", headers=signed))
    return answers


async def test_no_list_shows_one(keeper: Running, caller: httpx.AsyncClient) -> None:
    await capture_all(caller)
    lists = {op.path for op in OPERATIONS if op.method == "GET" and "{" not in op.path}
    assert {"/api/endpoints", "/api/deliveries", "/api/captures", "/metrics"} <= lists
    for path in lists - {"/api/stream"}:
        answer = await caller.get(path)
        assert answer.status_code == 200
        assert MARK not in said(answer), path
    for kind in ("deliveries", "captures"):
        for item in (await caller.get(f"/api/{kind}")).json()["items"]:
            answer = await caller.get(f"/api/{kind}/{item['id']}")
            assert answer.status_code == 200
            assert MARK not in said(answer)


async def test_one_is_shown_to_whoever_asks_for_it_alone(
    keeper: Running, caller: httpx.AsyncClient
) -> None:
    """Otherwise the test above would pass as well if it saw nothing."""
    shown = await caller.get(f"/api/endpoints/{keeper.sandbox.endpoints.all()[-1].id}")
    assert shown.json()["secret"].startswith(FIRST)
    assert (await caller.get("/api/bins/secretive")).json()["secret"] == OF_BIN


async def test_the_stream_shows_none(keeper: Running, caller: httpx.AsyncClient) -> None:
    async with caller.stream("GET", "/api/stream") as stream:
        lines = stream.aiter_lines()
        await anext(lines)
        await capture_all(caller)
        endpoint = keeper.sandbox.endpoints.all()[-1]
        await caller.post(f"/api/endpoints/{endpoint.id}/ping")
        await caller.patch(f"/api/endpoints/{endpoint.id}", json={"description": "changed"})
        await caller.post(f"/api/endpoints/{endpoint.id}/rotate-secret")
        await caller.delete(f"/api/endpoints/{endpoint.id}")
        seen = ""
        async with asyncio.timeout(10):
            while '"deleted":true' not in seen:
                seen += await anext(lines)
    assert '"capture"' in seen or "event: capture" in seen
    assert MARK not in seen
    assert "whsec_" not in seen


async def test_no_answer_to_bad_input_shows_one(
    keeper: Running, caller: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    endpoint = keeper.sandbox.endpoints.all()[-1]
    refused = 0
    for operation in OPERATIONS:
        if operation.path == "/api/stream":
            continue
        for id in ("x", "%00", endpoint.id[:-1]):
            path = operation.path.replace("{id}", id).replace("{bin}", f"{id}.")
            path = path.replace("{type}", id).replace("{object}", id)
            for number, garbage in enumerate(GARBAGE):
                query = ("", "?limit=x", "?a=1&a=2", "?cursor=x")[number % 4]
                answer = await caller.request(operation.method, path + query, content=garbage)
                assert MARK not in said(answer), (operation.name, garbage)
                refused += answer.status_code >= 400
    assert refused > 200
    wrong_bins: list[dict[str, object]] = [
        {"secret": [OF_BIN]},
        {"secret": {OF_BIN: 1}},
        {"secret": ""},
        {"secret": OF_BIN, "behaviour": "x"},
        {"secret": OF_BIN, "forward_to": "x"},
        {"secret": OF_BIN, "more": 1},
    ]
    for body in wrong_bins:
        answer = await caller.put("/api/bins/secretive", json=body)
        assert answer.status_code == 422
        assert MARK not in said(answer)
    for wrong in (f"Bearer {TOKEN}x", f"Basic {TOKEN}", TOKEN):
        answer = await caller.get("/api/clock", headers={"authorization": wrong})
        assert answer.status_code == 401
        assert MARK not in said(answer)
    for answer in await capture_all(caller):
        assert MARK not in said(answer)
    assert MARK not in _logged(caplog)


async def test_no_log_of_a_raw_connection_shows_one(
    keeper: Running, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(1)
    host, port = keeper.url.removeprefix("http://").split(":")
    for request in (
        f"GET /metrics?token={TOKEN} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
        f"GET /nothing?token={TOKEN} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
        f"GET /api/clock?token={TOKEN} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
        f"GET /metrics HTTP/1.1\r\nauthorization: Bearer {TOKEN}\r\nno header\r\n\r\n",
        f"nonsense {TOKEN}\r\n\r\n",
        f"GET / HTTP/1.1\r\nhost: {TOKEN}\r\nauthorization: Bearer {TOKEN}\r\n"
        "upgrade: websocket\r\nconnection: upgrade, close\r\n\r\n",
    ):
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(request.encode())
        answer = await asyncio.wait_for(reader.read(), 10)
        writer.close()
        assert MARK not in answer.decode().replace(f"called {TOKEN}", "")
    assert MARK not in _logged(caplog)


async def test_no_bug_and_no_broken_store_shows_one(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    class Broken(UnreliableSandbox):
        @property
        def records(self) -> None:  # type: ignore[override]
            raise RuntimeError(f"secrets: {len(self.endpoints.all())}")

    async with Broken() as sandbox:
        await sandbox.add_endpoint("http://127.0.0.1:1/", secret=FIRST)
        await sandbox.receiver.set_bin(Bin("b", secret=OF_BIN))
        app = create_app(sandbox, Stream(sandbox.feed))
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            bug = await client.get("/api/records/customer")
            await sandbox.dispatcher.settle()
            sandbox.database.error = StoreError("The disk is full.")
            broken = [
                await client.post("/api/events", json={"type": "customer.created"}),
                await client.post("/api/endpoints", json={"url": "http://127.0.0.1:1/"}),
                await client.put("/api/bins/b", json={"secret": OF_BIN}),
                await client.post("/in/b", content=b"{}"),
                await client.get("/healthz"),
            ]
    assert bug.status_code == 500
    assert bug.headers["content-type"] == "application/problem+json"
    assert set(bug.json()) == {"type", "title", "status", "detail"}
    assert "Traceback" not in bug.text
    assert "RuntimeError" not in bug.text
    assert "secrets:" not in bug.text
    for answer in broken:
        assert answer.status_code == 503, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert MARK not in said(answer)
    assert MARK not in _logged(caplog)


async def test_a_bug_reaches_the_log_of_the_server() -> None:
    class Broken(UnreliableSandbox):
        @property
        def records(self) -> None:  # type: ignore[override]
            raise RuntimeError("a bug")

    async with Broken() as sandbox:
        transport = httpx.ASGITransport(create_app(sandbox, Stream(sandbox.feed)))
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            with pytest.raises(RuntimeError, match="a bug"):
                await client.get("/api/records/customer")


async def test_no_repr_and_no_error_shows_one(keeper: Running) -> None:
    sandbox = keeper.sandbox
    bin = sandbox.captures.bin("secretive")
    assert bin.secret == OF_BIN
    rotated = await sandbox.rotate_secret(sandbox.endpoints.all()[-1].id)
    assert rotated.previous_secret
    assert rotated.previous_secret.startswith(FIRST)
    things = (keeper, sandbox, bin, rotated, sandbox.receiver, sandbox.endpoints.all())
    for thing in (*things, Settings(token=TOKEN), sandbox.captures, sandbox.dispatcher):
        text = f"{thing!r}{thing}{[thing]}"
        assert MARK not in text
        assert "whsec_" not in text
    for url in ("x", "ftp://x", "http://a b"):
        with pytest.raises(InputError) as caught:
            await sandbox.add_endpoint(url, secret=OF_BIN)
        assert MARK not in f"{caught.value!r}{caught.value}{caught.value.__dict__}"


def _logged(caplog: pytest.LogCaptureFixture) -> str:
    """Return all that was logged by anybody, traceback and arguments included."""
    records = [f"{record.msg}{record.args}{record.exc_text}" for record in caplog.records]
    return caplog.text + json.dumps(records)
