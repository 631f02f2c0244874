"""Tampering: what was signed is what is acted on, to the byte, and nothing that was not signed."""

import base64
from collections.abc import Callable, Iterator

from msgspec.structs import replace

from pivotal_sandbox.check.assertions import judged_forgeries, refused_control, refuses
from pivotal_sandbox.check.case import Case, Verdict, failed, passed, vacuous
from pivotal_sandbox.check.classify import is_ack, kind, listed, said, tally
from pivotal_sandbox.check.context import CheckContext
from pivotal_sandbox.check.request import CheckRequest
from pivotal_sandbox.domain.catalog import PING
from pivotal_sandbox.domain.models import Event
from pivotal_sandbox.signature import VERSION


async def body_tampered(bench: CheckContext) -> Verdict:
    changes: dict[str, Callable[[bytes], bytes]] = {
        "one byte changed": lambda body: body.replace(b"Bluewater", b"Bluewatex"),
        "a newline appended": lambda body: body + b"\n",
        "a space appended": lambda body: body + b" ",
        "a space in front": lambda body: b" " + body,
        "spaces after commas": lambda body: body.replace(b',"', b', "'),
        "the case of a key changed": lambda body: body.replace(b'"currency"', b'"Currency"'),
        "a field appended": lambda body: body[:-1] + b',"admin":true}',
    }

    def shots() -> Iterator[CheckRequest]:
        for label, change in changes.items():
            event = bench.event()
            yield bench.forged(f"genuine signature, {label}", event, body=change(event.body))

    return await refuses(bench, shots())


async def ping_bypass(bench: CheckContext) -> Verdict:
    def shots() -> Iterator[CheckRequest]:
        yield bench.forged("called a ping, not signed", bench.event(), named=PING, signatures=[])
        event = bench.event()
        header = f"{VERSION},t={bench.now()},sig={base64.b64encode(bytes(32)).decode()}"
        yield bench.forged("called a ping, falsely signed", event, named=PING, signatures=[header])
        yield bench.forged("a ping, not signed", bench.event(PING), signatures=[])

    return await refuses(bench, shots())


async def _effects(bench: CheckContext, *events: Event) -> list[int]:
    """Return how often each took effect; where the halves differ, after some patience."""
    await bench.has_effect(events[0])
    half = len(events) // 2
    for expected in (0, 1):
        found = await bench.session.counts([event.id for event in events], expected=expected)
        effects = [found[event.id] for event in events]
        if effects[:half] == effects[half:]:
            break
    return effects


async def event_header_spoof(bench: CheckContext) -> Verdict:
    """The header is not signed: what happens must follow the body, or nothing may happen."""
    real, honest_ping = bench.event(), bench.event(PING)
    hidden, dressed = bench.event(), bench.event(PING)
    controls = [
        await bench.send(bench.genuine("control: customer.at_risk", real)),
        await bench.send(bench.genuine("control: webhook.ping", honest_ping)),
    ]
    for control in controls:
        if not is_ack(control):
            return refused_control(control)
    spoofed = [
        await bench.send(
            bench.genuine("customer.at_risk, called webhook.ping", hidden, named=PING)
        ),
        await bench.send(
            bench.genuine("webhook.ping, called customer.at_risk", dressed, named=real.type)
        ),
    ]
    effects = await _effects(bench, real, honest_ping, hidden, dressed)
    for exchange, wanted, got in zip(spoofed, effects[:2], effects[2:], strict=True):
        if is_ack(exchange) and wanted != got:
            return failed(
                f"{exchange.label}: answered {said(exchange)} with effect count {got}; the same "
                f"body honestly named has {wanted}",
                exchange,
            )
    return passed("what happens follows the signed body", *spoofed)


async def dup_signature_header(bench: CheckContext) -> Verdict:
    control = await bench.send(bench.genuine("control: genuine", bench.event()))
    if not is_ack(control):
        return refused_control(control)
    stale = bench.event()
    t = bench.now() - 86_400
    forged = await bench.send(
        bench.forged(
            "garbage, then one of yesterday",
            stale,
            signatures=["garbage", f"{VERSION},t={t},sig={bench.mac(stale.body, t)}"],
        )
    )
    verdict = judged_forgeries([forged])
    if verdict.outcome != "passed":
        return verdict
    event = bench.event()
    t = bench.now()
    # Either verdict is right, so that neither refusal nor effect means anything.
    shot = bench.forged(
        "a good one, then a bad one",
        event,
        signatures=[
            f"{VERSION},t={t},sig={bench.mac(event.body, t)}",
            f"{VERSION},t={t},sig={base64.b64encode(bytes(32)).decode()}",
        ],
    )
    both = await bench.send(replace(shot, event_id=""))
    if kind(both) in ("crash", "hang"):
        return failed(f"crashed ({listed([both])})", both, severity="should", topic="parse-header")
    return passed(f"refused the one, answered {said(both)} to the other", forged, both)


async def reject_status(bench: CheckContext) -> Verdict:
    forged = [t for t in bench.log if not t.shot.genuine and t.case_id != "valid-accepted"]
    if not forged:
        return vacuous("no forged request was sent")
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


CASES = (
    Case(
        "body-tampered",
        "A body that differs from the signed one by a byte is refused",
        "authenticity",
        "must",
        "refused, by any 4xx",
        "A receiver that parses, writes anew and hashes that, or trims first, does not check the "
        "bytes it was sent: who is in the middle can change what the rewriting hides.",
        "raw-body",
        "hostile",
        body_tampered,
    ),
    Case(
        "ping-bypass",
        "Calling a request a ping does not get it past the check",
        "authenticity",
        "must",
        "refused, by any 4xx",
        "The pivotal-event header is not signed. A handler that answers pings early, before it "
        "verifies, lets anyone in who writes that word.",
        "ping",
        "hostile",
        ping_bypass,
    ),
    Case(
        "event-header-spoof",
        "What happens follows the type in the signed body",
        "authenticity",
        "must",
        "the effect of the body's type, or a refusal",
        "pivotal-event is not signed: with one captured request anybody can have another handler "
        "run with its data.",
        "header-trust",
        "waiting",
        event_header_spoof,
        ("probe",),
    ),
    Case(
        "dup-signature-header",
        "Two signature headers do not confuse it",
        "authenticity",
        "must",
        "refused where neither is good; no crash where one is",
        "Servers join repeated headers with a comma or take one of them. Code that checks one and "
        "trusts another can be fooled; code that expects text may get a list.",
        "parse-header",
        "hostile",
        dup_signature_header,
    ),
    Case(
        "reject-status",
        "Forged requests are refused by a plain 4xx",
        "authenticity",
        "should",
        "400 to 499, but not 408, 410, 425 or 429; the same for all",
        "A 5xx to a forged request looks like an outage in every monitor, and a 410 makes senders "
        "switch the endpoint off.",
        "reject-status",
        "last",
        reject_status,
    ),
)
