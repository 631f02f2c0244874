"""WSGI apps as ASGI ones."""

import asyncio
import threading
from collections.abc import Iterable, Iterator
from typing import Any
from wsgiref.validate import validator

import httpx
import pytest
from tests.testing.receivers import wsgi_app

from pivotal_sandbox.testing.wsgi import StartResponse, as_asgi


def client(app: Any, **options: Any) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(as_asgi(app, **options))
    return httpx.AsyncClient(transport=transport, base_url="http://testserver")


async def test_the_body_arrives_and_the_answer_comes_back() -> None:
    async with client(wsgi_app) as http:
        answer = await http.post("/hooks/%C3%A6?a=1", content=b'{"a":1}')
    assert (answer.status_code, answer.content) == (200, b'{"a":1}')
    assert answer.headers["content-type"] == "application/json"


async def test_an_app_finds_in_its_environment_what_the_standard_asks_for() -> None:
    seen: list[dict[str, Any]] = []

    def app(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        seen.append(environ)
        assert environ["wsgi.input"].read(2) == b"{}"
        start_response("204 No Content", [])
        return [b""]

    # The standard library's checker complains of whatever PEP 3333 does not allow.
    async with client(validator(app)) as http:
        headers = [("x-a", "1"), ("x-a", "2"), ("content-type", "application/json")]
        await http.post("/hooks/%C3%A6?a=1", content=b"{}", headers=headers)
    [environ] = seen
    assert environ["REQUEST_METHOD"] == "POST"
    assert environ["PATH_INFO"] == "/hooks/æ".encode().decode("latin-1")
    assert environ["QUERY_STRING"] == "a=1"
    assert environ["CONTENT_TYPE"] == "application/json"
    assert environ["CONTENT_LENGTH"] == "2"
    assert environ["HTTP_X_A"] == "1,2"
    assert environ["HTTP_HOST"] == "testserver"


async def test_what_is_written_comes_before_what_is_returned_and_the_answer_is_closed() -> None:
    closed: list[bool] = []

    class Answer:
        def __iter__(self) -> Iterator[bytes]:
            return iter([b"b", b"c"])

        def close(self) -> None:
            closed.append(True)

    def app(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])(b"a")
        return Answer()

    async with client(app) as http:
        assert (await http.post("/")).content == b"abc"
    assert closed == [True]


@pytest.mark.parametrize("threads", [False, True])
async def test_it_runs_in_the_callers_thread_unless_threads_are_asked_for(threads: bool) -> None:
    ran_in: list[threading.Thread] = []

    def app(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        ran_in.append(threading.current_thread())
        start_response("204 No Content", [])
        return []

    async with client(app, threads=threads) as http:
        await http.post("/")
    assert (ran_in == [threading.current_thread()]) is not threads


async def test_a_request_that_breaks_off_does_not_reach_the_app() -> None:
    def app(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        raise AssertionError("it was called")

    messages: list[dict[str, Any]] = [
        {"type": "http.request", "body": b"{", "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    async def send(message: Any) -> None:
        raise AssertionError("it answered")

    await as_asgi(app)({"type": "http"}, receive, send)
    assert messages == []


async def test_anything_but_http_is_passed_over() -> None:
    nothing: asyncio.Queue[Any] = asyncio.Queue()
    await as_asgi(wsgi_app)({"type": "lifespan"}, nothing.get, nothing.put)
    assert nothing.empty()
