"""Forwarding to a real server over a real socket, and the response to the sender."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from pivotal_sandbox.common.urls import parse_url
from pivotal_sandbox.domain.bins import Bin
from pivotal_sandbox.domain.models import Capture, Headers
from pivotal_sandbox.receiver.forward import (
    build_forwarded_request,
    drop_hop_by_hop_headers,
    find_bin_name,
)
from pivotal_sandbox.web.server import Running

ANSWER = (
    b"HTTP/1.1 202 Accepted\r\nX-Handler: yes\r\nConnection: keep-alive\r\n"
    b"Content-Length: 4\r\n\r\ndone"
)


class Target:
    """A server that records the bytes of each request and always responds the same."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer
        self.received: list[bytes] = []
        self.url = ""

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
        self.received.append(head + await reader.readexactly(length))
        writer.write(self.answer)
        await writer.drain()
        writer.close()


@pytest.fixture
async def target() -> AsyncIterator[Target]:
    target = Target(ANSWER)
    server = await asyncio.start_server(target.handle, "127.0.0.1", 0)
    async with server:
        target.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield target


async def test_bytes_headers_and_query_are_forwarded_and_both_sides_are_stored(
    running: Running, client: httpx.AsyncClient, target: Target
) -> None:
    await client.put("/api/bins/f", json={"forward_to": f"{target.url}/hooks"})
    body = b'{"a" : 1.0}\r\n\xff'
    host, port = running.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        b"POST /in/f/deep%%20er?q=1&q=2 HTTP/1.1\r\nHost: shown.test\r\nX-Mine: One\r\n"
        b"x-mine: two\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    )
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()

    assert answer.startswith(b"HTTP/1.1 202 ")
    assert b"x-handler: yes\r\n" in answer
    assert answer.endswith(b"\r\n\r\ndone")
    [received] = target.received
    authority = target.url.removeprefix("http://").encode()
    assert received == (
        b"POST /hooks/deep%%20er?q=1&q=2 HTTP/1.1\r\nhost: %b\r\nX-Mine: One\r\nx-mine: two\r\n"
        b"content-length: %d\r\n\r\n%b" % (authority, len(body), body)
    )
    [capture] = (await client.get("/api/captures", params={"bin": "f"})).json()["items"]
    assert capture["response"]["status"] == 202
    assert capture["forwarded"]["url"] == f"{target.url}/hooks/deep%20er?q=1&q=2"
    assert capture["forwarded"]["status_code"] == 202
    assert capture["forwarded"]["response"]["body"] == "done"


async def test_a_get_is_forwarded_without_a_body(client: httpx.AsyncClient, target: Target) -> None:
    await client.put("/api/bins/f", json={"forward_to": f"{target.url}/?fixed=1"})
    assert (await client.get("/in/f?mine=2")).status_code == 202
    [received] = target.received
    assert received.startswith(b"GET /?fixed=1&mine=2 HTTP/1.1\r\n")
    assert b"content-length" not in received.lower()


async def test_a_response_larger_than_the_log_stores_is_returned_whole(
    client: httpx.AsyncClient, target: Target
) -> None:
    target.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + b"x" * 200_000
    await client.put("/api/bins/f", json={"forward_to": target.url})
    answer = await client.post("/in/f", content=b"1")
    assert answer.content == b"x" * 200_000
    [capture] = (await client.get("/api/captures", params={"bin": "f"})).json()["items"]
    response = capture["forwarded"]["response"]
    assert (len(response["body"]), response["truncated"]) == (64 * 1024, True)


async def test_a_target_that_does_not_respond_is_a_502_that_says_so(
    client: httpx.AsyncClient, target: Target
) -> None:
    target.answer = b""
    await client.put("/api/bins/f", json={"forward_to": target.url})
    answer = await client.post("/in/f", content=b"1")
    assert answer.status_code == 502
    assert target.url in answer.text
    [capture] = (await client.get("/api/captures", params={"bin": "f"})).json()["items"]
    assert capture["forwarded"]["error"] == "connection_reset"
    assert capture["forwarded"]["response"] is None


