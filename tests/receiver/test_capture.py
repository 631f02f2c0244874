"""The capture receiver over real sockets: what it stores, verifies and responds."""

import asyncio
import base64
from collections.abc import AsyncIterator

import httpx
import pytest

from pivotal_sandbox.clock import wall_time
from pivotal_sandbox.receiver.capture import MAX_BODY
from pivotal_sandbox.sandbox.sandbox import Sandbox
from pivotal_sandbox.signature import sign
from pivotal_sandbox.store.captures import CaptureFilter
from pivotal_sandbox.web.server import Running

BODY = b'{"id":"evt_1"}'


async def send_raw(running: Running, request: bytes) -> bytes:
    """Send bytes, and return everything received until the server closes."""
    host, port = running.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(request)
    try:
        return await asyncio.wait_for(reader.read(), 10)
    finally:
        writer.close()


async def captures(client: httpx.AsyncClient, bin: str) -> list[dict[str, object]]:
    answer = await client.get("/api/captures", params={"bin": bin})
    items: list[dict[str, object]] = answer.json()["items"]
    return items


async def test_a_capture_has_every_byte_with_headers_in_order_and_case(
    running: Running, client: httpx.AsyncClient
) -> None:
    body = b"\x00\xff {}\r\n"
    await send_raw(
        running,
        b"PUT /in/raw/below%20it?a=1&a=%32 HTTP/1.1\r\nHost: x\r\nX-Odd-CASE:  one\r\n"
        b"accept: */*\r\nx-odd-case: two\r\nContent-Length: 7\r\nConnection: close\r\n\r\n" + body,
    )
    [capture] = await captures(client, "raw")
    assert capture["method"] == "PUT"
    assert (capture["path"], capture["query"]) == ("/in/raw/below%20it", "a=1&a=%32")
    assert capture["headers"] == [
        ["Host", "x"],
        ["X-Odd-CASE", "one"],
        ["accept", "*/*"],
        ["x-odd-case", "two"],
        ["Content-Length", "7"],
        ["Connection", "close"],
    ]
    assert capture["body_encoding"] == "base64"
    assert base64.b64decode(str(capture["body"])) == body
    assert str(capture["peer"]).startswith("127.0.0.1:")
    assert capture["response"]["status"] == 200  # type: ignore[index]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE"])
async def test_any_method_is_captured(client: httpx.AsyncClient, method: str) -> None:
    answer = await client.request(method, "/in/any")
    assert (answer.status_code, answer.content) == (200, b"")
    [capture] = await captures(client, "any")
    assert capture["method"] == method


async def test_the_response_follows_once_the_capture_is_stored(
    client: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    for number in range(5):
        await client.post("/in/kept", content=str(number))
        [newest], _ = await sandbox.captures.page(CaptureFilter(bin="kept"), limit=1)
        assert newest.body == str(number).encode()


async def test_a_chunked_body_is_stored_decoded(client: httpx.AsyncClient) -> None:
    async def parts() -> AsyncIterator[bytes]:
        yield b'{"a":'
        yield b"1}"

    await client.post("/in/chunked", content=parts())
    [capture] = await captures(client, "chunked")
    assert capture["body"] == '{"a":1}'


async def test_a_body_over_10_mib_is_refused_and_not_stored(client: httpx.AsyncClient) -> None:
    answer = await client.post("/in/large", content=b"x" * MAX_BODY)
    assert answer.status_code == 200
    answer = await client.post("/in/large", content=b"x" * (MAX_BODY + 1))
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"
    assert str(MAX_BODY) in answer.json()["detail"]
    page = await client.get("/api/captures", params={"bin": "large"})
    assert len(page.json()["items"]) == 1


async def test_an_incomplete_request_is_not_stored(
    running: Running, client: httpx.AsyncClient
) -> None:
    host, port = running.url.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"POST /in/broken HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc")
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    await client.post("/in/broken", content=b"whole")
    assert [capture["body"] for capture in await captures(client, "broken")] == ["whole"]


