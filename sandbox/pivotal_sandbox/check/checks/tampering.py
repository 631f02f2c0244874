"""Tampering checks: the receiver acts only on the exact bytes that were signed."""

import base64
from collections.abc import Callable, Iterator

from msgspec.structs import replace

from pivotal_sandbox.check.assertions import (
    expect_refusal,
    inconclusive_without_control,
    judge_forged,
)
from pivotal_sandbox.check.case import check
from pivotal_sandbox.check.classify import (
    classify_answer,
    describe_answer,
    is_ack,
    list_answers,
    summarize_answers,
)
from pivotal_sandbox.check.context import CheckContext
from pivotal_sandbox.check.request import CheckRequest
from pivotal_sandbox.check.verdicts import (
    Verdict,
    failed,
    inconclusive,
    passed,
)
from pivotal_sandbox.domain.catalog import PING
from pivotal_sandbox.domain.models import Event
from pivotal_sandbox.signature import VERSION


@check(
    "body-tampered",
    title="A body that differs from the signed one by a byte is refused",
    group="authenticity",
    severity="must",
    stage="hostile",
    expected="refused, by any 4xx",
    reason=(
        "A receiver that parses, writes anew and hashes that, or trims first, does not check the "
        "bytes it was sent: who is in the middle can change what the rewriting hides."
    ),
    topic="raw-body",
)
async def body_tampered(context: CheckContext) -> Verdict:
    changes: dict[str, Callable[[bytes], bytes]] = {
        "one byte changed": lambda body: body.replace(b"Bluewater", b"Bluewatex"),
        "a newline appended": lambda body: body + b"\n",
        "a space appended": lambda body: body + b" ",
        "a space in front": lambda body: b" " + body,
        "spaces after commas": lambda body: body.replace(b',"', b', "'),
        "the case of a key changed": lambda body: body.replace(b'"currency"', b'"Currency"'),
        "a field appended": lambda body: body[:-1] + b',"admin":true}',
    }

    def requests() -> Iterator[CheckRequest]:
        for label, change in changes.items():
            event = context.new_event()
            yield context.build_forged(
                f"genuine signature, {label}", event, body=change(event.body)
            )

    return await expect_refusal(context, requests())


@check(
    "ping-bypass",
    title="Calling a request a ping does not get it past the check",
    group="authenticity",
    severity="must",
    stage="hostile",
    expected="refused, by any 4xx",
    reason=(
        "The pivotal-event header is not signed. A handler that answers pings early, before it "
        "verifies, lets anyone in who writes that word."
    ),
    topic="ping",
)
async def ping_bypass(context: CheckContext) -> Verdict:
    def requests() -> Iterator[CheckRequest]:
        yield context.build_forged(
            "called a ping, not signed", context.new_event(), event_type=PING, signatures=[]
        )
        event = context.new_event()
        header = f"{VERSION},t={context.now()},sig={base64.b64encode(bytes(32)).decode()}"
        yield context.build_forged(
            "called a ping, falsely signed", event, event_type=PING, signatures=[header]
        )
        yield context.build_forged("a ping, not signed", context.new_event(PING), signatures=[])

    return await expect_refusal(context, requests())


async def _count_effects(context: CheckContext, *events: Event) -> list[int]:
    """Return the effect counts; wait if the two halves differ at first."""
    await context.has_effect(events[0])
    half = len(events) // 2
    for expected in (0, 1):
        matching = await context.session.counts([event.id for event in events], expected=expected)
        effects = [matching[event.id] for event in events]
        if effects[:half] == effects[half:]:
            break
    return effects


