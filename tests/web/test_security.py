"""Strangers: names that lie, pages from elsewhere, guesses at the token, floods."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pivotal_sandbox.web.security import BODY_MOST, Access, guarded, is_loopback
from pivotal_sandbox.web.server import Running, Settings, serve

TOKEN = "a-token/with=signs"
ENDPOINT = {"url": "http://127.0.0.1:1/hook"}
DEPTHS = [33, 500, 900, 1100, 100_000]


@pytest.fixture
async def open_to_all() -> AsyncIterator[Running]:
    """A sandbox that listens on every address, with a token."""
    async with serve(Settings(host="0.0.0.0", port=0, token=TOKEN, speed=0)) as running:
        await running.sandbox.dispatcher.settle()
        yield running


@pytest.fixture
async def stranger(open_to_all: Running) -> AsyncIterator[httpx.AsyncClient]:
    """A client of it that has no token."""
    async with httpx.AsyncClient(base_url=open_to_all.url, verify=False) as client:
        yield client


def is_problem(answer: httpx.Response, status: int) -> bool:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return bool(answer.json()["status"] == status and answer.json()["detail"])


class TestHost:
    """DNS rebinding: a page's own name is made to lead to 127.0.0.1."""

    @pytest.mark.parametrize(
        "host",
        [
            "evil.example",
            "evil.example:8400",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "evil.example#localhost",
            "evil.example@localhost",
            "localhost@evil.example",
            "localhost:8400:8400",
            "localhost:x",
            "localhost evil.example",
            "127.1",
            "2130706433",
            "0x7f000001",
            "0.0.0.0",
            "[::]",
            "192.168.1.7",
            "[::ffff:192.168.1.7]",
            "[::1",
            "::1",
            "",
        ],
    )
    async def test_a_name_that_is_not_ours_is_refused(
        self, client: httpx.AsyncClient, host: str
    ) -> None:
        for path in ("/api/endpoints", "/healthz", "/metrics", "/"):
            assert is_problem(await client.get(path, headers={"host": host}), 421)

    @pytest.mark.parametrize(
        "host",
        ["localhost", "LocalHost:8400", "localhost.", "127.0.0.1:1", "127.9.9.9", "[::1]:8400"],
    )
    async def test_loopback_by_any_name_and_port_is_ours(
        self, client: httpx.AsyncClient, host: str
    ) -> None:
        answer = await client.get("/api/endpoints", headers={"host": host})
        assert answer.status_code == 200

    @pytest.mark.parametrize(
        "hosts", [[], ["127.0.0.1", "evil.example"], ["evil.example", "127.0.0.1"]]
    )
    async def test_no_host_and_two_hosts_are_refused(
        self, running: Running, hosts: list[str]
    ) -> None:
        address, port = running.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(address, int(port))
        lines = "".join(f"host: {host}\r\n" for host in hosts)
        writer.write(f"GET /api/endpoints HTTP/1.1\r\n{lines}\r\n".encode())
        assert (await reader.readline()).split()[1] in (b"400", b"421")
        writer.close()

    async def test_a_request_line_with_another_name_does_not_help(self, running: Running) -> None:
        address, port = running.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(address, int(port))
        writer.write(b"GET http://127.0.0.1/api/endpoints HTTP/1.1\r\nhost: evil.example\r\n\r\n")
        assert (await reader.readline()).split()[1] == b"421"
        writer.close()

    @pytest.mark.parametrize("host", ["evil.example", "10.0.0.1", "", "[::"])
    async def test_the_capture_receiver_is_called_by_any_name(
        self, client: httpx.AsyncClient, host: str
    ) -> None:
        assert (await client.post("/in/any", headers={"host": host})).status_code == 200

    async def test_off_loopback_addresses_are_ours_and_names_are_those_given(self) -> None:
        settings = Settings(
            host="0.0.0.0", port=0, token=TOKEN, allow_hosts=("Sandbox.internal", "10.0.0.0/8")
        )
        bearer = {"authorization": f"Bearer {TOKEN}"}
        async with (
            serve(settings) as running,
            httpx.AsyncClient(base_url=running.url, headers=bearer, verify=False) as client,
        ):
            for host, status in {
                "192.168.1.7:8400": 200,
                "[2001:db8::1]": 200,
                "sandbox.internal:8400": 200,
                "localhost": 200,
                "evil.example": 421,
                "sandbox.internal.evil.example": 421,
                "*": 421,
            }.items():
                answer = await client.get("/api/endpoints", headers={"host": host})
                assert answer.status_code == status, host

    async def test_a_name_to_send_to_is_no_name_of_ours_without_a_token(self) -> None:
        settings = Settings(port=0, allow_hosts=("hooks.example.com", "*"))
        async with (
            serve(settings) as running,
            httpx.AsyncClient(base_url=running.url, verify=False) as client,
        ):
            for host in ("hooks.example.com", "*", "evil.example"):
                assert is_problem(await client.get("/api/clock", headers={"host": host}), 421)

    def test_the_name_that_a_server_is_bound_to_is_its_own(self) -> None:
        access = Access.bound_to("127.0.0.1", ("App.Local.",), None)
        for host, status in ((b"app.local:8400", None), (b"x.app.local", 421), (b"10.0.0.1", 421)):
            refusal = access.refusal(_scope(headers=[(b"host", host)]))
            assert (refusal and refusal.status) == status

    @given(
        st.text(max_size=40)
        | st.from_regex(r"(\[?[0-9a-f:.]{1,20}\]?|local.?host.?|127\.[0-9.]{1,12})(:[0-9]*)?")
    )
    def test_whatever_the_host_only_loopback_is_let_in(self, host: str) -> None:
        if Access().refusal(_scope(headers=[(b"host", host.encode())])) is None:
            name = re.sub(r":[0-9]*\Z", "", host).lower().rstrip(".")
            assert name == "localhost" or is_loopback(name.strip("[]"))