@pytest.mark.parametrize("path", ["/in/", "/in/no%20spaces", "/in/" + "x" * 65, "/in/a.b"])
async def test_an_invalid_bin_name_is_refused(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.post(path)
    assert answer.status_code == 404
    assert "letters, digits" in answer.json()["detail"]


class TestVerdicts:
    async def capture(
        self, client: httpx.AsyncClient, running: Running, header: str | None
    ) -> dict[str, object]:
        headers = {} if header is None else {"pivotal-signature": header}
        await client.post("/in/demo", content=BODY, headers=headers)
        return (await captures(client, "demo"))[0]

    async def test_a_genuine_request_is_verified_by_the_secret_of_the_bins_endpoint(
        self, client: httpx.AsyncClient, running: Running
    ) -> None:
        header = sign(BODY, running.endpoint.secret, timestamp=int(wall_time()) - 2)
        capture = await self.capture(client, running, header)
        assert (capture["signed"], capture["verified"], capture["reason"]) == (True, True, None)
        assert str(capture["verdict"]).startswith("Signature valid, ")

    async def test_a_forged_one_is_named(self, client: httpx.AsyncClient, running: Running) -> None:
        header = sign(BODY, "whsec_other", timestamp=int(wall_time()))
        capture = await self.capture(client, running, header)
        assert (capture["signed"], capture["verified"]) == (True, False)
        assert capture["reason"] == "no_match"
        assert "does not match" in str(capture["verdict"])

    async def test_an_unsigned_one_is_named(
        self, client: httpx.AsyncClient, running: Running
    ) -> None:
        capture = await self.capture(client, running, None)
        assert (capture["signed"], capture["verified"]) == (False, False)
        assert capture["reason"] == "missing_header"

    async def test_without_a_known_secret_nothing_is_claimed(
        self, client: httpx.AsyncClient
    ) -> None:
        await client.post(
            "/in/strange", content=BODY, headers={"pivotal-signature": "v1,t=1,sig=x"}
        )
        [capture] = await captures(client, "strange")
        assert (capture["signed"], capture["verified"]) == (True, None)

    async def test_a_secret_given_to_the_bin_is_the_one_that_counts(
        self, client: httpx.AsyncClient, running: Running
    ) -> None:
        await client.put("/api/bins/demo", json={"secret": "whsec_mine"})
        header = sign(BODY, "whsec_mine", timestamp=int(wall_time()))
        assert (await self.capture(client, running, header))["verified"] is True
        header = sign(BODY, running.endpoint.secret, timestamp=int(wall_time()))
        assert (await self.capture(client, running, header))["verified"] is False


class TestBehaviour:
    async def test_steps_are_taken_in_turn_and_the_last_repeats(
        self, client: httpx.AsyncClient
    ) -> None:
        steps = [{"status": 500, "body": "no", "headers": {"x-why": "test"}}, 503, 204]
        await client.put("/api/bins/b", json={"behaviour": steps})
        answers = [await client.post("/in/b") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [500, 503, 204, 204]
        assert (answers[0].text, answers[0].headers["x-why"]) == ("no", "test")
        await client.put("/api/bins/b", json={"behaviour": steps})
        assert (await client.post("/in/b")).status_code == 500

    async def test_a_delay_is_waited_and_the_request_is_seen_meanwhile(
        self, client: httpx.AsyncClient
    ) -> None:
        await client.put("/api/bins/slow", json={"behaviour": [{"delay": "300ms"}]})
        started = asyncio.get_running_loop().time()
        asked = asyncio.create_task(client.post("/in/slow"))
        while not (items := await captures(client, "slow")):
            assert not asked.done()
        assert items[0]["response"] == {"status": None, "duration_ms": None}
        assert (await asked).status_code == 200
        assert asyncio.get_running_loop().time() - started >= 0.3
        [capture] = await captures(client, "slow")
        assert capture["response"]["duration_ms"] >= 300  # type: ignore[index]

    async def test_a_hang_never_answers_but_keeps_the_request(
        self, running: Running, client: httpx.AsyncClient
    ) -> None:
        await client.put("/api/bins/hang", json={"behaviour": [{"hang": True}]})
        asked = asyncio.create_task(client.post("/in/hang"))
        while not await captures(client, "hang"):
            assert not asked.done()
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked

    async def test_a_reset_ends_the_connection_without_an_answer(
        self, client: httpx.AsyncClient
    ) -> None:
        await client.put("/api/bins/reset", json={"behaviour": [{"reset": True}]})
        with pytest.raises(httpx.ReadError):
            await client.post("/in/reset")
        assert len(await captures(client, "reset")) == 1

    async def test_without_our_server_a_reset_is_an_error_in_the_application(
        self, client: httpx.AsyncClient, sandbox: Sandbox
    ) -> None:
        await client.put("/api/bins/reset", json={"behaviour": [{"reset": True}]})
        transport = httpx.ASGITransport(app=sandbox.receiver)
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as inside:
            with pytest.raises(ConnectionResetError):
                await inside.post("/in/reset")
            answer = await inside.post("/in/plain", headers={"X-Lower": "is all that is left"})
        assert answer.status_code == 200
        [capture] = await captures(client, "plain")
        assert ["x-lower", "is all that is left"] in capture["headers"]  # type: ignore[operator]
