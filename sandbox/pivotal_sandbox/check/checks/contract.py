"""Contract checks: genuine requests, today's and future ones, are acknowledged."""

import statistics
from email.utils import parsedate_to_datetime
from typing import Any

from pivotal_sandbox.check.assertions import (
    advice_topic,
    describe_consequence,
    expect_acknowledgment,
)
from pivotal_sandbox.check.case import check
from pivotal_sandbox.check.classify import (
    classify_answer,
    describe_answer,
    header,
    is_ack,
    list_answers,
    summarize_answers,
)
from pivotal_sandbox.check.context import CheckContext
from pivotal_sandbox.check.diagnosis import diagnose
from pivotal_sandbox.check.model import Exchange
from pivotal_sandbox.check.verdicts import (
    Verdict,
    failed,
    passed,
)
from pivotal_sandbox.common.durations import format_seconds
from pivotal_sandbox.domain.catalog import PING
from pivotal_sandbox.domain.models import Event

MAX_SKEW_S = 30  # seconds

_BRACKETS = 100_000


@check(
    "ping-accepted",
    title="The ping of a new endpoint is acknowledged",
    group="contract",
    severity="must",
    stage="genuine",
    expected="2xx",
    reason=(
        "Pivotal sends webhook.ping the moment an endpoint is added, whatever it subscribed to. "
        "A receiver that refuses it looks broken from its first minute."
    ),
    topic="unknown",
)
async def ping_accepted(context: CheckContext) -> Verdict:
    ping = context.new_event(PING)
    minimal = context.new_event_with_body(
        PING,
        lambda id: (
            ping.body.replace(ping.id.encode(), id.encode()).split(b'"data":')[0] + b'"data":{}}'
        ),
    )
    return await expect_acknowledgment(
        context, [context.build_genuine("a ping whose data is {}", minimal)]
    )


@check(
    "valid-accepted",
    title="A plain, properly signed event is acknowledged",
    group="contract",
    severity="must",
    stage="first",
    expected="2xx, and with a probe exactly one effect",
    reason=(
        "This is what all other checks are compared with: a receiver that refuses everything "
        "would pass every test with forged requests."
    ),
    topic="secret",
)
async def valid_accepted(context: CheckContext) -> Verdict:
    event = context.new_event()
    t = _choose_timestamp(context, event)
    exchange = await context.send(context.build_genuine("a plain customer.at_risk", event, t=t))
    if not is_ack(exchange):
        diagnosis = await diagnose(context, exchange)
        observed = f"answered {describe_answer(exchange)}: {describe_consequence(exchange)}"
        if diagnosis is not None:
            observed = f"{observed}; {diagnosis.observed}"
            return failed(observed, exchange, diagnosis.exchange, topic=diagnosis.topic)
        return failed(observed, exchange, topic=advice_topic(exchange))
    observed = (
        f"answered {describe_answer(exchange)}{_describe_clock_skew(exchange, context.now())}"
    )
    if not context.has_probe:
        return passed(observed, exchange)
    effects = await context.session.measure_first_effect(event.id)
    if effects == 1:
        return passed(f"{observed}, with one effect", exchange)
    return Verdict(
        "error",
        f"{observed}, but the probe shows {effects} for it, not 1",
        (exchange,),
        topic="probe",
    )


def _choose_timestamp(context: CheckContext, event: Event) -> int:
    """Return a time, usually now, at which the signature contains both or one of + and /.

    Where base64 is taken for url-safe, or + for a blank, it has to show here, not now and then.
    """
    now = context.now()
    for required, seconds_back in ((2, 3), (1, 9)):
        for t in range(now, now - min(context.settings.options.max_skew, seconds_back) - 1, -1):
            if len({"+", "/"} & set(context.sign(event.body, t))) >= required:
                return t
    return now


def _describe_clock_skew(exchange: Exchange, now: int) -> str:
    """Return by how many seconds the receiver's clock is off, or "" if it is close."""
    try:
        seconds = parsedate_to_datetime(header(exchange, "date")).timestamp() - now
    except ValueError:
        return ""
    if abs(seconds) <= MAX_SKEW_S:
        return ""
    direction = "ahead of" if seconds > 0 else "behind"
    return f" (its clock is {abs(seconds):.0f} s {direction} this one: mind that below)"


@check(
    "unknown-type-acked",
    title="An event type that does not exist yet is acknowledged",
    group="contract",
    severity="must",
    stage="genuine",
    expected="2xx, whatever the effect",
    reason=(
        "Event types are added without notice. A 4xx loses each of them, a 5xx has each retried "
        "for 24 h."
    ),
    topic="unknown",
)
async def unknown_type_acknowledged(context: CheckContext) -> Verdict:
    event = context.new_event("customer.escalated")
    return await expect_acknowledgment(
        context, [context.build_genuine("the type customer.escalated", event)]
    )


