"""The pool as an httpx transport, and httpx transports as senders."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator

import httpx
import pytest
import trustme
from tests.sender.peer import Peer, Script, Serve, answers
from tests.sender.pool_transport import PoolTransport

from pivotal_sandbox.domain.models import ErrorCode, Outcome, Request, Response
from pivotal_sandbox.domain.retry_policy import RESPONSE_KEPT
from pivotal_sandbox.errors import InputError
from pivotal_sandbox.sender.egress import AddressGuard
from pivotal_sandbox.sender.httpx_adapter import (
    GuardedTransport,
    default_ssl_context,
    send_through,
)

BOTH_LOOPS = True

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
LONG = 10_000


def post(url: str, *, body: bytes = b"hi") -> Request:
    host = httpx.URL(url).netloc.decode()
    headers = (("Host", host), ("X-B", "é"), ("x-a", "1"), ("content-length", str(len(body))))
    return Request("POST", url, headers, body)


def as_sent(request: Request) -> bytes:
    url = httpx.URL(request.url)
    lines = "".join(f"{name}: {value}\r\n" for name, value in request.headers)
    head = f"{request.method} {url.raw_path.decode()} HTTP/1.1\r\n{lines}\r\n"
    return head.encode("latin-1") + request.body


# Ours for httpx


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=PoolTransport()) as client:
        yield client


async def test_an_httpx_client_sends_over_the_pool(client: httpx.AsyncClient, serve: Serve) -> None:
    received: list[tuple[int, bytes]] = []
    body = b"x" * 300_000  # longer than what is kept of a delivery's answer

    async def script(peer: Peer) -> None:
        while True:
            received.append((peer.number, await peer.request()))
            await peer.send(
                b"HTTP/1.1 201 Created\r\nX-Case: \xe9\r\nset-cookie: a=1\r\nset-cookie: b=2\r\n"
                b"content-length: %d\r\n\r\n%b" % (len(body), body)
            )

    port = await serve(script)
    first = await client.post(f"http://127.0.0.1:{port}/in?x=1", content=b"hi")
    await client.post(f"http://127.0.0.1:{port}/in?x=1", content=b"hi")
    assert first.status_code == 201
    assert first.content == body
    assert (b"X-Case", b"\xe9") in first.headers.raw
    assert first.headers.get_list("set-cookie") == ["a=1", "b=2"]
    assert first.request.url == f"http://127.0.0.1:{port}/in?x=1"
    assert [number for number, _ in received] == [1, 1]
    assert received[0][1].startswith(b"POST /in?x=1 HTTP/1.1\r\n")
    assert received[0][1].endswith(b"\r\n\r\nhi")


async def test_a_response_to_head_does_not_wait_for_a_body(
    client: httpx.AsyncClient, serve: Serve
) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n")
        await peer.wait_closed()

    response = await client.head(f"http://127.0.0.1:{await serve(script)}/")
    assert response.headers["content-length"] == "9"


@pytest.mark.parametrize(
    ("parts", "framed"),
    [
        ([], b"\r\n\r\n0\r\n\r\n"),
        ([b"ab", b"", b"c" * 14], b"\r\n\r\n10\r\nab" + b"c" * 14 + b"\r\n0\r\n\r\n"),
    ],
)
async def test_a_body_of_unknown_length_is_sent_chunked(
    client: httpx.AsyncClient, serve: Serve, parts: list[bytes], framed: bytes
) -> None:
    async def script(peer: Peer) -> None:
        received = await peer.reader.readuntil(b"0\r\n\r\n")
        assert b"transfer-encoding: chunked\r\n" in received.lower()
        assert received.endswith(framed)
        await peer.send(OK)

    async def content() -> AsyncIterator[bytes]:
        for part in parts:
            yield part

    port = await serve(script)
    response = await client.post(f"http://127.0.0.1:{port}/", content=content())
    assert response.text == "ok"


async def test_credentials_in_a_url_travel_as_a_header(
    client: httpx.AsyncClient, serve: Serve
) -> None:
    async def script(peer: Peer) -> None:
        assert b"Authorization: Basic dTpw\r\n" in await peer.request()
        await peer.send(OK)

    port = await serve(script)
    assert (await client.get(f"http://u:p@127.0.0.1:{port}/")).text == "ok"


async def reset(peer: Peer) -> None:
    await peer.request()
    peer.reset()


async def hang(peer: Peer) -> None:
    await peer.request()
    await peer.wait_closed()


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        (reset, httpx.ReadError),
        (answers(b""), httpx.ReadError),
        (answers(OK[:-1]), httpx.ReadError),
        (answers(b"?\r\n"), httpx.RemoteProtocolError),
        (answers(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (11 << 20)), httpx.RemoteProtocolError),
        (hang, httpx.ReadTimeout),
    ],
)
async def test_a_server_failure_raises_the_exception_of_httpx(
    client: httpx.AsyncClient, serve: Serve, script: Script, kind: type[httpx.TransportError]
) -> None:
    port = await serve(script)
    limit = httpx.Timeout(5, read=0.05 if script is hang else 5)
    with pytest.raises(kind) as caught:
        await client.get(f"http://127.0.0.1:{port}/", timeout=limit)
    assert f"127.0.0.1:{port}" in str(caught.value)
    assert caught.value.request.url.port == port


async def test_a_connection_failure_raises_the_exception_of_httpx(
    client: httpx.AsyncClient, closed_port: int
) -> None:
    with pytest.raises(httpx.ConnectError, match="Nobody listens"):
        await client.get(f"http://127.0.0.1:{closed_port}/")
    with pytest.raises(httpx.ConnectError, match="--allow-host"):
        await client.get("http://10.1.2.3/")
    with pytest.raises(httpx.ConnectError, match="cannot be resolved"):
        await client.get("http://nobody.invalid/")
    with pytest.raises(httpx.UnsupportedProtocol, match="speaks http only"):
        await client.get("https://127.0.0.1/")
    with pytest.raises(httpx.LocalProtocolError, match="line break"):
        await client.get("http://127.0.0.1/", headers={"x-a": "1\r\nx-b: 2"})


async def test_an_unaccepted_connection_is_a_connect_timeout(
    client: httpx.AsyncClient,
) -> None:
    with socket.socket() as full, socket.socket() as first, socket.socket() as two:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for sock in (first, two):
            sock.setblocking(False)
            sock.connect_ex(full.getsockname())
        with pytest.raises(httpx.ConnectTimeout):
            await client.get(f"http://127.0.0.1:{full.getsockname()[1]}/", timeout=0.06)


async def test_a_client_without_timeout_waits(client: httpx.AsyncClient, serve: Serve) -> None:
    port = await serve(answers(OK))
    assert (await client.get(f"http://127.0.0.1:{port}/", timeout=None)).text == "ok"


async def test_an_address_that_the_guard_allows_is_connected_to(serve: Serve) -> None:
    port = await serve(answers(OK), host="0.0.0.0")
    async with httpx.AsyncClient(transport=PoolTransport(AddressGuard(["0.0.0.0"]))) as client:
        assert (await client.get(f"http://0.0.0.0:{port}/")).text == "ok"


# httpx's for us


async def send_by(transport: httpx.AsyncBaseTransport, request: Request) -> Outcome:
    outcome = await send_through(transport, request, timeout_ms=LONG)
    assert outcome.detail is None or outcome.detail.endswith((".", "allows it."))
    return outcome


async def test_a_request_reaches_the_transport_unchanged() -> None:
    request = post("http://a.test/in?x={1}#there")
    received: list[httpx.Request] = []

    def handler(sent: httpx.Request) -> httpx.Response:
        received.append(sent)
        return httpx.Response(202, headers=[(b"X-Case", b"a"), (b"x-case", b"\xe9")])

    outcome = await send_by(httpx.MockTransport(handler), request)
    [sent] = received
    assert sent.method == "POST"
    assert sent.url == "http://a.test/in?x=%7B1%7D"
    assert sent.headers.raw == [
        (b"Host", b"a.test"),
        (b"X-B", b"\xe9"),
        (b"x-a", b"1"),
        (b"content-length", b"2"),
    ]
    assert sent.content == b"hi"
    assert outcome.response == Response(202, (("X-Case", "a"), ("x-case", "é")), b"")
    assert outcome.error is None
    assert outcome.timing.first_byte_ms is not None
    assert 0 < outcome.timing.first_byte_ms <= outcome.timing.total_ms
    assert outcome.timing.connect_ms is None
    assert outcome.timing.tls_ms is None


@pytest.mark.parametrize(
    ("size", "truncated"), [(RESPONSE_KEPT, False), (RESPONSE_KEPT + 1, True), (1 << 20, True)]
)
async def test_a_transports_body_is_cut_at_the_limit(size: int, truncated: bool) -> None:
    async def body() -> AsyncIterator[bytes]:
        for start in range(0, size, 1000):
            yield b"x" * min(1000, size - start)

    transport = httpx.MockTransport(lambda request: httpx.Response(200, content=body()))
    outcome = await send_by(transport, post("http://a.test/"))
    assert outcome.response == Response(
        200, (("Transfer-Encoding", "chunked"),), b"x" * min(size, RESPONSE_KEPT), truncated
    )


async def test_an_endless_body_is_a_protocol_failure() -> None:
    closed = False

    async def body() -> AsyncIterator[bytes]:
        nonlocal closed
        try:
            while True:
                yield b"x" * (1 << 20)
        finally:
            closed = True

    transport = httpx.MockTransport(lambda request: httpx.Response(200, content=body()))
    outcome = await send_by(transport, post("http://a.test/"))
    assert (outcome.error, outcome.detail) == (
        "protocol",
        "a.test sends a body of more than 10 MiB.",
    )
    assert closed or outcome.response is None


@pytest.mark.parametrize(
    ("exception", "error", "expected_detail"),
    [
        (httpx.ReadTimeout("t"), "timeout", "a.test did not answer in time: ReadTimeout."),
        (httpx.PoolTimeout("t"), "timeout", "a.test did not answer in time: PoolTimeout."),
        (httpx.ConnectError("no way"), "connection_refused", "cannot be reached: no way."),
        (httpx.WriteError("w"), "connection_reset", "a.test reset the connection."),
        (httpx.ReadError("r"), "connection_reset", "a.test reset the connection."),
        (httpx.RemoteProtocolError("bad line"), "protocol", "HTTP/1.1: bad line."),
        (httpx.ProxyError("407"), "protocol", "The transport raised ProxyError: 407."),
        (httpx.UnsupportedProtocol("x"), "protocol", "UnsupportedProtocol: x."),
        (ConnectionRefusedError(111, "no"), "connection_refused", "Nobody listens on a.test"),
        (ConnectionResetError(104, "no"), "connection_reset", "a.test reset the connection"),
        (TimeoutError(), "timeout", "a.test cannot be reached"),
        (ssl.SSLError(1, "handshake failure"), "tls", "TLS with a.test failed"),
        (KeyError("bug"), "protocol", "The transport raised KeyError: 'bug'."),
    ],
)
async def test_any_exception_of_a_transport_is_an_outcome(
    exception: Exception, error: ErrorCode, expected_detail: str
) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        raise exception

    outcome = await send_by(httpx.MockTransport(handler), post("http://a.test/"))
    assert outcome.response is None
    assert outcome.error == error
    assert outcome.detail is not None
    assert expected_detail in outcome.detail
    assert outcome.timing.first_byte_ms is None


async def test_an_unknown_exception_of_a_transport_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        raise KeyError("bug")

    await send_by(httpx.MockTransport(handler), post("http://a.test/"))
    [record] = [record for record in caplog.records if record.name.startswith("pivotal_sandbox")]
    assert record.exc_info is not None
    assert record.exc_info[0] is KeyError


async def test_a_transport_that_does_not_respond_is_a_timeout() -> None:
    async def handler(request: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    transport = httpx.MockTransport(handler)
    outcome = await send_through(transport, post("http://a.test/"), timeout_ms=30)
    assert (outcome.error, outcome.detail) == ("timeout", "a.test did not answer in 0.03 s.")
    assert 28 <= outcome.timing.total_ms < 2000


async def test_cancellation_is_not_an_outcome() -> None:
    asked = asyncio.Event()

    async def handler(request: httpx.Request) -> httpx.Response:
        asked.set()
        await asyncio.Event().wait()
        raise AssertionError

    task = asyncio.create_task(send_by(httpx.MockTransport(handler), post("http://a.test/")))
    await asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_request_that_cannot_be_sent_is_refused() -> None:
    transport = httpx.MockTransport(lambda request: httpx.Response(200))
    for url, value in (("http://a.test/", "1\n2"), ("http://a.test/", "€"), ("a.test", "")):
        with pytest.raises(InputError):
            await send_by(transport, Request("POST", url, (("x-a", value),), b""))


@pytest.mark.parametrize("make", [httpx.AsyncHTTPTransport, PoolTransport])
@pytest.mark.parametrize(
    ("script", "error", "expected_detail"),
    [
        (reset, "connection_reset", "reset"),
        (answers(b""), "connection_reset", "closed the connection"),
        (answers(OK[:-1]), "connection_reset", "closed the connection"),
        (answers(OK[:20]), "connection_reset", "closed the connection"),
        (answers(b"?\r\n\r\n"), "protocol", "does not answer in HTTP/1.1"),
    ],
)
async def test_a_failure_has_the_same_code_with_any_transport(
    serve: Serve,
    make: type[httpx.AsyncHTTPTransport | PoolTransport],
    script: Script,
    error: ErrorCode,
    expected_detail: str,
) -> None:
    port = await serve(script)
    async with make() as transport:
        outcome = await send_by(transport, post(f"http://127.0.0.1:{port}/"))
    assert outcome.error == error
    assert outcome.detail is not None
    assert f"127.0.0.1:{port}" in outcome.detail
    assert expected_detail in outcome.detail


@pytest.mark.parametrize("make", [httpx.AsyncHTTPTransport, PoolTransport])
async def test_a_refused_connection_has_the_same_code_with_any_transport(
    make: type[httpx.AsyncHTTPTransport | PoolTransport], closed_port: int
) -> None:
    async with make() as transport:
        refused = await send_by(transport, post(f"http://127.0.0.1:{closed_port}/"))
        unknown = await send_by(transport, post("http://nobody.invalid/"))
    assert refused.error == "connection_refused"
    assert refused.detail == f"Nobody listens on 127.0.0.1:{closed_port}: connection refused."
    assert unknown.error == "dns"
    assert unknown.detail is not None
    assert "The name nobody.invalid cannot be resolved" in unknown.detail


async def test_the_transport_of_httpx_sends_exact_bytes_and_is_timed(serve: Serve) -> None:
    received: list[bytes] = []

    async def script(peer: Peer) -> None:
        while True:
            received.append(await peer.request())
            await peer.send(OK)

    request = post(f"http://127.0.0.1:{await serve(script)}/in?x=1")
    async with httpx.AsyncHTTPTransport() as transport:
        first = await send_by(transport, request)
        second = await send_by(transport, request)
    assert received == [as_sent(request)] * 2
    assert first.ok
    assert first.timing.connect_ms is not None
    assert first.timing.first_byte_ms is not None
    assert first.timing.connect_ms < first.timing.first_byte_ms <= first.timing.total_ms
    assert second.timing.connect_ms is None


# https

CA = trustme.CA()


def server_tls(*names: str, ca: trustme.CA = CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(*names).configure_cert(context)
    return context


def trusting(ca: trustme.CA = CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    ca.configure_trust(context)
    return context


@pytest.fixture
async def https() -> AsyncIterator[GuardedTransport]:
    async with GuardedTransport(AddressGuard(), trusting()) as transport:
        yield transport


async def test_https_keeps_the_name_and_connects_to_the_address(
    https: GuardedTransport, serve: Serve
) -> None:
    received: list[bytes] = []
    names: list[str | None] = []
    tls = server_tls("localhost")
    tls.sni_callback = lambda _, name, __: names.append(name)

    async def script(peer: Peer) -> None:
        while True:
            received.append(await peer.request())
            await peer.send(OK)

    request = post(f"https://localhost:{await serve(script, tls=tls)}/in?x=1")
    first = await send_by(https, request)
    second = await send_by(https, request)
    assert received == [as_sent(request)] * 2
    assert names == ["localhost"]
    assert first.ok
    assert first.timing.connect_ms is not None
    assert first.timing.tls_ms is not None
    assert first.timing.first_byte_ms is not None
    together = first.timing.connect_ms + first.timing.tls_ms
    assert first.timing.tls_ms > 0.05
    assert first.timing.connect_ms > 0.01
    assert 0 < together < first.timing.first_byte_ms <= first.timing.total_ms
    assert second.ok
    assert second.timing.connect_ms is None
    assert second.timing.tls_ms is None


class FixedAddresses(AddressGuard):
    """Resolve every name to fixed addresses."""

    def __init__(self, *addresses: str) -> None:
        super().__init__()
        self.addresses = addresses

    async def resolve(self, host: str, port: int) -> tuple[str, ...]:
        return self.addresses


async def test_https_tries_every_address_of_a_name(serve: Serve) -> None:
    port = await serve(answers(OK), tls=server_tls("app.test"))
    async with GuardedTransport(FixedAddresses("::1", "127.0.0.1"), trusting()) as transport:
        assert (await send_by(transport, post(f"https://app.test:{port}/"))).ok


async def test_https_tries_no_other_address_after_a_wrong_certificate(serve: Serve) -> None:
    wrong = await serve(answers(OK), tls=server_tls("other.test"))
    async with GuardedTransport(FixedAddresses("127.0.0.1", "::1"), trusting()) as transport:
        outcome = await send_by(transport, post(f"https://app.test:{wrong}/"))
    assert outcome.error == "tls"


async def test_the_target_of_an_https_request_is_sent_to_the_byte(
    https: GuardedTransport, serve: Serve
) -> None:
    async def script(peer: Peer) -> None:
        assert (await peer.request()).startswith(b"POST /a/../b HTTP/1.1\r\n")
        await peer.send(OK)

    request = post(f"https://127.0.0.1:{await serve(script, tls=server_tls('127.0.0.1'))}/b")
    outcome = await send_through(https, request, timeout_ms=LONG, extensions={"target": b"/a/../b"})
    assert outcome.ok


async def test_https_does_not_follow_redirects(https: GuardedTransport, serve: Serve) -> None:
    sent = b"HTTP/1.1 302 Found\r\nLocation: /x\r\ncontent-length: 0\r\n\r\n"
    port = await serve(answers(sent), tls=server_tls("127.0.0.1"))
    outcome = await send_by(https, post(f"https://127.0.0.1:{port}/"))
    assert outcome.response == Response(302, (("Location", "/x"), ("content-length", "0")), b"")


@pytest.mark.parametrize(
    ("names", "ca", "why"),
    [
        (("localhost",), trustme.CA(), "unable to get local issuer certificate"),
        (("other.test",), CA, "Hostname mismatch"),
    ],
)
async def test_an_invalid_certificate_is_a_tls_failure(
    https: GuardedTransport, serve: Serve, names: tuple[str, ...], ca: trustme.CA, why: str
) -> None:
    met: list[int] = []

    async def script(peer: Peer) -> None:
        met.append(peer.number)

    port = await serve(script, tls=server_tls(*names, ca=ca))
    outcome = await send_by(https, post(f"https://localhost:{port}/"))
    assert outcome.error == "tls"
    assert outcome.detail is not None
    assert f"TLS with localhost:{port} failed: {why}" in outcome.detail
    assert outcome.timing.connect_ms is not None
    assert outcome.timing.tls_ms is None
    assert met == []


async def test_a_certificate_is_valid_for_its_own_name_only(
    https: GuardedTransport, serve: Serve
) -> None:
    async def script(peer: Peer) -> None:
        while True:
            await peer.request()
            await peer.send(OK)

    port = await serve(script, tls=server_tls("localhost"))
    assert (await send_by(https, post(f"https://localhost:{port}/"))).ok
    # The same address, to which a connection is open; but the certificate is not made out to it.
    assert (await send_by(https, post(f"https://127.0.0.1:{port}/"))).error == "tls"


async def plain(peer: Peer) -> None:
    await peer.reader.read(1)
    await peer.send(b"HTTP/1.1 400 Plain\r\n\r\n")


async def leave(peer: Peer) -> None:
    await peer.reader.read(1)


async def leave_at_once(peer: Peer) -> None:
    await peer.reader.read(1)
    peer.reset()


@pytest.mark.parametrize("script", [plain, leave, leave_at_once])
async def test_a_server_without_tls_is_a_tls_failure(
    https: GuardedTransport, serve: Serve, script: Script
) -> None:
    outcome = await send_by(https, post(f"https://127.0.0.1:{await serve(script)}/"))
    assert outcome.error == "tls"
    assert outcome.timing.connect_ms is not None


async def test_https_is_guarded(https: GuardedTransport, serve: Serve) -> None:
    outcome = await send_by(https, post("https://10.1.2.3/"))
    assert outcome.error == "blocked"
    assert outcome.detail is not None
    assert "--allow-host 10.1.2.3" in outcome.detail
    assert (await send_by(https, post("https://nobody.invalid/"))).error == "dns"

    port = await serve(answers(OK), host="0.0.0.0", tls=server_tls("0.0.0.0"))
    assert (await send_by(https, post(f"https://0.0.0.0:{port}/"))).error == "blocked"
    async with GuardedTransport(AddressGuard(["0.0.0.0"]), trusting()) as allowing:
        assert (await send_by(allowing, post(f"https://0.0.0.0:{port}/"))).ok


async def test_the_transport_for_https_sends_nothing_in_the_clear(
    https: GuardedTransport, closed_port: int
) -> None:
    outcome = await send_by(https, post(f"http://127.0.0.1:{closed_port}/"))
    assert outcome.error == "protocol"
    assert outcome.detail is not None
    assert "speaks https only, not 'http'" in outcome.detail


async def test_https_to_a_closed_port_is_refused(https: GuardedTransport, closed_port: int) -> None:
    outcome = await send_by(https, post(f"https://localhost:{closed_port}/"))
    assert outcome.error == "connection_refused"
    assert outcome.detail == f"Nobody listens on localhost:{closed_port}: connection refused."


async def test_an_https_answer_that_does_not_end_in_time_is_not_waited_for(
    https: GuardedTransport, serve: Serve
) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK[:-1])
        await peer.wait_closed()

    port = await serve(script, tls=server_tls("127.0.0.1"))
    outcome = await send_through(https, post(f"https://127.0.0.1:{port}/"), timeout_ms=300)
    assert outcome.error == "timeout"
    assert outcome.timing.tls_ms is not None
    assert outcome.timing.first_byte_ms is not None


async def test_an_https_answer_that_is_cut_off_is_no_success(
    https: GuardedTransport, serve: Serve
) -> None:
    port = await serve(answers(OK[:-1]), tls=server_tls("127.0.0.1"))
    outcome = await send_by(https, post(f"https://127.0.0.1:{port}/"))
    assert outcome.error == "connection_reset"


async def test_without_a_context_the_certificates_of_httpx_and_of_the_machine_are_trusted(
    serve: Serve,
) -> None:
    port = await serve(answers(OK), tls=server_tls("127.0.0.1"))
    async with GuardedTransport(AddressGuard()) as transport:
        assert (await send_by(transport, post(f"https://127.0.0.1:{port}/"))).error == "tls"


def test_the_default_context_requires_a_certificate_for_the_name() -> None:
    context = default_ssl_context()
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.cert_store_stats()["x509_ca"] > 0
