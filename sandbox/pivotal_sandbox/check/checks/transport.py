"""Transport and load: the same request in other clothes, slowly, and in a crowd."""

import asyncio

from pivotal_sandbox.check.assertions import accepts, fate_in_words, judged_genuine, topic_of
from pivotal_sandbox.check.case import Case, Verdict, failed, passed
from pivotal_sandbox.check.classify import is_ack, listed, said, tally
from pivotal_sandbox.check.context import CheckContext
from pivotal_sandbox.check.model import Exchange
from pivotal_sandbox.check.request import recased
from pivotal_sandbox.check.session import OverError
from pivotal_sandbox.domain.catalog import PING
from pivotal_sandbox.domain.retry_policy import IN_FLIGHT

BURST = 40
PIECE, PIECE_PAUSE_MS = 40, 30


async def header_case(bench: CheckContext) -> Verdict:
    return await accepts(
        bench,
        [
            recased(bench.genuine("Title-Case headers", bench.event()), "title"),
            recased(bench.genuine("UPPER-CASE headers", bench.event()), "upper"),
        ],
    )


async def content_type(bench: CheckContext) -> Verdict:
    shot = bench.genuine(
        "application/json; charset=utf-8",
        bench.event(),
        headers=[("content-type", "application/json; charset=utf-8")],
    )
    return await accepts(bench, [shot])


async def slow_body(bench: CheckContext) -> Verdict:
    shot = bench.genuine("a body that comes in small pieces", bench.event())
    exchange = await bench.send(shot, piece=PIECE, pause_ms=PIECE_PAUSE_MS)
    return judged_genuine([exchange], topic=None if exchange.status is None else "pieces")


async def burst(bench: CheckContext) -> Verdict:
    events = [bench.event() for _ in range(BURST)]
    turns = asyncio.Semaphore(IN_FLIGHT)

    async def send_slowly(number: int) -> Exchange:
        async with turns:
            return await bench.send(
                bench.genuine(f"event {number + 1} of {BURST} at once", events[number])
            )

    answers = await asyncio.gather(*[send_slowly(number) for number in range(BURST)])
    if wrong := [answer for answer in answers if not is_ack(answer)]:
        return failed(
            f"{len(wrong)} of {BURST} not acknowledged ({listed(wrong)}): "
            f"{fate_in_words(wrong[0])}",
            *wrong,
            topic=topic_of(wrong[0]),
        )
    if bench.has_probe:
        effects = await bench.count(*events)
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


async def still_alive(bench: CheckContext) -> Verdict:
    try:
        exchange = await bench.send(bench.genuine("a last ping", bench.event(PING)))
    except OverError:
        death = bench.session.death
        if death is None:
            raise
        return failed(
            f"it died of {death.case_id} ({death.exchange.label}), and nothing answers any more",
            death.exchange,
        )
    if exchange.status is None:
        return failed(f"no answer to a last ping: {said(exchange)}", exchange)
    return passed(f"it answers: {said(exchange)}", exchange)


CASES = (
    Case(
        "header-case",
        "Header names may be written in any case",
        "transport",
        "must",
        "2xx",
        "HTTP/1.1 header names have no case, and proxies rewrite it. A lookup that is particular "
        "works on your machine and fails behind a proxy.",
        "header-case",
        "genuine",
        header_case,
    ),
    Case(
        "content-type-charset",
        "A charset behind the content type changes nothing",
        "transport",
        "should",
        "2xx",
        "A 415 for application/json; charset=utf-8 loses the event, should a proxy or a release "
        "add the parameter.",
        "content-type",
        "genuine",
        content_type,
    ),
    Case(
        "slow-body",
        "A body that comes in small pieces is read to its end",
        "transport",
        "should",
        "2xx",
        "A reader that takes what the first read gives has all of a body on loopback, and half of "
        "it over a network.",
        "pieces",
        "waiting",
        slow_body,
    ),
    Case(
        "burst",
        f"{BURST} events in a row, {IN_FLIGHT} at a time, are all taken",
        "transport",
        "must",
        "every one 2xx in time, and with a probe one effect each",
        "An import of customers fires hundreds of events at once. What a rate limit answers with "
        "429 is lost.",
        "crowd",
        "crowd",
        burst,
    ),
    Case(
        "still-alive",
        "It lives to the end of the battery",
        "transport",
        "must",
        "an answer to a last ping",
        "One request that ends the process is a denial of service, and loses what was under way.",
        "crash",
        "last",
        still_alive,
    ),
)