class TestOrigin:
    """A web page from elsewhere, in the browser of somebody who runs a sandbox."""

    @pytest.mark.parametrize(
        "origin",
        [
            "http://evil.example",
            "https://evil.example",
            "http://localhost:3000",
            "http://127.0.0.1",
            "http://127.0.0.1:{port}.evil.example",
            "http://evil.example/http://127.0.0.1:{port}",
            "127.0.0.1:{port}",
            "null",
            "",
            "file://",
            "chrome-extension://abcdef",
        ],
    )
    async def test_changes_nothing(
        self, running: Running, client: httpx.AsyncClient, origin: str
    ) -> None:
        own = f"/api/endpoints/{running.endpoint.id}"
        headers = {"origin": origin.format(port=running.url.rpartition(":")[2])}
        for method, path in (
            ("POST", "/api/endpoints"),
            ("PUT", "/api/bins/demo"),
            ("PATCH", own),
            ("DELETE", own),
            ("DELETE", "/api/captures"),
            ("POST", "/api/clock"),
        ):
            answer = await client.request(method, path, json=ENDPOINT, headers=headers)
            assert is_problem(answer, 403)
        assert running.sandbox.endpoints.all() == [running.endpoint]

    @pytest.mark.parametrize("site", ["cross-site", "same-site", "CROSS-SITE", "anything"])
    async def test_is_known_by_what_the_browser_says_of_it(
        self, client: httpx.AsyncClient, site: str
    ) -> None:
        answer = await client.post(
            "/api/endpoints", json=ENDPOINT, headers={"sec-fetch-site": site}
        )
        assert is_problem(answer, 403)

    async def test_two_origins_are_as_bad_as_the_worse(self, client: httpx.AsyncClient) -> None:
        origins = [("origin", str(client.base_url)), ("origin", "http://evil.example")]
        assert is_problem(await client.post("/api/clock", headers=origins), 403)

    async def test_reads_nothing_as_no_answer_is_shared_with_other_origins(
        self, client: httpx.AsyncClient
    ) -> None:
        foreign = {"origin": "http://evil.example"}
        answers = [
            await client.get("/api/endpoints", headers=foreign),
            await client.options(
                "/api/endpoints", headers={**foreign, "access-control-request-method": "DELETE"}
            ),
        ]
        for answer in answers:
            assert not [name for name in answer.headers if name.startswith("access-control-")]
            assert answer.headers["cross-origin-resource-policy"] == "same-origin"

    @pytest.mark.parametrize("site", ["same-origin", "none"])
    async def test_of_our_own_changes_what_it_wants(
        self, client: httpx.AsyncClient, site: str
    ) -> None:
        own = {"origin": str(client.base_url).rstrip("/"), "sec-fetch-site": site}
        assert (await client.post("/api/endpoints", json=ENDPOINT, headers=own)).status_code == 201

    async def test_may_send_to_the_capture_receiver(self, client: httpx.AsyncClient) -> None:
        foreign = {"origin": "http://evil.example", "sec-fetch-site": "cross-site"}
        assert (await client.post("/in/any", headers=foreign)).status_code == 200


