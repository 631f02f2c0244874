"""How answers to forged and to genuine requests are judged."""

import pytest
from tests.check.test_context import make_context
from tests.check.test_session import Script

from pivotal_sandbox.check.assertions import (
    advice_topic,
    describe_consequence,
    expect_acknowledgment,
    expect_refusal,
    judge_forged,
    judge_genuine,
)
from pivotal_sandbox.check.model import Exchange
from pivotal_sandbox.domain.models import ErrorCode


def build_exchanges(*responses: int | ErrorCode, body: bytes = b"") -> list[Exchange]:
    return [
        Exchange(b"", 0, answer, None, body, 1.0, label=f"number {number}")
        if isinstance(answer, int)
        else Exchange(b"", 0, None, "", b"", 1.0, label=f"number {number}", failure=answer)
        for number, answer in enumerate(responses)
    ]


def test_one_accepted_forgery_fails_the_check() -> None:
    verdict = judge_forged(build_exchanges(401, 204, 401))
    assert (verdict.outcome, verdict.severity) == ("failed", None)
    assert "number 1: 204" in verdict.observed
    assert [exchange.status for exchange in verdict.deciding] == [204]


@pytest.mark.parametrize("crash", [500, 503, "timeout", "connection_reset"])
def test_crash_on_a_forgery_is_a_should(crash: int | ErrorCode) -> None:
    verdict = judge_forged(build_exchanges(401, crash))
    assert (verdict.outcome, verdict.severity) == ("failed", "should")


def test_acceptance_outweighs_a_crash() -> None:
    assert judge_forged(build_exchanges(500, 200)).severity is None


def test_throttled_forgery_is_inconclusive() -> None:
    verdict = judge_forged(build_exchanges(401, 429))
    assert verdict.outcome == "vacuous"
    assert "--pace" in verdict.observed


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 410, 413, 415, 422, 302])
def test_any_refusal_of_a_forgery_passes(status: int) -> None:
    assert judge_forged(build_exchanges(status)).outcome == "passed"


async def test_refusals_are_inconclusive_if_the_control_is_refused_too() -> None:
    context = make_context(client=Script(401))
    verdict = await expect_refusal(context, [context.build_forged("x", context.new_event())])
    assert verdict.outcome == "vacuous"
    assert "refused too (401)" in verdict.observed


async def test_accepted_forgery_fails_even_if_the_control_is_refused() -> None:
    context = make_context(client=Script(401, 200))
    assert (
        await expect_refusal(context, [context.build_forged("x", context.new_event())])
    ).outcome == "failed"


async def test_throttled_control_is_reported_as_throttled() -> None:
    context = make_context(client=Script(429, 401))
    assert (
        "throttled"
        in (
            await expect_refusal(context, [context.build_forged("x", context.new_event())])
        ).observed
    )


async def test_every_genuine_request_has_to_be_acknowledged() -> None:
    context = make_context(client=Script(200, 409))
    verdict = await expect_acknowledgment(
        context, [context.build_genuine("first", context.new_event()) for _ in range(2)]
    )
    assert verdict.outcome == "failed"
    assert "LOST" in verdict.observed


def test_advice_topic_follows_the_answer() -> None:
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
    assert {status: advice_topic(build_exchanges(status)[0]) for status in expected} == expected
    assert advice_topic(build_exchanges(400, body=b"Invalid host header")[0]) == "host"
    assert advice_topic(build_exchanges(403, body=b"CSRF token missing")[0]) == "csrf"
    assert advice_topic(build_exchanges("timeout")[0]) == "slow"
    assert advice_topic(build_exchanges("connection_reset")[0]) == "crash"
    assert judge_genuine(build_exchanges(413)).topic == "limit"
    assert judge_genuine(build_exchanges(401), topic="pieces").topic == "pieces"


def test_each_consequence_has_a_description() -> None:
    descriptions = [describe_consequence(answer) for answer in build_exchanges(200, 500, 404)]
    assert "delivered" in descriptions[0]
    assert "retries" in descriptions[1]
    assert "LOST" in descriptions[2]