@check(
    "event-header-spoof",
    title="What happens follows the type in the signed body",
    group="authenticity",
    severity="must",
    stage="waiting",
    needs=("probe",),
    expected="the effect of the body's type, or a refusal",
    reason=(
        "pivotal-event is not signed: with one captured request anybody can have another handler "
        "run with its data."
    ),
    topic="header-trust",
)
async def event_header_spoof(context: CheckContext) -> Verdict:
    """Send events under a wrong type header: the effect must follow the signed body."""
    customer_event, ping = context.new_event(), context.new_event(PING)
    event_as_ping, ping_as_event = context.new_event(), context.new_event(PING)
    controls = [
        await context.send(context.build_genuine("control: customer.at_risk", customer_event)),
        await context.send(context.build_genuine("control: webhook.ping", ping)),
    ]
    for control in controls:
        if not is_ack(control):
            return inconclusive_without_control(control)
    spoofed = [
        await context.send(
            context.build_genuine(
                "customer.at_risk, called webhook.ping", event_as_ping, event_type=PING
            )
        ),
        await context.send(
            context.build_genuine(
                "webhook.ping, called customer.at_risk",
                ping_as_event,
                event_type=customer_event.type,
            )
        ),
    ]
    effects = await _count_effects(context, customer_event, ping, event_as_ping, ping_as_event)
    for exchange, expected, actual in zip(spoofed, effects[:2], effects[2:], strict=True):
        if is_ack(exchange) and expected != actual:
            return failed(
                f"{exchange.label}: answered {describe_answer(exchange)} with effect count "
                f"{actual}; the same body honestly named has {expected}",
                exchange,
            )
    return passed("what happens follows the signed body", *spoofed)


@check(
    "dup-signature-header",
    title="Two signature headers do not confuse it",
    group="authenticity",
    severity="must",
    stage="hostile",
    expected="refused where neither is good; no crash where one is",
    reason=(
        "Servers join repeated headers with a comma or take one of them. Code that checks one "
        "and trusts another can be fooled; code that expects text may get a list."
    ),
    topic="parse-header",
)
async def dup_signature_header(context: CheckContext) -> Verdict:
    control = await context.send(context.build_genuine("control: genuine", context.new_event()))
    if not is_ack(control):
        return inconclusive_without_control(control)
    stale = context.new_event()
    t = context.now() - 86_400
    forged = await context.send(
        context.build_forged(
            "garbage, then one of yesterday",
            stale,
            signatures=["garbage", f"{VERSION},t={t},sig={context.sign(stale.body, t)}"],
        )
    )
    verdict = judge_forged([forged])
    if verdict.outcome != "passed":
        return verdict
    event = context.new_event()
    t = context.now()
    # Both acceptance and refusal are right here, so the effect does not count.
    request = context.build_forged(
        "a good one, then a bad one",
        event,
        signatures=[
            f"{VERSION},t={t},sig={context.sign(event.body, t)}",
            f"{VERSION},t={t},sig={base64.b64encode(bytes(32)).decode()}",
        ],
    )
    exchange = await context.send(replace(request, event_id=""))
    if classify_answer(exchange) in ("crash", "hang"):
        return failed(
            f"crashed ({list_answers([exchange])})",
            exchange,
            severity="should",
            topic="parse-header",
        )
    return passed(
        f"refused the one, answered {describe_answer(exchange)} to the other", forged, exchange
    )


@check(
    "reject-status",
    title="Forged requests are refused by a plain 4xx",
    group="authenticity",
    severity="should",
    stage="last",
    expected="400 to 499, but not 408, 410, 425 or 429; the same for all",
    reason=(
        "A 5xx to a forged request looks like an outage in every monitor, and a 410 makes "
        "senders switch the endpoint off."
    ),
    topic="reject-status",
)
async def reject_status(context: CheckContext) -> Verdict:
    forged = [t for t in context.log if not t.request.genuine and t.case_id != "valid-accepted"]
    if not forged:
        return inconclusive("no forged request was sent")
    exchanges = [t.exchange for t in forged]
    kinds = {
        "crash": "looks like an outage, and starts 24 h of retries where the secret is wrong",
        "gone": "tells senders that the endpoint is no more",
        "redirect": "sends the caller elsewhere",
    }
    for wrong, meaning in kinds.items():
        if matching := [exchange for exchange in exchanges if classify_answer(exchange) == wrong]:
            return failed(
                f"{describe_answer(matching[0])} ({list_answers(matching)}) {meaning}",
                *matching[:3],
            )
    # The web server may refuse malformed or huge requests before the handler sees them.
    plain = [
        t.exchange
        for t in forged
        if t.case_id not in ("sig-malformed", "oversize-unsigned")
        and classify_answer(t.exchange) == "reject"
    ]
    by_status = {exchange.status: exchange for exchange in plain}
    if len(by_status) > 1:
        return failed(
            f"{summarize_answers(plain)}: the difference tells a forger how far he came",
            *by_status.values(),
            severity="info",
        )
    return passed(summarize_answers(exchanges))
