"""Transport checks: other header forms, slow bodies, and many requests at once."""

import asyncio

from pivotal_sandbox.check.assertions import (
    advice_topic,
    describe_consequence,
    expect_acknowledgment,
    judge_genuine,
)
from pivotal_sandbox.check.case import check
from pivotal_sandbox.check.classify import describe_answer, is_ack, list_answers, summarize_answers
from pivotal_sandbox.check.context import CheckContext
from pivotal_sandbox.check.model import Exchange
from pivotal_sandbox.check.request import change_header_case
from pivotal_sandbox.check.session import OverError
from pivotal_sandbox.check.verdicts import (
    Verdict,
    failed,
    passed,
)
from pivotal_sandbox.domain.catalog import PING
from pivotal_sandbox.domain.retry_policy import IN_FLIGHT

BURST = 40
PIECE, PIECE_PAUSE_MS = 40, 30


@check(
    "header-case",
    title="Header names may be written in any case",
    group="transport",
    severity="must",
    stage="genuine",
    expected="2xx",
    reason=(
        "HTTP/1.1 header names have no case, and proxies rewrite it. A lookup that is particular "
        "works on your machine and fails behind a proxy."
    ),
    topic="header-case",
)
async def header_case(context: CheckContext) -> Verdict:
    return await expect_acknowledgment(
        context,
        [
            change_header_case(
                context.build_genuine("Title-Case headers", context.new_event()), "title"
            ),
            change_header_case(
                context.build_genuine("UPPER-CASE headers", context.new_event()), "upper"
            ),
        ],
    )


@check(
    "content-type-charset",
    title="A charset behind the content type changes nothing",
    group="transport",
    severity="should",
    stage="genuine",
    expected="2xx",
    reason=(
        "A 415 for application/json; charset=utf-8 loses the event, should a proxy or a release "
        "add the parameter."
    ),
    topic="content-type",
)
async def content_type(context: CheckContext) -> Verdict:
    request = context.build_genuine(
        "application/json; charset=utf-8",
        context.new_event(),
        headers=[("content-type", "application/json; charset=utf-8")],
    )
    return await expect_acknowledgment(context, [request])


@check(
    "slow-body",
    title="A body that comes in small pieces is read to its end",
    group="transport",
    severity="should",
    stage="waiting",
    expected="2xx",
    reason=(
        "A reader that takes what the first read gives has all of a body on loopback, and half "
        "of it over a network."
    ),
    topic="pieces",
)
async def slow_body(context: CheckContext) -> Verdict:
    request = context.build_genuine("a body that comes in small pieces", context.new_event())
    exchange = await context.send(request, piece=PIECE, pause_ms=PIECE_PAUSE_MS)
    return judge_genuine([exchange], topic=None if exchange.status is None else "pieces")


@check(
    "burst",
    title="40 events in a row, 16 at a time, are all taken",
    group="transport",
    severity="must",
    stage="crowd",
    expected="every one 2xx in time, and with a probe one effect each",
    reason=(
        "An import of customers fires hundreds of events at once. What a rate limit answers with "
        "429 is lost."
    ),
    topic="crowd",
)
async def burst(context: CheckContext) -> Verdict:
    events = [context.new_event() for _ in range(BURST)]
    slots = asyncio.Semaphore(IN_FLIGHT)

    async def send_when_free(number: int) -> Exchange:
        async with slots:
            return await context.send(
                context.build_genuine(f"event {number + 1} of {BURST} at once", events[number])
            )

    answers = await asyncio.gather(*[send_when_free(number) for number in range(BURST)])
    if refused := [answer for answer in answers if not is_ack(answer)]:
        return failed(
            f"{len(refused)} of {BURST} not acknowledged ({list_answers(refused)}): "
            f"{describe_consequence(refused[0])}",
            *refused,
            topic=advice_topic(refused[0]),
        )
    if context.has_probe:
        effects = await context.count_effects(*events)
        if miscounted := [
            (exchange, effect_count)
            for exchange, effect_count in zip(answers, effects, strict=True)
            if effect_count != 1
        ]:
            counts = ", ".join(
                f"{request.label}: {effect_count}" for request, effect_count in miscounted[:3]
            )
            return failed(
                f"acknowledged, but {len(miscounted)} of {BURST} had not one effect ({counts})",
                *[exchange for exchange, _ in miscounted],
                topic="durable",
            )
    return passed(f"{summarize_answers(answers)}", *answers[:1])


@check(
    "still-alive",
    title="It lives to the end of the battery",
    group="transport",
    severity="must",
    stage="last",
    expected="an answer to a last ping",
    reason=(
        "One request that ends the process is a denial of service, and loses what was under way."
    ),
    topic="crash",
)
async def still_alive(context: CheckContext) -> Verdict:
    try:
        exchange = await context.send(context.build_genuine("a last ping", context.new_event(PING)))
    except OverError:
        crash = context.session.crash
        if crash is None:
            raise
        return failed(
            f"it died of {crash.case_id} ({crash.exchange.label}), and nothing answers any more",
            crash.exchange,
        )
    if exchange.status is None:
        return failed(f"no answer to a last ping: {describe_answer(exchange)}", exchange)
    return passed(f"it answers: {describe_answer(exchange)}", exchange)
