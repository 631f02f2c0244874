"""Transport and load: the same request in other clothes, slowly, and in a crowd."""

import asyncio

from pivotal_sandbox.check.assertions import accepts, fate_in_words, judged_genuine, topic_of
from pivotal_sandbox.check.case import check
from pivotal_sandbox.check.classify import is_ack, listed, said, tally
from pivotal_sandbox.check.context import CheckContext
from pivotal_sandbox.check.model import Exchange
from pivotal_sandbox.check.request import recased
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
    turn="genuine",
    expected="2xx",
    reason=(
        "HTTP/1.1 header names have no case, and proxies rewrite it. A lookup that is particular "
        "works on your machine and fails behind a proxy."
    ),
    topic="header-case",
)
async def header_case(context: CheckContext) -> Verdict:
    return await accepts(
        context,
        [
            recased(context.genuine("Title-Case headers", context.event()), "title"),
            recased(context.genuine("UPPER-CASE headers", context.event()), "upper"),
        ],
    )


@check(
    "content-type-charset",
    title="A charset behind the content type changes nothing",
    group="transport",
    severity="should",
    turn="genuine",
    expected="2xx",
    reason=(
        "A 415 for application/json; charset=utf-8 loses the event, should a proxy or a release "
        "add the parameter."
    ),
    topic="content-type",
)
async def content_type(context: CheckContext) -> Verdict:
    request = context.genuine(
        "application/json; charset=utf-8",
        context.event(),
        headers=[("content-type", "application/json; charset=utf-8")],
    )
    return await accepts(context, [request])


@check(
    "slow-body",
    title="A body that comes in small pieces is read to its end",
    group="transport",
    severity="should",
    turn="waiting",
    expected="2xx",
    reason=(
        "A reader that takes what the first read gives has all of a body on loopback, and half "
        "of it over a network."
    ),
    topic="pieces",
)
async def slow_body(context: CheckContext) -> Verdict:
    request = context.genuine("a body that comes in small pieces", context.event())
    exchange = await context.send(request, piece=PIECE, pause_ms=PIECE_PAUSE_MS)
    return judged_genuine([exchange], topic=None if exchange.status is None else "pieces")


@check(
    "burst",
    title="40 events in a row, 16 at a time, are all taken",
    group="transport",
    severity="must",
    turn="crowd",
    expected="every one 2xx in time, and with a probe one effect each",
    reason=(
        "An import of customers fires hundreds of events at once. What a rate limit answers with "
        "429 is lost."
    ),
    topic="crowd",
)
async def burst(context: CheckContext) -> Verdict:
    events = [context.event() for _ in range(BURST)]
    turns = asyncio.Semaphore(IN_FLIGHT)

    async def send_slowly(number: int) -> Exchange:
        async with turns:
            return await context.send(
                context.genuine(f"event {number + 1} of {BURST} at once", events[number])
            )

    answers = await asyncio.gather(*[send_slowly(number) for number in range(BURST)])
    if wrong := [answer for answer in answers if not is_ack(answer)]:
        return failed(
            f"{len(wrong)} of {BURST} not acknowledged ({listed(wrong)}): "
            f"{fate_in_words(wrong[0])}",
            *wrong,
            topic=topic_of(wrong[0]),
        )
    if context.has_probe:
        effects = await context.count(*events)
        if off := [
            (exchange, count)
            for exchange, count in zip(answers, effects, strict=True)
            if count != 1
        ]:
            counts = ", ".join(f"{request.label}: {count}" for request, count in off[:3])
            return failed(
                f"acknowledged, but {len(off)} of {BURST} had not one effect ({counts})",
                *[exchange for exchange, _ in off],
                topic="durable",
            )
    return passed(f"{tally(answers)}", *answers[:1])


@check(
    "still-alive",
    title="It lives to the end of the battery",
    group="transport",
    severity="must",
    turn="last",
    expected="an answer to a last ping",
    reason=(
        "One request that ends the process is a denial of service, and loses what was under way."
    ),
    topic="crash",
)
async def still_alive(context: CheckContext) -> Verdict:
    try:
        exchange = await context.send(context.genuine("a last ping", context.event(PING)))
    except OverError:
        crash = context.session.crash
        if crash is None:
            raise
        return failed(
            f"it died of {crash.case_id} ({crash.exchange.label}), and nothing answers any more",
            crash.exchange,
        )
    if exchange.status is None:
        return failed(f"no answer to a last ping: {said(exchange)}", exchange)
    return passed(f"it answers: {said(exchange)}", exchange)
