"""The sender: each request by the transport that its URL needs, and failures as outcomes."""

import asyncio
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import trustme
from msgspec.structs import replace
from tests.sender.peer import Peer, Script, Serve, answers

from pivotal_sandbox.common.urls import parse_url
from pivotal_sandbox.domain.models import Request, Response, Wire
from pivotal_sandbox.errors import InputError
from pivotal_sandbox.sender.asgi import Receive, Scope, Send
from pivotal_sandbox.sender.egress import AddressGuard
from pivotal_sandbox.sender.sender import Sender

BOTH_LOOPS = True

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


def post(url: str) -> Request:
    headers = (("host", parse_url(url).authority), ("content-length", "2"))
    return Request("POST", url, headers, b"hi")


@pytest.fixture
async def sender() -> AsyncIterator[Sender]:
    sender = Sender(guard=AddressGuard())
    yield sender
    await sender.close()


def tls_pair() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return the TLS contexts of a server named localhost and of a client that trusts it."""
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    ca = trustme.CA()
    ca.issue_cert("localhost").configure_cert(server)
    ca.configure_trust(client)
    return server, client


def answering(status: int) -> httpx.MockTransport:
    return httpx.MockTransport(lambda request: httpx.Response(status))


async def test_http_requests_share_a_connection(sender: Sender, serve: Serve) -> None:
    async def script(peer: Peer) -> None:
        while True:
            assert await peer.request() == b"POST /in?x=1 HTTP/1.1\r\n" + (
                f"host: 127.0.0.1:{port}\r\ncontent-length: 2\r\n\r\nhi".encode()
            )
            await peer.send(OK)

    port = await serve(script)
    first = await sender.send(post(f"http://127.0.0.1:{port}/in?x=1"))
    second = await sender.send(post(f"http://127.0.0.1:{port}/in?x=1"))
    assert first.response == Response(200, (("content-length", "2"),), b"ok")
    assert first.timing.connect_ms is not None
    assert second.timing.connect_ms is None


async def test_https_reaches_an_ipv6_address(serve: Serve) -> None:
    sender = Sender(guard=AddressGuard())
    outcome = await sender.send(post("https://[::1]:9/"))
    await sender.close()
    assert outcome.error == "connection_refused", outcome.detail


async def test_https_sends_the_target_to_the_byte(serve: Serve) -> None:
    server, client = tls_pair()

    async def script(peer: Peer) -> None:
        while True:
            assert (await peer.request()).startswith(b"POST /a/../b?%7B%7Bc HTTP/1.1\r\n")
            await peer.send(OK)

    port = await serve(script, tls=server)
    sender = Sender(guard=AddressGuard(), ssl_context=client)
    first = await sender.send(post(f"https://localhost:{port}/a/../b?{{%7Bc"))
    second = await sender.send(post(f"https://localhost:{port}/a/../b?{{%7Bc"))
    await sender.close()
    assert first.ok
    assert first.timing.tls_ms is not None
    assert second.ok
    assert second.timing.tls_ms is None


async def test_an_https_request_on_a_connection_that_closes_is_not_sent_again(
    serve: Serve,
) -> None:
    requests: list[int] = []

    async def script(peer: Peer) -> None:
        await peer.request()
        requests.append(peer.number)
        await peer.send(OK)
        await peer.request()
        requests.append(peer.number)

    server_side, client_side = tls_pair()
    port = await serve(script, tls=server_side)
    sender = Sender(guard=AddressGuard(), ssl_context=client_side)
    first = await sender.send(post(f"https://localhost:{port}/"))
    second = await sender.send(post(f"https://localhost:{port}/"))
    await sender.close()
    assert (first.ok, second.error) == (True, "connection_reset")
    assert requests == [1, 1]


async def test_only_allowed_hosts_are_sent_to(sender: Sender) -> None:
    for scheme in ("http", "https"):
        outcome = await sender.send(post(f"{scheme}://10.1.2.3/"))
        assert outcome.error == "blocked"
        assert outcome.detail is not None
        assert "--allow-host 10.1.2.3" in outcome.detail


async def test_a_receiver_that_does_not_respond_is_a_timeout(serve: Serve) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.wait_closed()

    async def hang(request: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    sender = Sender(guard=AddressGuard(), timeout_ms=40)
    sender.mount("http://app.test", httpx.MockTransport(hang))
    for url in (f"http://127.0.0.1:{await serve(script)}/", "http://app.test/"):
        outcome = await sender.send(post(url))
        assert outcome.error == "timeout"
        assert 38 <= outcome.timing.total_ms < 2000
    await sender.close()


async def test_a_senders_body_is_cut_at_the_limit(serve: Serve) -> None:
    sent = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nbody"
    server, client = tls_pair()
    sender = Sender(guard=AddressGuard(), body_limit=3, ssl_context=client)
    sender.mount("http://app.test", httpx.MockTransport(lambda _: httpx.Response(200, text="body")))
    for url in (
        f"http://localhost:{await serve(answers(sent))}/",
        f"https://localhost:{await serve(answers(sent), tls=server)}/",
        "http://app.test/",
    ):
        outcome = await sender.send(post(url))
        assert outcome.response is not None
        assert (outcome.response.body, outcome.response.truncated) == (b"bod", True)
    await sender.close()


async def test_an_injected_transport_takes_every_request() -> None:
    sender = Sender(guard=AddressGuard(), transport=answering(202))
    for url in ("http://127.0.0.1:9/", "https://127.0.0.1:9/", "http://10.1.2.3/"):
        outcome = await sender.send(post(url))
        assert outcome.response == Response(202, (), b"")
    await sender.close()


async def test_a_mounted_transport_takes_the_requests_to_its_origin(
    sender: Sender, closed_port: int
) -> None:
    sender.mount("http://app.test", answering(201))
    sender.mount("https://APP.test:443/", answering(202))
    sender.mount(f"http://127.0.0.1:{closed_port}", answering(203))
    expected = {
        "http://app.test/in?x=1": 201,
        "HTTP://App.test:80": 201,
        "https://app.test/in": 202,
        f"http://127.0.0.1:{closed_port}/in": 203,
    }
    for url, status in expected.items():
        outcome = await sender.send(post(url))
        assert outcome.response is not None
        assert outcome.response.status_code == status
    for url in ("http://app.test.invalid/", "http://sub.app.test.invalid/"):
        assert (await sender.send(post(url))).error == "dns"


async def test_a_mounted_transport_takes_precedence_over_an_injected_one() -> None:
    sender = Sender(guard=AddressGuard(), transport=answering(500))
    sender.mount("http://app.test", answering(201))
    assert (await sender.send(post("http://app.test/"))).ok
    assert not (await sender.send(post("http://other.test/"))).ok
    await sender.close()


async def test_a_raw_request_uses_the_socket_of_a_mounted_origin(
    sender: Sender, serve: Serve
) -> None:
    url = f"http://127.0.0.1:{await serve(answers(OK))}"
    sender.mount(url, answering(201), has_socket=True)
    assert sender.has_socket(url)
    plain = await sender.send(post(url))
    unusual = await sender.send(replace(post(url), wire=Wire(pieces=2)))
    statuses = [outcome.response.status_code for outcome in (plain, unusual) if outcome.response]
    assert statuses == [201, 200]


@pytest.mark.parametrize("url", ["app.test", "http://app.test/in", "http://app.test?x", "ftp://a"])
def test_only_an_origin_can_be_mounted(url: str) -> None:
    sender = Sender(guard=AddressGuard())
    with pytest.raises(InputError) as caught:
        sender.mount(url, answering(200))
    assert caught.value.pointer == "/url"


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    message = await receive()
    headers = dict(scope["headers"])
    assert scope["method"] == "POST"
    assert scope["query_string"] == b"x=1"
    assert headers[b"host"] == b"app.test"
    start = {"type": "http.response.start", "status": 200, "headers": [(b"X-Case", b"kept")]}
    if scope["path"] == "/raises":
        raise ValueError("boom")
    await send(start)
    if scope["path"] == "/raises-halfway":
        raise ValueError("boom")
    await send({"type": "http.response.body", "body": message["body"]})
    if scope["path"] == "/raises-afterwards":
        raise ValueError("boom")


@pytest.mark.parametrize("injected", [True, False])
async def test_an_asgi_app_responds_as_on_a_server(injected: bool) -> None:
    transport = httpx.ASGITransport(app)
    sender = Sender(guard=AddressGuard(), transport=transport if injected else None)
    if not injected:
        sender.mount("http://app.test", transport)

    async def send(path: str) -> tuple[int | str | None, bytes]:
        outcome = await sender.send(post(f"http://app.test{path}?x=1"))
        if outcome.response is None:
            return outcome.error, b""
        return outcome.response.status_code, outcome.response.body

    assert await send("/") == (200, b"hi")
    assert await send("/raises") == (500, b"")
    assert await send("/raises-halfway") == ("connection_reset", b"")
    assert await send("/raises-afterwards") == (200, b"hi")
    assert transport.app is app
    await sender.close()


async def test_an_asgi_app_gets_the_settings_of_its_transport() -> None:
    received: list[tuple[str, object]] = []

    async def telling(scope: Scope, receive: Receive, send: Send) -> None:
        received.append((scope["root_path"], scope["client"]))

    transport = httpx.ASGITransport(telling, root_path="/root", client=("10.0.0.1", 7))
    await Sender(guard=AddressGuard(), transport=transport).send(post("http://app.test/"))
    assert received == [("/root", ("10.0.0.1", 7))]


@pytest.mark.parametrize(
    "request_",
    [
        Request("POST", "app.test/in", (), b""),
        Request("POST", "http://app.test/", (("x-a", "1\r\nx-b: 2"),), b""),
        Request("POST", "https://127.0.0.1/", (("x-a", "1\r\nx-b: 2"),), b""),
        Request("POST", "http://127.0.0.1/", (("x-a", "1\r\nx-b: 2"),), b""),
    ],
)
async def test_an_invalid_request_is_refused(sender: Sender, request_: Request) -> None:
    sender.mount("http://app.test", answering(200))
    with pytest.raises(InputError):
        await sender.send(request_)


async def test_close_does_not_close_an_injected_transport(serve: Serve) -> None:
    async with httpx.AsyncHTTPTransport() as transport:
        sender = Sender(guard=AddressGuard(), transport=transport)
        port = await serve(answers(OK, OK))
        assert (await sender.send(post(f"http://127.0.0.1:{port}/"))).ok
        await sender.close()
        outcome = await sender.send(post(f"http://127.0.0.1:{port}/"))
        assert outcome.ok
        assert outcome.timing.connect_ms is None


async def test_close_closes_idle_connections(sender: Sender, serve: Serve) -> None:
    gone = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK)
        await peer.wait_closed()
        gone.set()

    assert (await sender.send(post(f"http://127.0.0.1:{await serve(script)}/"))).ok
    await sender.close()
    await gone.wait()


def test_plain_http_does_not_import_httpx() -> None:
    program = """
