"""Tampering: what was signed is what is acted on, to the byte, and nothing that was not signed."""

import base64
from collections.abc import Callable, Iterator

from msgspec.structs import replace

from pivotal_sandbox.check.assertions import judged_forgeries, refused_control, refuses
from pivotal_sandbox.check.case import check
from pivotal_sandbox.check.classify import is_ack, kind, listed, said, tally
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
    turn="hostile",
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
            event = context.event()
            yield context.forged(f"genuine signature, {label}", event, body=change(event.body))

    return await refuses(context, requests())


@check(
    "ping-bypass",
    title="Calling a request a ping does not get it past the check",
    group="authenticity",
    severity="must",
    turn="hostile",
    expected="refused, by any 4xx",
    reason=(
        "The pivotal-event header is not signed. A handler that answers pings early, before it "
        "verifies, lets anyone in who writes that word."
    ),
    topic="ping",
)
async def ping_bypass(context: CheckContext) -> Verdict:
    def requests() -> Iterator[CheckRequest]:
        yield context.forged(
            "called a ping, not signed", context.event(), named=PING, signatures=[]
        )
        event = context.event()
        header = f"{VERSION},t={context.now()},sig={base64.b64encode(bytes(32)).decode()}"
        yield context.forged(
            "called a ping, falsely signed", event, named=PING, signatures=[header]
        )
        yield context.forged("a ping, not signed", context.event(PING), signatures=[])

    return await refuses(context, requests())


async def _effects(context: CheckContext, *events: Event) -> list[int]:
    """Return how often each took effect; where the halves differ, after some patience."""
    await context.has_effect(events[0])
    half = len(events) // 2
    for expected in (0, 1):
        found = await context.session.counts([event.id for event in events], expected=expected)
        effects = [found[event.id] for event in events]
        if effects[:half] == effects[half:]:
            break
    return effects


@check(
    "event-header-spoof",
    title="What happens follows the type in the signed body",
    group="authenticity",
    severity="must",
    turn="waiting",
    needs=("probe",),
    expected="the effect of the body's type, or a refusal",
    reason=(
        "pivotal-event is not signed: with one captured request anybody can have another handler "
        "run with its data."
    ),
    topic="header-trust",
)
async def event_header_spoof(context: CheckContext) -> Verdict:
    """The header is not signed: what happens must follow the body, or nothing may happen."""
    real, honest_ping = context.event(), context.event(PING)
    hidden, dressed = context.event(), context.event(PING)
    controls = [
        await context.send(context.genuine("control: customer.at_risk", real)),
        await context.send(context.genuine("control: webhook.ping", honest_ping)),
    ]
    for control in controls:
        if not is_ack(control):
            return refused_control(control)
    spoofed = [
        await context.send(
            context.genuine("customer.at_risk, called webhook.ping", hidden, named=PING)
        ),
        await context.send(
            context.genuine("webhook.ping, called customer.at_risk", dressed, named=real.type)
        ),
    ]
    effects = await _effects(context, real, honest_ping, hidden, dressed)
    for exchange, wanted, got in zip(spoofed, effects[:2], effects[2:], strict=True):
        if is_ack(exchange) and wanted != got:
            return failed(
                f"{exchange.label}: answered {said(exchange)} with effect count {got}; the same "
                f"body honestly named has {wanted}",
                exchange,
            )
    return passed("what happens follows the signed body", *spoofed)


@check(
    "dup-signature-header",
    title="Two signature headers do not confuse it",
    group="authenticity",
    severity="must",
    turn="hostile",
    expected="refused where neither is good; no crash where one is",
    reason=(
        "Servers join repeated headers with a comma or take one of them. Code that checks one "
        "and trusts another can be fooled; code that expects text may get a list."
    ),
    topic="parse-header",
)
async def dup_signature_header(context: CheckContext) -> Verdict:
    control = await context.send(context.genuine("control: genuine", context.event()))
    if not is_ack(control):
        return refused_control(control)
    stale = context.event()
    t = context.now() - 86_400
    forged = await context.send(
        context.forged(
            "garbage, then one of yesterday",
            stale,
            signatures=["garbage", f"{VERSION},t={t},sig={context.mac(stale.body, t)}"],
        )
    )
    verdict = judged_forgeries([forged])
    if verdict.outcome != "passed":
        return verdict
    event = context.event()
    t = context.now()
    # Either verdict is right, so that neither refusal nor effect means anything.
    request = context.forged(
        "a good one, then a bad one",
        event,
        signatures=[
            f"{VERSION},t={t},sig={context.mac(event.body, t)}",
            f"{VERSION},t={t},sig={base64.b64encode(bytes(32)).decode()}",
        ],
    )
    both = await context.send(replace(request, event_id=""))
    if kind(both) in ("crash", "hang"):
        return failed(f"crashed ({listed([both])})", both, severity="should", topic="parse-header")
    return passed(f"refused the one, answered {said(both)} to the other", forged, both)


@check(
    "reject-status",
    title="Forged requests are refused by a plain 4xx",
    group="authenticity",
    severity="should",
    turn="last",
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
    for wrong, why in kinds.items():
        if found := [exchange for exchange in exchanges if kind(exchange) == wrong]:
            return failed(f"{said(found[0])} ({listed(found)}) {why}", *found[:3])
    # What is malformed or huge may be refused by the server before the handler sees it.
    plain = [
        t.exchange
        for t in forged
        if t.case_id not in ("sig-malformed", "oversize-unsigned") and kind(t.exchange) == "reject"
    ]
    each = {exchange.status: exchange for exchange in plain}
    if len(each) > 1:
        return failed(
            f"{tally(plain)}: the difference tells a forger how far he came",
            *each.values(),
            severity="info",
        )
    return passed(tally(exchanges))