class TestToken:
    """Beyond loopback, whoever has no token is nobody."""

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", "/api/endpoints"),
            ("HEAD", "/api/endpoints"),
            ("OPTIONS", "/api/endpoints"),
            ("POST", "/api/endpoints"),
            ("GET", "/api/openapi.json"),
            ("GET", "/api/stream"),
            ("GET", "/metrics"),
            ("GET", "/"),
            ("GET", "/api%2fendpoints"),
            ("GET", "//api/endpoints"),
            ("GET", "/nothing"),
            ("GET", "/healthz/"),
            ("GET", "/healthz/../api/endpoints"),
            ("GET", "/in"),
            ("GET", "/IN/x"),
        ],
    )
    async def test_every_call_asks_for_it(
        self, stranger: httpx.AsyncClient, method: str, path: str
    ) -> None:
        answer = await stranger.request(method, path)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert method == "HEAD" or is_problem(answer, 401)

    @pytest.mark.parametrize("path", ["/in/any", "/in/any/../../api/endpoints", "/healthz"])
    async def test_but_the_capture_receiver_and_the_health_check(
        self, open_to_all: Running, path: str
    ) -> None:
        host, port = open_to_all.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(f"GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n".encode())
        answer = await reader.read()
        writer.close()
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert b"ep_" not in answer

    @pytest.mark.parametrize(
        "header",
        [
            "",
            "Bearer",
            f"Bearer {TOKEN[:-1]}",
            f"Bearer {TOKEN}x",
            f"Bearer {TOKEN.upper()}",
            f"Bearer x {TOKEN}",
            f"Basic {TOKEN}",
            TOKEN,
            "Bearer None",
            "Bearer ünïcode",
        ],
    )
    async def test_a_wrong_one_is_none(self, stranger: httpx.AsyncClient, header: str) -> None:
        headers = {b"authorization": header.encode("utf-8")}
        assert is_problem(await stranger.get("/api/endpoints", headers=headers), 401)

    async def test_two_headers_are_none(self, stranger: httpx.AsyncClient) -> None:
        headers = [("authorization", "Bearer x"), ("authorization", f"Bearer {TOKEN}")]
        assert is_problem(await stranger.get("/api/endpoints", headers=headers), 401)

    @pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
    async def test_the_right_one_is_let_in(self, stranger: httpx.AsyncClient, scheme: str) -> None:
        headers = {"authorization": f"{scheme} {TOKEN}"}
        answer = await stranger.post("/api/endpoints", json=ENDPOINT, headers=headers)
        assert answer.status_code == 201

    async def test_links_carry_it_in_the_query_and_calls_do_not(
        self, stranger: httpx.AsyncClient
    ) -> None:
        right, wrong = {"token": TOKEN}, {"token": TOKEN + "x"}
        assert (await stranger.get("/metrics", params=right)).status_code == 200
        assert (await stranger.get("/nothing", params=right)).status_code == 404
        assert is_problem(await stranger.get("/metrics", params=wrong), 401)
        assert is_problem(await stranger.get("/api/endpoints", params=right), 401)
        assert is_problem(await stranger.post("/metrics", params=right), 401)
        async with stranger.stream("GET", "/api/stream", params=right) as stream:
            assert stream.status_code == 200

    def test_a_token_in_a_link_goes_no_further(self) -> None:
        access = Access(token="t")
        seen: list[bytes] = []

        async def app(scope: Any, receive: Any, send: Any) -> None:
            seen.append(scope["query_string"])

        scope = _scope("/page", query=b"a=1&token=t&b=2")
        asyncio.run(guarded(app, access)(scope, _nothing, _nothing))  # type: ignore[arg-type]
        assert seen == [b"a=1&b=2"]

    async def test_a_foreign_page_is_refused_though_it_has_the_token(
        self, stranger: httpx.AsyncClient
    ) -> None:
        headers = {"authorization": f"Bearer {TOKEN}", "origin": "http://evil.example"}
        assert is_problem(await stranger.post("/api/clock", headers=headers), 403)

    async def test_without_one_given_it_is_made_up_long_and_anew(self) -> None:
        tokens = []
        for _ in range(2):
            async with serve(Settings(host="0.0.0.0", port=0)) as running:
                assert running.token
                tokens.append(running.token)
        assert tokens[0] != tokens[1]
        assert min(map(len, tokens)) >= 32

    @pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.0.0.2"])
    async def test_on_loopback_none_is_made_up(self, host: str) -> None:
        async with serve(Settings(host=host, port=0)) as running:
            assert running.token is None

    async def test_it_is_in_no_repr(self, open_to_all: Running) -> None:
        assert open_to_all.token == TOKEN
        assert TOKEN not in repr(open_to_all) + repr(Settings(token=TOKEN)) + repr(
            Access(token=TOKEN)
        )


