import json
import threading
from asyncio import to_thread
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from pivotal_sandbox.cli.client import Client
from pivotal_sandbox.errors import InputError, NotFound, UnreachableError
from pivotal_sandbox.web.server import Running

Answer = tuple[int, bytes]


class Sandbox(HTTPServer):
    """Answers what it is told to, and keeps what it was asked."""

    daemon_threads = True

    def __init__(self, answers: list[Answer]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers = answers
        self.asked: list[tuple[str, str, bytes]] = []
        self.shown: list[str | None] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Sandbox

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        self.server.asked.append((self.command, self.path, body))
        self.server.shown.append(self.headers.get("authorization"))
        status, content = self.server.answers.pop(0)
        if status:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(content)

    do_POST = do_GET

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def answering(*answers: Answer) -> Iterator[Sandbox]:
    with Sandbox(list(answers)) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def ok(value: Any, status: int = 200) -> Answer:
    return status, json.dumps(value).encode()


def test_get_quotes_what_is_asked_for_and_leaves_out_what_is_not() -> None:
    with answering(ok({"id": "x"})) as server:
        answer = Client(server.url + "/").get(
            "deliveries", "a/b?", query={"q": "ä&b", "mode": None}
        )
    assert answer == {"id": "x"}
    assert server.asked == [("GET", "/api/deliveries/a%2Fb%3F?q=%C3%A4%26b", b"")]


def test_a_body_is_sent_as_json() -> None:
    with answering(ok({}, 202)) as server:
        Client(server.url).call("POST", "clock", body={"advance": "24h"})
    [(method, path, body)] = server.asked
    assert (method, path, json.loads(body)) == ("POST", "/api/clock", {"advance": "24h"})


def test_a_list_is_followed_to_its_end() -> None:
    pages = (
        ok({"items": [{"n": 1}, {"n": 2}], "next_cursor": "c"}),
        ok({"items": [{"n": 3}], "next_cursor": None}),
    )
    with answering(*pages) as server:
        found = [item["n"] for item in Client(server.url).all("deliveries", query={"limit": 2})]
    assert found == [1, 2, 3]
    assert [path for _, path, _ in server.asked] == [
        "/api/deliveries?limit=2",
        "/api/deliveries?limit=2&cursor=c",
    ]


def test_the_address_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIVOTAL_SANDBOX_URL", raising=False)
    assert Client().url == "http://127.0.0.1:8400"
    monkeypatch.setenv("PIVOTAL_SANDBOX_URL", "http://[::1]:9000/")
    assert Client().url == "http://[::1]:9000"


@pytest.mark.parametrize(
    ("token", "shown"), [("t", "Bearer t"), (" t\n", "Bearer t"), ("", None), (None, None)]
)
def test_the_token_of_the_environment_is_shown_to_the_sandbox(
    monkeypatch: pytest.MonkeyPatch, token: str | None, shown: str | None
) -> None:
    monkeypatch.delenv("PIVOTAL_SANDBOX_TOKEN", raising=False)
    if token is not None:
        monkeypatch.setenv("PIVOTAL_SANDBOX_TOKEN", token)
    with answering(ok({}), ok({})) as server:
        client = Client(server.url)
        client.get("clock")
        client.call("POST", "clock", body={})
    assert server.shown == [shown, shown]


@pytest.mark.parametrize("token", ["a\nb", "tökn", "a\x7fb"])
def test_a_token_that_is_none_is_refused_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    monkeypatch.setenv("PIVOTAL_SANDBOX_TOKEN", token)
    with pytest.raises(InputError, match="PIVOTAL_SANDBOX_TOKEN is no token") as refused:
        Client()
    assert token not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    ["127.0.0.1:8400", "https://127.0.0.1", "http://", "http://x:y", "http://h/api", "http://[::1"],
)
def test_an_address_that_is_none_is_refused_with_a_right_one(url: str) -> None:
    with pytest.raises(
        InputError, match=r"PIVOTAL_SANDBOX_URL .* such as \"http://127.0.0.1:8400\""
    ):
        Client(url)


def test_where_nobody_listens_the_cure_is_named() -> None:
    with answering() as server:
        url = server.url
    with pytest.raises(UnreachableError) as refused:
        Client(url).get("clock")
    assert str(refused.value) == (
        f"No sandbox answers at {url}: start one with `pivotal-sandbox up`."
    )