async def test_an_address_that_is_not_allowed_is_not_forwarded_to(
    client: httpx.AsyncClient,
) -> None:
    await client.put("/api/bins/f", json={"forward_to": "http://192.0.2.1/"})
    answer = await client.post("/in/f", content=b"1")
    assert answer.status_code == 502
    assert "--allow-host" in answer.text


async def test_a_capture_that_cannot_be_forwarded_is_a_502_and_stored(
    running: Running, client: httpx.AsyncClient, target: Target
) -> None:
    await client.put("/api/bins/f", json={"forward_to": target.url})
    answer = await client.get("/in/f", headers={"x-control": "a\x01b"})
    if answer.status_code != 400:  # the parser may have refused it before us
        assert answer.status_code == 502
    assert target.received == []


async def test_a_bin_that_would_forward_to_itself_is_refused(
    running: Running, client: httpx.AsyncClient
) -> None:
    port = running.url.rpartition(":")[2]
    for target in (
        f"{running.url}/in/loop",
        f"http://localhost:{port}/in/loop/below?q=1",
        f"http://127.0.0.9:{port}/in/loop",
    ):
        answer = await client.put("/api/bins/loop", json={"forward_to": target})
        assert answer.status_code == 422, target
        assert answer.json()["errors"][0]["pointer"] == "/forward_to"
        assert "loop to loop" in answer.json()["detail"]
    first = await client.put("/api/bins/a", json={"forward_to": f"{running.url}/in/b"})
    assert first.status_code == 200
    await client.put("/api/bins/b", json={"forward_to": f"{running.url}/in/c"})
    answer = await client.put("/api/bins/c", json={"forward_to": f"{running.url}/in/a"})
    assert answer.status_code == 422
    assert "c to a to b to c" in answer.json()["detail"]
    assert (await client.post("/in/a", content=b"once")).status_code == 200
    assert len((await client.get("/api/captures")).json()["items"]) == 4  # and the ping


async def test_a_bin_that_forwards_to_itself_after_a_port_change_is_a_502(
    running: Running, client: httpx.AsyncClient
) -> None:
    await running.sandbox.captures.set_bin(Bin("old", forward_to=f"{running.url}/in/old"))
    answer = await client.post("/in/old", content=b"once")
    assert answer.status_code == 502
    assert "old to old" in answer.json()["detail"]
    items = (await client.get("/api/captures", params={"bin": "old"})).json()["items"]
    assert [item["response"]["status"] for item in items] == [502]


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8401/in/a",
        "https://127.0.0.1:8400/in/a",
        "http://example.com:8400/in/a",
        "http://127.0.0.1:8400/api/in/a",
    ],
)
def test_a_url_at_another_address_is_not_a_bin(url: str) -> None:
    assert find_bin_name(url, "http://127.0.0.1:8400/in/") is None


@pytest.mark.parametrize(
    ("forward_to", "captured", "forwarded"),
    [
        ("/hook?token=1", "/in/f/sub?q=1", "/hook/sub?token=1&q=1"),
        ("/hook?token=1", "/in/f", "/hook?token=1"),
        ("/hook?token=1", "/in/f/", "/hook/?token=1"),
        ("/hook/", "/in/f/sub?", "/hook/sub"),
        ("", "/in/f?q=1", "/?q=1"),
        ("?a=1", "/in/f/sub", "/sub?a=1"),
        ("/hook", "/in/%66/sub?q=%26", "/hook/sub?q=%26"),
        ("/hook", "/%69n/%66%2Fsub", "/hook%2Fsub"),
        ("/hook", "/in/f//a/../b", "/hook//a/../b"),
        ("/hook", "/in/f/Zo\xc3\xab?n=\xc3\xab", "/hook/Zo%C3%AB?n=%C3%AB"),
        ("/hook", "/in/f/a|{}^%zz", "/hook/a|{}^%zz"),
    ],
)
def test_the_path_and_query_of_a_capture_are_joined_with_those_of_the_target(
    forward_to: str, captured: str, forwarded: str
) -> None:
    path, _, query = captured.partition("?")
    capture = make_capture(path=path, query=query)
    request = build_forwarded_request(capture, f"http://app.test{forward_to}")
    assert request.url == f"http://app.test{forwarded}"
    assert parse_url(request.url).target == parse_url(f"http://app.test{forwarded}").target


