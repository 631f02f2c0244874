"""ASGI apps, called as a server calls them."""

import asyncio
import logging
import re
from time import perf_counter

import pytest

from pivotal_sandbox.domain.models import Outcome, Request
from pivotal_sandbox.errors import InputError
from pivotal_sandbox.sender.asgi import App, Message, Receive, Scope, Send, call_app
from pivotal_sandbox.sender.http1 import MAX_RESPONSE

START: Message = {"type": "http.response.start", "status": 202, "headers": [(b"X-Case", b"kept")]}
END: Message = {"type": "http.response.body", "body": b"ok"}
MORE: Message = {"type": "http.response.body", "body": b"o", "more_body": True}
TRAILERS: Message = {"type": "http.response.trailers", "headers": []}
REQUEST = Request("POST", "http://app.test:81/a%20b/\u00e9?x=%31", (("X-One", "1"),), b"hi")


async def run(app: App, *, timeout_ms: float = 10_000, body_limit: int = 100) -> Outcome:
    return await call_app(app, REQUEST, timeout_ms=timeout_ms, body_limit=body_limit)


def playing(*messages: Message, then: Exception | None = None) -> App:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert (await receive())["body"] == b"hi"
        for message in messages:
            await send(message)
        if then:
            raise then

    return app


async def test_the_app_gets_the_scope_that_a_server_would_pass() -> None:
    received: list[Scope | Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        received.extend([scope, await receive()])
        await send(START)
        await send(END)
        received.append(await receive())

    outcome = await call_app(app, REQUEST, timeout_ms=10_000, root_path="/root", client=("::1", 7))
    assert outcome.ok
    assert received == [
        {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "headers": [(b"x-one", b"1")],
            "scheme": "http",
            "path": "/a b/\u00e9",
            "raw_path": b"/a%20b/%C3%A9",
            "query_string": b"x=%31",
            "server": ("app.test", 81),
            "client": ("::1", 7),
            "root_path": "/root",
        },
        {"type": "http.request", "body": b"hi", "more_body": False},
        {"type": "http.disconnect"},
    ]


@pytest.mark.parametrize("messages", [(START, END), (START, MORE, END), (START, END, TRAILERS)])
async def test_a_response_in_parts_is_returned_whole(messages: tuple[Message, ...]) -> None:
    outcome = await run(playing(*messages))
    assert outcome.response is not None
    assert outcome.response.status_code == 202
    assert outcome.response.headers == (("X-Case", "kept"),)
    assert outcome.response.body == (b"ook" if MORE in messages else b"ok")
    assert not outcome.response.truncated
    assert outcome.timing.first_byte_ms is not None
    assert outcome.timing.first_byte_ms <= outcome.timing.total_ms


@pytest.mark.parametrize(("body_limit", "kept"), [(1, (b"o", True)), (2, (b"ok", False))])
async def test_a_body_is_cut_at_the_limit(body_limit: int, kept: tuple[bytes, bool]) -> None:
    outcome = await run(playing(START, END), body_limit=body_limit)
    assert outcome.response is not None
    assert (outcome.response.body, outcome.response.truncated) == kept


async def test_an_endless_body_is_a_protocol_error() -> None:
    large = {"type": "http.response.body", "body": bytes(MAX_RESPONSE + 1)}
    outcome = await run(playing(START, large))
    assert (outcome.response, outcome.error) == (None, "protocol")
    assert outcome.detail == "app.test:81 sends a body of more than 10 MiB."


@pytest.mark.parametrize("then", [None, ValueError("boom")])
async def test_an_app_without_a_response_is_a_500(then: Exception | None) -> None:
    outcome = await run(playing(then=then))
    assert outcome.response is not None
    assert (outcome.response.status_code, outcome.response.body) == (500, b"")


@pytest.mark.parametrize("then", [None, ValueError("boom")])
@pytest.mark.parametrize("messages", [(START,), (START, MORE)])
async def test_half_a_response_is_a_reset_connection(
    messages: tuple[Message, ...], then: Exception | None
) -> None:
    outcome = await run(playing(*messages, then=then))
    assert (outcome.response, outcome.error) == (None, "connection_reset")
    assert "did not end" in (outcome.detail or "")


async def test_an_exception_after_the_response_changes_nothing() -> None:
    outcome = await run(playing(START, END, then=ValueError("boom")))
    assert outcome.ok
    assert outcome.detail is None
    sorry: Message = {**START, "status": 500}
    outcome = await run(playing(sorry, END, then=ValueError("boom")))
    assert "ValueError: boom" in (outcome.detail or "")


async def test_an_exception_of_the_app_is_logged_with_its_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.ERROR, logger="pivotal_sandbox"):
        outcome = await run(playing(then=ValueError("boom")))
    assert re.fullmatch(
        r"The app raised ValueError: boom \(test_asgi.py, line \d+\)", outcome.detail or ""
    )
    [record] = caplog.records
    assert record.exc_info is not None
    assert str(record.exc_info[1]) == "boom"


@pytest.mark.parametrize("messages", [(END,), (START, START), (TRAILERS,)])
async def test_messages_out_of_order_raise_in_the_app(
    messages: tuple[Message, ...], caplog: pytest.LogCaptureFixture
) -> None:
    outcome = await run(playing(*messages))
    assert not outcome.ok
    assert "Expected the ASGI message http.response." in caplog.text


@pytest.mark.parametrize("stubborn", [False, True])
async def test_an_app_that_does_not_respond_in_time_is_a_timeout(stubborn: bool) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            if not stubborn:
                raise
            await send(START)
            await send(END)

    outcome = await run(app, timeout_ms=5)
    assert (outcome.response, outcome.error) == (None, "timeout")
    assert outcome.detail == "app.test:81 did not answer in 0.005 s."


async def test_work_after_the_response_has_no_time_limit() -> None:
    done = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()
        await send(START)
        await send(END)
        later = loop.create_future()
        loop.call_later(0.02, later.set_result, None)
        await later
        done.append("background")

    began = perf_counter()
    outcome = await run(app, timeout_ms=5)
    assert outcome.ok
    assert (perf_counter() - began) * 1000 - outcome.timing.total_ms >= 15
    assert done == ["background"]


async def test_a_request_that_http_cannot_carry_is_refused() -> None:
    request = Request("POST", "http://app.test/", (("x-a", "1\r\nx-b: 2"),), b"")
    with pytest.raises(InputError):
        await call_app(playing(START, END), request, timeout_ms=1000)
