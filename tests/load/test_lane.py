import random

from tests.load.receiver import NO_CONTENT, answering, connections_of

from pivotal_sandbox import data
from pivotal_sandbox.core.model import Response
from pivotal_sandbox.core.url import parse_url
from pivotal_sandbox.engine.failure import Failure
from pivotal_sandbox.engine.guard import Guard
from pivotal_sandbox.engine.pool import Pool
from pivotal_sandbox.load.line import Line
from pivotal_sandbox.load.material import Material


def line_to(url: str, *, timeout_ms: float = 5_000) -> Line:
    return Line(Pool(Guard(), keep=0), parse_url(url), timeout_ms=timeout_ms, tls=None)


def request_to(url: str) -> bytes:
    return Material(url, "whsec_1", data.load_catalog(), random.Random(7)).next()


async def test_the_connection_that_was_opened_first_is_used_again() -> None:
    async def answer(head: bytes, body: bytes) -> bytes:
        return NO_CONTENT

    async with answering(answer) as url:
        line = line_to(url)
        assert await line.connect() is None
        for _ in range(3):
            result = await line.exchange(request_to(url))
            assert isinstance(result, Response)
            assert result.status_code == 204
        assert connections_of(url) == 1
        await line.close()


async def test_a_receiver_that_closes_after_each_answer_is_connected_to_anew() -> None:
    answers = iter([NO_CONTENT, b"", NO_CONTENT])

    async def answer(head: bytes, body: bytes) -> bytes:
        return next(answers)

    async with answering(answer) as url:
        line = line_to(url)
        first = await line.exchange(request_to(url))
        # The kept connection is closed under the second request, which is then sent once more.
        second = await line.exchange(request_to(url))
        assert isinstance(first, Response)
        assert isinstance(second, Response)
        await line.close()


async def test_what_does_not_come_about_is_a_failure_with_its_code() -> None:
    async def close(head: bytes, body: bytes) -> bytes:
        return b""

    async with answering(close) as url:
        line = line_to(url)
        lost = await line.exchange(request_to(url))
        assert isinstance(lost, Failure)
        assert (lost.error, lost.connected) == ("connection_reset", True)
    refused = await line.exchange(request_to(url))
    assert isinstance(refused, Failure)
    assert (refused.error, refused.connected) == ("connection_refused", False)
    assert isinstance(await line.connect(), Failure)