def test_an_answer_that_is_broken_off_is_unreachable() -> None:
    with answering((0, b"")) as server, pytest.raises(UnreachableError, match="broke off"):
        Client(server.url).get("clock")


@pytest.mark.parametrize("content", [b"<html>", b"[]", b"", b"\xff"])
def test_what_is_no_sandbox_is_unreachable(content: bytes) -> None:
    with answering((200, content)) as server, pytest.raises(UnreachableError, match="no sandbox"):
        Client(server.url).get("clock")


@pytest.mark.parametrize(
    ("problem", "message"),
    [
        (
            {
                "detail": "No such type.",
                "errors": [{"pointer": "/type", "message": "No such type."}],
            },
            "No such type. (at /type)",
        ),
        (
            {
                "title": "Invalid",
                "errors": [
                    {"pointer": "/a", "message": "Wrong."},
                    {"pointer": "", "message": "Bad."},
                ],
            },
            "Invalid\n  /a: Wrong.\n  /: Bad.",
        ),
        ({"detail": "Bad.", "errors": [{"pointer": "", "message": "Bad."}]}, "Bad."),
        ({}, "The sandbox answered 422."),
    ],
)
def test_a_problem_is_told_in_its_own_words(problem: dict[str, Any], message: str) -> None:
    with answering(ok(problem, 422)) as server, pytest.raises(InputError) as refused:
        Client(server.url).call("POST", "events", body={})
    assert str(refused.value) == message


def test_a_sandbox_in_trouble_counts_as_unreachable() -> None:
    full = ok({"detail": "The disk is full."}, 503)
    with answering(full) as server, pytest.raises(UnreachableError, match="disk is full"):
        Client(server.url).get("clock")


def test_a_command_ends_with_3_where_no_sandbox_answers(run: Callable[..., Any]) -> None:
    with answering() as server:
        url = server.url
    said = run("deliveries", "list", env={"PIVOTAL_SANDBOX_URL": url})
    assert (said.exit_code, said.stdout) == (3, "")
    assert (
        said.stderr == f"Error: No sandbox answers at {url}: start one with `pivotal-sandbox up`.\n"
    )


async def test_no_content_is_an_empty_object(running: Running) -> None:
    client = Client(running.url)
    assert await to_thread(client.call, "DELETE", "endpoints", running.endpoint.id) == {}


async def test_too_late_is_an_answer(running: Running) -> None:
    wish = {"type": "task.overdue", "timeout": "1ms"}
    answer = await to_thread(Client(running.url).call, "POST", "wait", body=wish)
    assert (answer["status"], answer["seen"]) == (408, [])


@pytest.mark.parametrize(
    ("path", "command"),
    [
        (("endpoints", "ep_x"), "endpoints list"),
        (("deliveries", "msg_x"), "deliveries list"),
        (("captures", "cap_x"), "captures list"),
        (("records", "customer", "cus_x"), "records list customer"),
    ],
)
async def test_what_is_not_found_says_where_to_look(
    running: Running, path: tuple[str, ...], command: str
) -> None:
    with pytest.raises(NotFound, match=f"`pivotal-sandbox {command}` shows those there are"):
        await to_thread(Client(running.url).get, *path)


@pytest.mark.parametrize("path", [("records", "custmer"), ("bins", "a b"), ("nothing",)])
async def test_what_no_command_lists_is_only_not_found(
    running: Running, path: tuple[str, ...]
) -> None:
    with pytest.raises(NotFound) as caught:
        await to_thread(Client(running.url).get, *path)
    assert "shows those" not in str(caught.value)


async def test_an_endpoint_that_an_event_names_is_looked_for_among_the_endpoints(
    running: Running,
) -> None:
    wish = {"type": "task.created", "endpoint_id": "ep_x"}
    with pytest.raises(NotFound, match="`pivotal-sandbox endpoints list` shows those there are"):
        await to_thread(Client(running.url).call, "POST", "events", body=wish)


async def test_other_refusals_stay_what_they_are(running: Running) -> None:
    with pytest.raises(InputError) as caught:
        await to_thread(Client(running.url).call, "POST", "endpoints", body={})
    assert not isinstance(caught.value, NotFound)


def test_a_request_that_took_too_long_is_no_answer() -> None:
    late = ok({"detail": "Too slow."}, 408)
    with answering(late) as server, pytest.raises(InputError, match="Too slow"):
        Client(server.url).call("POST", "clock", body={})
