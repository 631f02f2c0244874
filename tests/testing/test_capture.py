"""Receivers that keep what they get."""

import asyncio
import threading
import urllib.request
from collections.abc import Iterator

import httpx
import pytest

from pivotal_sandbox.errors import InputError
from pivotal_sandbox.testing.async_pivotal import AsyncPivotal
from pivotal_sandbox.testing.background import Background
from pivotal_sandbox.testing.options import Options
from pivotal_sandbox.testing.pivotal import Pivotal


async def test_what_the_sandbox_sends_is_kept_and_judged(opened: AsyncPivotal) -> None:
    capture = await opened.capture()
    await opened.endpoint(capture)
    await opened.trigger("task.created", fault="wrong-secret")
    ping, forged = capture.requests
    assert (ping.event, ping.verified) == ("webhook.ping", True)
    assert (forged.event, forged.verified) == ("task.created", False)
    assert forged.url == capture.url
    assert forged.json()["type"] == "task.created"


async def test_it_answers_as_it_is_told_to(opened: AsyncPivotal) -> None:
    capture = await opened.capture()
    await opened.endpoint(capture)
    await capture.behaviour(503, {"status": 410, "body": "gone"})
    delivery = await opened.trigger("task.created")
    assert delivery.said == "503"
    await opened.advance("1m")
    assert delivery.said == "410 (attempt 2): gone"


async def test_a_step_that_is_none_is_refused(opened: AsyncPivotal) -> None:
    capture = await opened.capture()
    with pytest.raises(InputError, match=r'no "stauts".*Did you mean "status"'):
        await capture.behaviour({"stauts": 200})


async def test_whatever_your_code_calls_can_be_waited_for(opened: AsyncPivotal) -> None:
    capture = await opened.capture()

    async def call() -> None:
        async with httpx.AsyncClient(verify=False) as client:
            await client.put(f"{capture.url}/rooms/1?a=b", content=b"{}")

    calling = asyncio.create_task(call())
    [request] = await capture.wait()
    assert (request.method, request.url) == ("PUT", f"{capture.url}/rooms/1?a=b")
    assert (request.verified, request.verdict) == (None, "Not signed.")
    await calling


async def test_a_wait_that_is_over_says_what_came(opened: AsyncPivotal) -> None:
    capture = await opened.capture()
    with pytest.raises(TimeoutError, match=r"1 request did not come in 1ms; what came: nothing\."):
        await capture.wait(timeout="1ms")
    await opened.endpoint(capture)
    said = r"2 requests of task.created did not come in 1ms; what came: POST webhook.ping\."
    with pytest.raises(TimeoutError, match=said):
        await capture.wait(2, event="task.created", timeout="1ms")


async def test_captures_do_not_see_each_others_requests(opened: AsyncPivotal) -> None:
    first, second = await opened.capture(), await opened.capture()
    await opened.endpoint(first)
    assert len(first.requests) == 1
    assert second.requests == []


async def test_a_frozen_sandbox_is_judged_by_its_own_time(background: Background) -> None:
    sandbox = AsyncPivotal(Options(), lambda: background)
    sandbox.freeze()
    capture = await sandbox.capture()
    await sandbox.endpoint(capture)
    await sandbox.advance("24h")
    await sandbox.trigger("task.created")
    await sandbox.aclose()
    assert [request.verified for request in capture.requests] == [True, True]


@pytest.fixture
def sandbox(background: Background) -> Iterator[Pivotal]:
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        sandbox = Pivotal(AsyncPivotal(Options(), lambda: background), runner)
        yield sandbox
        sandbox.close()


def test_a_test_that_is_no_coroutine_can_wait_too(sandbox: Pivotal) -> None:
    capture = sandbox.capture()
    capture.behaviour(201)
    statuses: list[int] = []

    def call() -> None:
        with urllib.request.urlopen(capture.url, b"{}") as answer:
            statuses.append(answer.status)

    thread = threading.Thread(target=call)
    thread.start()
    [request] = capture.wait()
    thread.join()
    assert capture.requests == [request]
    assert statuses == [201]
