"""ASGI apps, run as servers run them."""

import logging

import pytest

from pivotal_sandbox.engine.asgi import App, Message, Receive, Scope, Send, served
from pivotal_sandbox.engine.failure import FailureError

START: Message = {"type": "http.response.start", "status": 202, "headers": []}
END: Message = {"type": "http.response.body", "body": b"ok"}
MORE: Message = {"type": "http.response.body", "body": b"o", "more_body": True}
TRAILERS: Message = {"type": "http.response.trailers", "headers": []}


async def nothing() -> Message:
    return {"type": "http.request"}


async def run(app: App) -> list[Message]:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    try:
        await served(app)({"type": "http"}, nothing, send)
    except FailureError as error:
        sent.append({"failure": error.failure.error, "detail": error.failure.detail})
    return sent


def playing(*messages: Message, then: Exception | None = None) -> App:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert (await receive())["type"] == "http.request"
        for message in messages:
            await send(message)
        if then:
            raise then

    return app


@pytest.mark.parametrize("messages", [(START, END), (START, MORE, END), (START, END, TRAILERS)])
async def test_an_answer_passes_untouched(messages: tuple[Message, ...]) -> None:
    assert await run(playing(*messages)) == [*messages]


@pytest.mark.parametrize("then", [None, ValueError("boom")])
async def test_an_app_without_an_answer_is_a_500(then: Exception | None) -> None:
    start, body = await run(playing(then=then))
    assert start["status"] == 500
    assert body["type"] == "http.response.body"


@pytest.mark.parametrize("then", [None, ValueError("boom")])
@pytest.mark.parametrize("messages", [(START,), (START, MORE)])
async def test_half_an_answer_breaks_the_connection(
    messages: tuple[Message, ...], then: Exception | None
) -> None:
    *passed, end = await run(playing(*messages, then=then))
    assert passed == [*messages]
    assert end["failure"] == "connection_reset"
    assert "did not end" in end["detail"]


async def test_what_an_app_raises_after_its_answer_changes_nothing() -> None:
    assert await run(playing(START, END, then=ValueError("boom"))) == [START, END]


async def test_what_an_app_raises_is_logged_with_its_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.ERROR, logger="pivotal_sandbox"):
        await run(playing(then=ValueError("boom")))
    [record] = caplog.records
    assert record.exc_info is not None
    assert str(record.exc_info[1]) == "boom"