import asyncio, sys
from pivotal_sandbox.domain.models import Request
from pivotal_sandbox.sender.egress import AddressGuard
from pivotal_sandbox.sender.sender import Sender

async def main():
    sender = Sender(guard=AddressGuard())
    outcome = await sender.send(Request("POST", "http://127.0.0.1:1/", (), b""))
    await sender.close()
    return outcome.error

print(asyncio.run(main()), "httpx" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30
    )
    assert done.stdout.split() == ["connection_refused", "False"]


async def test_a_raw_request_needs_a_socket(sender: Sender) -> None:
    request = replace(post("http://app.test/"), wire=Wire(pieces=2))
    assert sender.has_socket("http://app.test/")
    sender.mount("http://app.test", answering(200))
    assert not sender.has_socket("http://app.test/in")
    assert sender.has_socket("http://other.test/")
    with pytest.raises(InputError, match=r"needs a socket, and http://app\.test has") as caught:
        await sender.send(request)
    assert caught.value.pointer == "/fault"
    assert not Sender(guard=AddressGuard(), transport=answering(200)).has_socket("http://a.test/")


async def ignore_request(peer: Peer) -> None:
    await peer.request()


async def refuse_in_plain_http(peer: Peer) -> None:
    await peer.reader.read(1)
    await peer.send(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")


async def close(peer: Peer) -> None:
    await peer.reader.read(1)


async def alert(peer: Peer) -> None:
    await peer.reader.read(1)
    await peer.send(b"\x15\x03\x03\x00\x02\x02\x46")


@pytest.mark.parametrize("wire", [None, Wire(pieces=2)])
@pytest.mark.parametrize("script", [refuse_in_plain_http, close])
async def test_https_to_a_plain_http_port_says_so(
    sender: Sender, serve: Serve, script: Script, wire: Wire | None
) -> None:
    port = await serve(script)
    request = replace(post(f"https://localhost:{port}/"), wire=wire)
    outcome = await sender.send(request)
    assert outcome.error == "tls"
    assert outcome.detail is not None
    assert outcome.detail.endswith("If it speaks plain HTTP, use http:// in the URL.")


@pytest.mark.parametrize("script", [close, alert])
async def test_plain_http_to_a_tls_port_says_so(
    sender: Sender, serve: Serve, script: Script
) -> None:
    outcome = await sender.send(post(f"http://localhost:{await serve(script)}/"))
    assert outcome.error == ("protocol" if script is alert else "connection_reset")
    assert "use https:// in the URL" in str(outcome.detail)


async def test_plain_http_to_a_server_with_tls_says_so(sender: Sender, serve: Serve) -> None:
    server_side, _ = tls_pair()
    port = await serve(ignore_request, tls=server_side)
    outcome = await sender.send(post(f"http://localhost:{port}/"))
    assert "use https:// in the URL" in str(outcome.detail)


@pytest.mark.parametrize("wire", [None, Wire(pieces=2)])
async def test_a_rejected_certificate_names_the_variable_that_adds_one(
    sender: Sender, serve: Serve, wire: Wire | None
) -> None:
    server_side, _ = tls_pair()
    port = await serve(ignore_request, tls=server_side)
    request = replace(post(f"https://localhost:{port}/"), wire=wire)
    outcome = await sender.send(request)
    assert outcome.error == "tls"
    assert "SSL_CERT_FILE" in str(outcome.detail)


async def test_the_certificate_in_ssl_cert_file_is_trusted(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority, server_side = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(server_side)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    port = await serve(answers(OK, OK), tls=server_side)
    sender = Sender(guard=AddressGuard())
    outcomes = [
        await sender.send(replace(post(f"https://localhost:{port}/"), wire=wire))
        for wire in (None, Wire(pieces=2))
    ]
    await sender.close()
    assert [outcome.error for outcome in outcomes] == [None, None]
