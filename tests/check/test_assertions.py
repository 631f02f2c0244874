"""How answers to forged and to genuine requests are judged."""

import pytest
from tests.check.test_context import make_context
from tests.check.test_session import Script

from pivotal_sandbox.check.assertions import (
    accepts,
    fate_in_words,
    judged_forgeries,
    judged_genuine,
    refuses,
    topic_of,
)
from pivotal_sandbox.check.model import Exchange
from pivotal_sandbox.domain.models import ErrorCode


def answers(*given: int | ErrorCode, body: bytes = b"") -> list[Exchange]:
    return [
        Exchange(b"", 0, answer, None, body, 1.0, label=f"number {number}")
        if isinstance(answer, int)
        else Exchange(b"", 0, None, "", b"", 1.0, label=f"number {number}", failure=answer)
        for number, answer in enumerate(given)
    ]


def test_one_forgery_that_is_accepted_is_enough() -> None:
    verdict = judged_forgeries(answers(401, 204, 401))
    assert (verdict.outcome, verdict.severity) == ("failed", None)
    assert "number 1: 204" in verdict.observed
    assert [exchange.status for exchange in verdict.deciding] == [204]


@pytest.mark.parametrize("crash", [500, 503, "timeout", "connection_reset"])
def test_a_crash_is_no_acceptance_but_should_not_be(crash: int | ErrorCode) -> None:
    verdict = judged_forgeries(answers(401, crash))
    assert (verdict.outcome, verdict.severity) == ("failed", "should")


def test_acceptance_weighs_more_than_a_crash() -> None:
    assert judged_forgeries(answers(500, 200)).severity is None


def test_what_is_throttled_says_nothing() -> None:
    verdict = judged_forgeries(answers(401, 429))
    assert verdict.outcome == "vacuous"
    assert "--pace" in verdict.observed


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 410, 413, 415, 422, 302])
def test_any_refusal_will_do(status: int) -> None:
    assert judged_forgeries(answers(status)).outcome == "passed"


async def test_refusals_mean_nothing_where_the_control_is_refused_too() -> None:
    context = make_context(client=Script(401))
    verdict = await refuses(context, [context.forged("x", context.event())])
    assert verdict.outcome == "vacuous"
    assert "refused too (401)" in verdict.observed


async def test_an_accepted_forgery_stands_whatever_the_control_says() -> None:
    context = make_context(client=Script(401, 200))
    assert (await refuses(context, [context.forged("x", context.event())])).outcome == "failed"


async def test_a_throttled_control_is_called_so() -> None:
    context = make_context(client=Script(429, 401))
    assert "throttled" in (await refuses(context, [context.forged("x", context.event())])).observed


async def test_each_genuine_request_has_to_be_acknowledged() -> None:
    context = make_context(client=Script(200, 409))
    verdict = await accepts(context, [context.genuine("first", context.event()) for _ in range(2)])
    assert verdict.outcome == "failed"
    assert "LOST" in verdict.observed


def test_the_answer_may_tell_what_is_wrong() -> None:
    expected = {
        301: "redirect",
        404: "path",
        405: "path",
        413: "limit",
        415: "content-type",
        429: "throttle",
        500: "crash",
        401: None,
        403: None,
    }
    assert {status: topic_of(answers(status)[0]) for status in expected} == expected
    assert topic_of(answers(400, body=b"Invalid host header")[0]) == "host"
    assert topic_of(answers(403, body=b"CSRF token missing")[0]) == "csrf"
    assert topic_of(answers("timeout")[0]) == "slow"
    assert topic_of(answers("connection_reset")[0]) == "crash"
    assert judged_genuine(answers(413)).topic == "limit"
    assert judged_genuine(answers(401), topic="pieces").topic == "pieces"


def test_each_fate_has_its_words() -> None:
    said = [fate_in_words(answer) for answer in answers(200, 500, 404)]
    assert "delivered" in said[0]
    assert "retries" in said[1]
    assert "LOST" in said[2]