def make_capture(
    *,
    method: str = "POST",
    path: str = "/in/f",
    query: str = "",
    headers: Headers = (),
    body: bytes = b"",
) -> Capture:
    return Capture("cap_1", "f", method, path, query, headers, body, 0, None, False, None, None, "")


def test_hop_by_hop_headers_are_dropped() -> None:
    headers = (
        ("Connection", "close, X-Hop"),
        ("x-hop", "1"),
        ("Proxy-Connection", "keep-alive"),
        ("TE", "trailers"),
        ("Trailer", "x-sum"),
        ("Upgrade", "h2c"),
        ("x-kept", "2"),
    )
    assert drop_hop_by_hop_headers(headers) == (("x-kept", "2"),)


def test_a_request_without_host_is_forwarded_with_the_host_of_the_target() -> None:
    capture = make_capture(headers=(("x-a", "1"),), body=b"hi")
    request = build_forwarded_request(capture, "http://app.test:81/")
    assert request.headers == (("host", "app.test:81"), ("x-a", "1"), ("content-length", "2"))


def test_several_hosts_become_that_of_the_target() -> None:
    capture = make_capture(method="GET", headers=(("Host", "a"), ("host", "b")))
    assert build_forwarded_request(capture, "http://app.test/").headers == (("host", "app.test"),)


async def test_a_target_url_with_a_fragment_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.put("/api/bins/f", json={"forward_to": "http://127.0.0.1:9/hook#frag"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/forward_to"
    assert "fragment" in answer.json()["detail"]


@pytest.mark.parametrize("status", [100, 199, 200, 299, 451, 599, 600, 999])
async def test_a_status_of_the_target_is_returned_or_becomes_a_502_that_names_it(
    client: httpx.AsyncClient, target: Target, status: int
) -> None:
    target.answer = b"HTTP/1.1 %d Odd\r\ncontent-length: 2\r\n\r\nok" % status
    await client.put("/api/bins/f", json={"forward_to": target.url})
    answer = await client.post("/in/f", content=b"1")
    if 200 <= status < 600:
        assert (answer.status_code, answer.content) == (status, b"ok")
    else:
        assert answer.status_code == 502
        assert target.url in answer.text
    if status >= 600:
        assert f"the status {status}" in answer.text
        [capture] = (await client.get("/api/captures", params={"bin": "f"})).json()["items"]
        assert capture["response"]["status"] == 502
        assert capture["forwarded"]["status_code"] == status


async def test_a_response_to_head_has_the_content_length_of_the_target(
    running: Running, client: httpx.AsyncClient, target: Target
) -> None:
    target.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 1234\r\nX-Hop: 1\r\n"
    target.answer += b"Connection: close, x-hop\r\n\r\n"
    await client.put("/api/bins/fw", json={"forward_to": target.url})
    host, port = running.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"HEAD /in/fw HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    answer = (await asyncio.wait_for(reader.read(), 10)).lower()
    writer.close()
    assert answer.startswith(b"http/1.1 200 ")
    assert answer.count(b"content-length:") == 1
    assert b"content-length: 1234\r\n" in answer
    assert b"x-hop" not in answer
    assert answer.endswith(b"\r\n\r\n")


async def test_an_http_1_0_request_without_host_is_forwarded(
    running: Running, client: httpx.AsyncClient, target: Target
) -> None:
    await client.put("/api/bins/fw", json={"forward_to": target.url})
    host, port = running.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"POST /in/%66w HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi")
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    assert b" 202 " in answer.partition(b"\r\n")[0]
    [received] = target.received
    assert received.startswith(b"POST / HTTP/1.1\r\nhost: ")


@pytest.mark.parametrize("path", ["in/%66", "%69n/f/below", "in/f?x=1"])
def test_a_percent_encoded_url_of_a_bin_is_recognized(path: str) -> None:
    address = "http://127.0.0.1:8400/in/"
    assert find_bin_name(f"http://shop.localhost:8400/{path}", address) == "f"
