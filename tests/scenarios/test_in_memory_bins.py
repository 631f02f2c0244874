"""Bins without a socket: what the sender sees, and that no delay takes real time."""

import time

import httpx
import pytest

from pivotal_sandbox.clock import Clock
from pivotal_sandbox.domain.bins import Bin, parse_behavior
from pivotal_sandbox.sandbox.sandbox import Sandbox
from pivotal_sandbox.scenarios.in_memory_bins import Bins
from pivotal_sandbox.sender.failures import FailureError
from pivotal_sandbox.store.captures import CaptureFilter

URL = "http://bins.test/in/app/below%20it?x=1"


async def answered(behaviour: object) -> httpx.Response:
    async with Sandbox(clock=Clock.manual(), seed=1) as sandbox:
        bins = Bins(sandbox.receiver)
        await sandbox.receiver.set_bin(Bin("app", parse_behavior(behaviour)))
        return await bins.handle_async_request(httpx.Request("POST", URL, content=b"x"))


async def test_a_request_is_captured_as_it_is_and_answered_as_the_bin_says() -> None:
    async with Sandbox(clock=Clock.manual(), seed=1) as sandbox:
        bins = Bins(sandbox.receiver)
        step = {"status": 207, "headers": {"x-said": "b"}, "body": "fine"}
        await sandbox.receiver.set_bin(Bin("app", parse_behavior([step])))
        request = httpx.Request("POST", URL, headers=[("X-Case", "a")], content=b"\x00\xff")
        response = await bins.handle_async_request(request)
        assert (response.status_code, response.headers["x-said"]) == (207, "b")
        assert await response.aread() == b"fine"
        [capture], _ = await sandbox.captures.page(CaptureFilter(), limit=5)
    assert capture.body == b"\x00\xff"
    assert ("X-Case", "a") in capture.headers
    assert (capture.path, capture.query, capture.status) == ("/in/app/below%20it", "x=1", 207)


async def test_a_delay_that_is_short_enough_passes_at_once() -> None:
    began = time.perf_counter()
    response = await answered([{"delay": "9s"}])
    assert response.status_code == 200
    assert time.perf_counter() - began < 5


@pytest.mark.parametrize(
    ("behaviour", "error", "detail"),
    [
        ({"delay": "10s"}, "timeout", "bins.test did not answer in 10 s."),
        ({"hang": True}, "timeout", "bins.test did not answer in 10 s."),
        ({"reset": True}, "connection_reset", "bins.test reset the connection."),
    ],
)
async def test_a_sender_that_gets_no_answer_learns_it_at_once(
    behaviour: object, error: str, detail: str
) -> None:
    with pytest.raises(FailureError) as caught:
        await answered([behaviour])
    assert (caught.value.failure.error, caught.value.failure.detail) == (error, detail)