class TestAnswers:
    """What every answer of the API says to a browser."""

    @pytest.mark.parametrize(
        ("path", "host"),
        [
            ("/api/endpoints", "localhost"),
            ("/api/nothing", "localhost"),
            ("/healthz", "localhost"),
            ("/api/endpoints", "evil.example"),
        ],
    )
    async def test_each_has_the_headers(
        self, client: httpx.AsyncClient, path: str, host: str
    ) -> None:
        headers = (await client.get(path, headers={"host": host})).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"

    async def test_what_a_bin_answers_is_as_it_was_told_to_be(
        self, client: httpx.AsyncClient
    ) -> None:
        step = {"headers": {"cache-control": "max-age=1"}}
        await client.put("/api/bins/b", json={"behaviour": [step]})
        answer = await client.post("/in/b")
        assert dict(answer.headers) == {"cache-control": "max-age=1", "content-length": "0"}

    async def test_a_page_that_a_bin_answers_with_runs_no_script(
        self, client: httpx.AsyncClient
    ) -> None:
        step = {"headers": {"content-type": "text/html"}, "body": "<script>fetch('/api')</script>"}
        await client.put("/api/bins/b", json={"behaviour": [step]})
        answer = await client.get("/in/b", headers={"accept": "text/html,*/*;q=0.8"})
        assert answer.headers["content-security-policy"] == "sandbox"
        assert answer.headers["x-content-type-options"] == "nosniff"


class TestBody:
    """Bodies without measure."""

    async def test_one_that_announces_too_much_is_refused_before_it_is_read(
        self, running: Running
    ) -> None:
        host, port = running.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        head = "POST /api/events HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n\r\n"
        writer.write(head.format(BODY_MOST + 1).encode())
        assert (await asyncio.wait_for(reader.readline(), 10)).split()[1] == b"413"
        writer.close()

    @pytest.mark.parametrize("size", [BODY_MOST, BODY_MOST + 1])
    async def test_one_that_does_not_say_is_read_so_far_and_no_further(
        self, client: httpx.AsyncClient, size: int
    ) -> None:
        async def parts() -> AsyncIterator[bytes]:
            for start in range(0, size, 1 << 20):
                yield b" " * min(1 << 20, size - start)

        answer = await client.post("/api/events", content=parts())
        assert is_problem(answer, 422 if size == BODY_MOST else 413)

    @pytest.mark.parametrize("depth", DEPTHS)
    async def test_one_that_is_nested_deeply_is_refused(
        self, client: httpx.AsyncClient, depth: int
    ) -> None:
        for path in ("/api/events", "/api/endpoints", "/api/records/customer", "/api/wait"):
            for opening in ("[", '{"a":', '{"type":', '{"data":', '{"set":{"a":'):
                assert is_problem(await client.post(path, content=opening * depth), 422)

    @pytest.mark.parametrize("depth", DEPTHS)
    @pytest.mark.parametrize(
        ("path", "body"),
        [
            ("/api/events", '{"type":"customer.updated","data":%s}'),
            ("/api/events", '{"type":"customer.updated","set":{"tags":%s}}'),
            ("/api/events", '{"type":"customer.updated","validate":false,"data":{"a":%s}}'),
            ("/api/records/customer", '{"data":{"name":%s}}'),
            ("/api/wait", '{"type":"customer.updated","where":{"a":%s},"timeout":"0s"}'),
            ("/api/bins/b", '{"behaviour":%s}'),
            ("/api/bins/b", '{"behaviour":[{"headers":%s}]}'),
            ("/api/deliveries/replay", '{"filter":{"a":%s}}'),
            ("/api/deliveries/replay", '{"ids":%s}'),
        ],
    )
    async def test_a_part_of_one_that_is_nested_deeply_is_no_bug_of_ours(
        self, client: httpx.AsyncClient, path: str, body: str, depth: int
    ) -> None:
        method = "PUT" if "bins" in path else "POST"
        for nested in ("[" * depth + "]" * depth, '{"a":' * depth + "1" + "}" * depth):
            answer = await client.request(method, path, content=body % nested)
            assert answer.status_code in (202, 404, 408, 422), answer.text

    async def test_one_that_breaks_off_is_no_bug_of_ours(
        self, running: Running, client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
    ) -> None:
        host, port = running.url.removeprefix("http://").split(":")
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"POST /api/clock HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n{")
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        for _ in range(5):
            assert (await client.get("/healthz")).status_code == 200
        assert [record for record in caplog.records if record.levelname == "ERROR"] == []


def _scope(
    path: str = "/api/x", *, headers: list[tuple[bytes, bytes]] | None = None, query: bytes = b""
) -> dict[str, Any]:
    return {
        "type": "http",
        "method": "GET",
        "path": path,
        "query_string": query,
        "headers": [(b"host", b"localhost")] if headers is None else headers,
    }


async def _nothing() -> None:
    """Neither give nor take."""
