"""What goes over the wire, and what comes back."""

import asyncio
import ssl
from contextlib import AsyncExitStack

import trustme
from tests.check.server import Answer, Request, serving

from pivotal_sandbox.check.client import HttpReceiverClient
from pivotal_sandbox.check.request import CheckRequest, RequestOptions, build_check_request
from pivotal_sandbox.domain.models import Event
from pivotal_sandbox.sender.egress import AddressGuard

BODY = b'{"id":"evt_1","type":"customer.at_risk"}'
EVENT = Event("evt_1", "customer.at_risk", "test", 0, BODY)


def build_request(url: str, label: str = "x") -> CheckRequest:
    options = RequestOptions(url=url, secret="s", t=1, delivery_id="msg_1")
    return build_check_request(label, EVENT, options)


class RecordingReceiver:
    """A receiver that keeps the requests it got."""

    def __init__(self) -> None:
        self.requests: list[Request] = []

    async def __call__(self, request: Request) -> Answer:
        self.requests.append(request)
        return Answer(202, b"thanks", {"server": "test"})


async def test_a_request_arrives_to_the_byte_and_returns_the_response() -> None:
    receiver = RecordingReceiver()
    async with serving(receiver) as url:
        sent = build_request(url, "a label")
        exchange = await HttpReceiverClient(url, AddressGuard(), timeout_ms=5_000).send(sent)
    assert exchange.sent == sent.sent
    assert exchange.sent[exchange.head_size :] == BODY
    assert (exchange.status, exchange.response_body, exchange.label) == (202, b"thanks", "a label")
    assert ("server", "test") in exchange.response_headers
    assert exchange.error is None
    assert receiver.requests[0].body == BODY


async def test_a_body_can_be_sent_in_pieces() -> None:
    receiver = RecordingReceiver()
    async with serving(receiver) as url:
        client = HttpReceiverClient(url, AddressGuard(), timeout_ms=5_000)
        exchange = await client.send(build_request(url), piece=10, pause_ms=20)
    assert exchange.status == 202
    assert receiver.requests[0].pieces > 2
    assert receiver.requests[0].body == BODY


async def test_concurrent_requests_overlap() -> None:
    inside = most = 0

    async def handler(request: Request) -> Answer:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        await asyncio.sleep(0.02)  # noqa: TID251
        inside -= 1
        return Answer(200)

    async with serving(handler) as url:
        client = HttpReceiverClient(url, AddressGuard(), timeout_ms=5_000)
        exchanges = await client.send_concurrently([build_request(url, str(n)) for n in range(6)])
    assert [exchange.status for exchange in exchanges] == [200] * 6
    assert [exchange.label for exchange in exchanges] == list("012345")
    assert most == 6


async def test_a_second_request_follows_on_the_same_connection() -> None:
    async with serving(RecordingReceiver()) as url:
        client = HttpReceiverClient(url, AddressGuard(), timeout_ms=5_000)
        first, second = await client.follow(build_request(url, "one"), build_request(url, "two"))
    assert (first.label, second.label) == ("one", "two")
    assert second.status == 202


async def test_no_second_request_follows_on_a_closed_connection() -> None:
    async def handler(request: Request) -> Answer:
        return Answer(401, headers={"connection": "close"})

    async with serving(handler) as url:
        client = HttpReceiverClient(url, AddressGuard(), timeout_ms=5_000)
        assert [
            exchange.status
            for exchange in await client.follow(build_request(url), build_request(url))
        ] == [401]


async def test_a_partial_body_can_be_sent() -> None:
    cut: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    class Watching(RecordingReceiver):
        async def cut_short(self, body: bytes) -> None:
            cut.set_result(body)

    async with serving(Watching()) as url:
        exchange = await HttpReceiverClient(url, AddressGuard(), timeout_ms=5_000).send_partial(
            build_request(url), 7
        )
        async with asyncio.timeout(5):
            assert await cut == BODY[:7]
    assert exchange.status is None


async def test_no_response_in_time_is_a_timeout() -> None:
    async def handler(request: Request) -> Answer:
        await asyncio.Event().wait()
        return Answer(200)

    async with serving(handler) as url:
        client = HttpReceiverClient(url, AddressGuard(), timeout_ms=5_000)
        exchange = await client.send(build_request(url), timeout_ms=50)
    assert (exchange.status, exchange.failure) == (None, "timeout")
    assert exchange.error is not None


async def test_a_refused_connection_is_an_exchange() -> None:
    url = "http://127.0.0.1:1/"
    client, request = HttpReceiverClient(url, AddressGuard(), timeout_ms=5_000), build_request(url)
    exchanges = [
        await client.send(request),
        await client.send_partial(request, 1),
        *await client.send_concurrently([request]),
        *await client.follow(request, request),
    ]
    assert [exchange.failure for exchange in exchanges] == ["connection_refused"] * 4


async def test_a_blocked_address_is_an_exchange() -> None:
    url = "http://192.0.2.1/"
    exchange = await HttpReceiverClient(url, AddressGuard(), timeout_ms=5_000).send(
        build_request(url)
    )
    assert exchange.failure == "blocked"


async def test_tls_needs_a_trusted_certificate() -> None:
    authority = trustme.CA()
    server_side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(server_side)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(BODY)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(
            await asyncio.start_server(answer, "127.0.0.1", 0, ssl=server_side)
        )
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        trusting = ssl.create_default_context()
        authority.configure_trust(trusting)
        good = HttpReceiverClient(url, AddressGuard(), timeout_ms=5_000, ssl_context=trusting)
        assert (await good.send(build_request(url))).status == 200
        refused = await HttpReceiverClient(url, AddressGuard(), timeout_ms=5_000).send(
            build_request(url)
        )
        assert refused.failure == "tls"
        assert "self" in (refused.error or "") or "unable" in (refused.error or "")
