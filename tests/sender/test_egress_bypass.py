"""Ways around the guard, tried by plain http, by https and by a bin that forwards.

The names here are resolved by the event loop that each test runs on, as it is told to.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
import pytest
import trustme

from pivotal_sandbox.domain.models import Outcome, Request
from pivotal_sandbox.sender.egress import AddressGuard
from pivotal_sandbox.sender.sender import Sender
from pivotal_sandbox.web.server import Settings, serve

CA = trustme.CA()
NAME = "rebound.test"
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"

Names = dict[str, list[Sequence[str]]]
Send = Callable[[str], Awaitable[str]]

FORBIDDEN = [
    "0.0.0.0",
    "0",
    "0x0",
    "10.0.0.1",
    "10.1",
    "167772161",
    "0xa000001",
    "012.0.0.1",
    "192.168.1.1",
    "172.16.0.1",
    "100.64.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "169.254.169.254",
    "169.254.43518",
    "2852039166",
    "0xa9fea9fe",
    "0xa9.0xfe.0xa9.0xfe",
    "0251.0376.0251.0376",
    "100.100.100.200",
    "[::]",
    "[::ffff:0.0.0.0]",
    "[::ffff:10.0.0.1]",
    "[::ffff:a9fe:a9fe]",
    "[::a9fe:a9fe]",
    "[::127.0.0.1]",
    "[::ffff:0:127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b::a9fe:a9fe]",
    "[2002:7f00:1::]",
    "[2002:a9fe:a9fe::1]",
    "[2001:0:a9fe:a9fe::1]",
    "[fe80::1]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[ff02::1]",
]


class ScriptedResolverLoop(asyncio.SelectorEventLoop):
    """Resolve a name to each of its answers once, and then always to the last."""

    def __init__(self, names: Names) -> None:
        super().__init__()
        self.names = names

    async def getaddrinfo(self, host: Any, port: Any, **_: Any) -> Any:
        answers = self.names.get(str(host))
        if answers is None:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        addresses = answers.pop(0) if len(answers) > 1 else answers[0]
        return [
            (
                socket.AF_INET6 if ":" in address else socket.AF_INET,
                *(socket.SOCK_STREAM, socket.IPPROTO_TCP, ""),
                (address, port),
            )
            for address in addresses
        ]


def run_with_names(names: Names, test: Callable[[], Awaitable[None]]) -> None:
    """Run `test` on an event loop that resolves `names`."""

    async def main() -> None:
        async with asyncio.timeout(30):
            await test()

    with asyncio.Runner(loop_factory=lambda: ScriptedResolverLoop(names)) as runner:
        runner.run(main())


class CountingServer:
    """A server that counts its connections and sends a fixed response."""

    def __init__(self, answer: bytes = OK) -> None:
        self.answer = answer
        self.connection_count = 0

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connection_count += 1
        head = await reader.readuntil(b"\r\n\r\n")
        if b"content-length: 2\r\n" in head:
            await reader.readexactly(2)
        writer.write(self.answer)
        writer.close()


@asynccontextmanager
async def listening(*servers: tuple[str, CountingServer], tls: bool = False) -> AsyncIterator[int]:
    """Start servers on several addresses and one port; return the port."""
    context = None
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        CA.issue_cert(NAME, "127.0.0.1").configure_cert(context)
    async with AsyncExitStack() as stack:
        port = 0
        for address, counting_server in servers:
            server = await asyncio.start_server(counting_server.handle, address, port, ssl=context)
            await stack.enter_async_context(server)
            port = server.sockets[0].getsockname()[1]
        yield port


def _request(url: str) -> Request:
    headers = (("host", url.split("/")[2]), ("content-length", "2"))
    return Request("POST", url, headers, b"{}")


def _end(outcome: Outcome) -> str:
    return outcome.error or str(outcome.response and outcome.response.status_code)


@asynccontextmanager
async def by_sender(allow: Sequence[str] = ()) -> AsyncIterator[Send]:
    trust = ssl.create_default_context()
    CA.configure_trust(trust)
    sender = Sender(guard=AddressGuard(allow), ssl_context=trust)

    async def send(url: str) -> str:
        return _end(await sender.send(_request(url)))

    try:
        yield send
    finally:
        await sender.close()


@asynccontextmanager
async def by_bin(allow: Sequence[str] = ()) -> AsyncIterator[Send]:
    settings = Settings(port=0, speed=0, allow_hosts=tuple(allow))
    async with serve(settings) as running, httpx.AsyncClient(base_url=running.url) as client:

        async def send(url: str) -> str:
            made = await client.put("/api/bins/f", json={"forward_to": url})
            assert made.status_code == 200, made.text
            answer = await client.post("/in/f", content=b"{}")
            newest = (await client.get("/api/captures", params={"bin": "f"})).json()["items"][0]
            assert newest["response"]["status"] == answer.status_code
            return newest["forwarded"]["error"] or str(answer.status_code)

        yield send


WAYS = pytest.mark.parametrize(
    ("scheme", "way"),
    [("http", by_sender), ("https", by_sender), ("http", by_bin)],
    ids=["http", "https", "forward"],
)


@WAYS
def test_no_spelling_of_a_forbidden_address_is_connected_to(scheme: str, way: Any) -> None:
    async def test() -> None:
        async with way() as send:
            for host in FORBIDDEN:
                end = await send(f"{scheme}://{host}:9/")
                # httpx may not take the host at all, and then it does not come to the guard.
                alien = scheme == "https" and host[0] in "0["
                assert end == "blocked" or (alien and end == "protocol"), host

    run_with_names({}, test)


@WAYS
@pytest.mark.parametrize(
    "address", ["169.254.169.254", "10.0.0.1", "0.0.0.0", "fe80::1", "::ffff:10.0.0.1", "::"]
)
def test_no_name_leads_to_a_forbidden_address(scheme: str, way: Any, address: str) -> None:
    async def test() -> None:
        async with way() as send:
            for host in (NAME, NAME.upper(), "metadata.google.internal"):
                assert await send(f"{scheme}://{host}/latest/meta-data") == "blocked"

    run_with_names({NAME: [[address]], "metadata.google.internal": [[address]]}, test)


@WAYS
def test_the_checked_address_is_connected_to(scheme: str, way: Any) -> None:
    """The name resolves to a forbidden address from the second time on."""
    good, trap = CountingServer(), CountingServer()

    async def test() -> None:
        servers = (("127.0.0.1", good), ("127.0.0.2", trap))
        async with listening(*servers, tls=scheme == "https") as port, way() as send:
            assert await send(f"{scheme}://{NAME}:{port}/") == "200"

    run_with_names({NAME: [["127.0.0.1"], ["127.0.0.2"]]}, test)
    assert (good.connection_count, trap.connection_count) == (1, 0)


@WAYS
def test_every_resolution_is_checked(scheme: str, way: Any) -> None:
    good = CountingServer()

    async def test() -> None:
        async with listening(("127.0.0.1", good), tls=scheme == "https") as port, way() as send:
            url = f"{scheme}://{NAME}:{port}/"
            assert [await send(url) for _ in range(3)] == ["200", "blocked", "blocked"]

    run_with_names({NAME: [["127.0.0.1"], ["10.0.0.1"]]}, test)
    assert good.connection_count == 1


@WAYS
def test_only_allowed_addresses_of_a_name_are_tried(scheme: str, way: Any) -> None:
    good, trap = CountingServer(), CountingServer()

    async def test() -> None:
        servers = (("127.0.0.1", good), ("0.0.0.0", trap))
        async with listening(servers[0], tls=scheme == "https") as port, way() as send:
            assert await send(f"{scheme}://{NAME}:{port}/") == "200"

    run_with_names({NAME: [["0.0.0.0", "10.0.0.1", "127.0.0.1", "::"]]}, test)
    assert (good.connection_count, trap.connection_count) == (1, 0)


@WAYS
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(scheme: str, way: Any, status: int) -> None:
    """A redirect is a response like others, even to an allowed address."""
    good, trap = CountingServer(), CountingServer()

    async def test() -> None:
        tls = scheme == "https"
        async with listening(("127.0.0.1", trap), tls=tls) as elsewhere:
            good.answer = (
                f"HTTP/1.1 {status} Moved\r\nlocation: {scheme}://127.0.0.1:{elsewhere}/\r\n"
                f"refresh: 0; url={scheme}://127.0.0.1:{elsewhere}/\r\n"
                "content-length: 0\r\nconnection: close\r\n\r\n"
            ).encode()
            async with listening(("127.0.0.1", good), tls=tls) as port, way() as send:
                assert await send(f"{scheme}://127.0.0.1:{port}/") == str(status)

    run_with_names({}, test)
    assert (good.connection_count, trap.connection_count) == (1, 0)


@WAYS
def test_an_allowed_network_applies_to_resolved_addresses(scheme: str, way: Any) -> None:
    async def test() -> None:
        async with way(["10.0.0.0/8"]) as send:
            assert await send(f"{scheme}://{NAME}:9/") == "blocked"

    run_with_names({NAME: [["169.254.169.254"]]}, test)