@check(
    "unknown-fields-acked",
    title="Fields that do not exist yet are no reason to refuse",
    group="contract",
    severity="must",
    stage="genuine",
    expected="2xx",
    reason=(
        "Fields are added to records and envelope without notice; a schema that forbids what it "
        "does not know turns the day of the release into an outage."
    ),
    topic="fields",
)
async def unknown_fields_acknowledged(context: CheckContext) -> Verdict:
    def enrich(record: dict[str, Any]) -> None:
        record["sentiment"] = {"score": 3, "source": "survey"}
        record["owner"] = {**(record["owner"] or {}), "pronouns": None}

    event = context.new_event(edit=enrich)
    extended = context.new_event_with_body(
        event.type,
        lambda id: (
            event.body.replace(event.id.encode(), id.encode())[:-1]
            + b',"api_version":"2027-01-01","account":{"id":"acc_1"}}'
        ),
    )
    return await expect_acknowledgment(
        context, [context.build_genuine("fields that are new", extended)]
    )


@check(
    "no-redirect",
    title="No genuine request is redirected",
    group="contract",
    severity="must",
    stage="last",
    expected="no 3xx on any genuine request",
    reason=(
        "Pivotal does not follow redirects, and a client that did would turn the POST into a "
        "GET. Usual causes: a trailing slash, http to https, a login page."
    ),
    topic="redirect",
)
async def no_redirect(context: CheckContext) -> Verdict:
    genuine = [t.exchange for t in context.log if t.request.genuine]
    if redirected := [exchange for exchange in genuine if classify_answer(exchange) == "redirect"]:
        location = next(
            (
                value
                for exchange in redirected
                for name, value in exchange.response_headers
                if name.lower() == "location"
            ),
            "nowhere",
        )
        return failed(
            f"{describe_answer(redirected[0])} to {location}: "
            f"{describe_consequence(redirected[0])}",
            *redirected[:3],
        )
    return passed(f"none of {len(genuine)} genuine requests was redirected")


@check(
    "ack-latency",
    title="Every genuine event is acknowledged well before the timeout",
    group="contract",
    severity="must",
    stage="last",
    expected="every answer within the timeout, 95 % within a third of it",
    reason=(
        "An answer that comes too late is a failed attempt for Pivotal and a processed event for "
        "you: the retry does it twice."
    ),
    topic="slow",
)
async def ack_latency(context: CheckContext) -> Verdict:
    limit = context.settings.timeout_ms
    if timed_out := [
        t.exchange
        for t in context.log
        if t.request.genuine and classify_answer(t.exchange) == "hang"
    ]:
        return failed(
            f"no answer within {format_seconds(limit)} ({list_answers(timed_out)}): "
            f"{describe_consequence(timed_out[0])}, and what the handler did meanwhile is done "
            "again",
            *timed_out[:3],
        )
    # A cold server delays the first request, and concurrent requests wait in its queue.
    genuine = [
        t.exchange
        for t in context.log[1:]
        if t.request.genuine and not t.under_load and is_ack(t.exchange)
    ]
    if len(genuine) < 2:
        return Verdict("vacuous", "too few genuine requests were acknowledged to judge")
    slowest = max(genuine, key=lambda exchange: exchange.duration_ms)
    p95 = statistics.quantiles([exchange.duration_ms for exchange in genuine], n=20)[-1]
    observed = f"95 % within {p95:.0f} ms, the slowest took {slowest.duration_ms:.0f} ms"
    if p95 > limit / 3:
        return failed(
            f"{observed}: more than a third of the timeout of {format_seconds(limit)}",
            slowest,
            severity="should",
        )
    return passed(observed, slowest)


@check(
    "signed-bad-shape",
    title="Signed nonsense does not crash the handler",
    group="contract",
    severity="should",
    stage="hostile",
    expected="2xx or 4xx, never 5xx, and alive afterwards",
    reason=(
        "A 5xx says: try again. The same poisonous bytes come back for 24 h, and each time look "
        "like an outage."
    ),
    topic="shape",
)
async def signed_bad_shape(context: CheckContext) -> Verdict:
    plain = context.new_event()
    data = b'"data":{"id":"cus_1"}'
    bodies = {
        "not JSON": b"not json",
        "half an object": b"{",
        "an empty body": b"",
        "a list": b"[]",
        "a string": b'"x"',
        "null": b"null",
        "an empty object": b"{}",
        "a numeric id": b'{"id":7,"type":"customer.at_risk","created_at":null,' + data + b"}",
        "an object for an id": b'{"id":{},"type":"customer.at_risk",' + data + b"}",
        "a list for a type": b'{"id":"evt_x1","type":[],' + data + b"}",
        "no data": b'{"id":"evt_x2","type":"customer.at_risk"}',
        "null for data": b'{"id":"evt_x3","type":"customer.at_risk","data":null}',
        "a string for data": b'{"id":"evt_x4","type":"customer.at_risk","data":"x"}',
        f"{_BRACKETS} brackets": b"[" * _BRACKETS,
    }
    exchanges = []
    for label, body in bodies.items():
        event = context.new_event_with_body(plain.type, lambda id, body=body: body)  # type: ignore[misc]
        exchanges.append(await context.send(context.build_genuine(label, event)))
        if exchanges[-1].failure == "timeout":
            break
    if crashed := [
        exchange for exchange in exchanges if classify_answer(exchange) in ("crash", "hang")
    ]:
        return failed(
            f"crashed ({list_answers(crashed)}): Pivotal retries the same bytes for 24 h", *crashed
        )
    return passed(f"taken or refused: {summarize_answers(exchanges)}", *exchanges[:1])
