"""Idempotency: each event has its effect once, however often and in whatever order it comes."""

from typing import Any

from msgspec.structs import replace

from pivotal_sandbox.check.assertions import (
    fate_in_words,
    judged_genuine,
    refused_control,
    topic_of,
)
from pivotal_sandbox.check.case import check
from pivotal_sandbox.check.classify import fate, is_ack, listed, said, tally
from pivotal_sandbox.check.context import CheckContext
from pivotal_sandbox.check.model import Exchange
from pivotal_sandbox.check.request import CheckRequest
from pivotal_sandbox.check.verdicts import (
    UNSEEN,
    Verdict,
    failed,
    passed,
    skipped,
)
from pivotal_sandbox.domain.models import Event

COPIES, ROUNDS = 12, 3
RETRIES = 4
_MINUTE = 60_000


async def _twice(
    context: CheckContext, event: Event, first: CheckRequest, again: CheckRequest
) -> Verdict:
    """Send an event, wait for its effect, send it once more: still one effect, and 2xx."""
    answers = [await context.send(first)]
    if not is_ack(answers[0]):
        return refused_control(answers[0])
    if context.has_probe and not await context.has_effect(event):
        return _nothing_seen(answers[0])
    await context.before_retry()
    answers.append(await context.send(again))
    if context.has_probe:
        [effects] = await context.count(event)
        if effects != 1:
            return failed(f"effect count {effects}, expected 1", answers[1], answers[0])
    if not is_ack(answers[1]):
        lost = " (noise: the event itself is safe)" if fate(answers[1]) == "LOST" else ""
        return failed(
            f"the second was answered {said(answers[1])}: {fate_in_words(answers[1])}{lost}",
            answers[1],
            severity="should",
            topic="duplicate-status",
        )
    return (
        passed("one effect, both acknowledged", *answers)
        if context.has_probe
        else skipped(UNSEEN, topic="no-probe")
    )


def _nothing_seen(exchange: Exchange) -> Verdict:
    return failed(f"answered {said(exchange)}, but no effect followed", exchange, topic="durable")


@check(
    "retry-identical",
    title="A retry does not do it twice",
    group="idempotency",
    severity="must",
    turn="waiting",
    expected="one effect, and 2xx to both",
    reason=(
        "When your answer gets lost, Pivotal sends the same request again. It happens at every "
        "deployment."
    ),
    topic="dedupe",
)
async def retry_identical(context: CheckContext) -> Verdict:
    event = context.event()
    request = context.genuine("the same request again", event)
    return await _twice(context, event, request, request)


@check(
    "replay-new-delivery-id",
    title="A replay does not do it twice",
    group="idempotency",
    severity="must",
    turn="waiting",
    expected="one effect, and 2xx to both",
    reason=(
        "Pivotal's manual replay sends the same body under a new delivery id. That id is not "
        "signed, either: CVE-2026-32053 is a replay past a deduplication by such an id."
    ),
    topic="dedupe",
)
async def replay(context: CheckContext) -> Verdict:
    event = context.event()
    first = context.genuine("a first delivery", event)
    again = context.genuine("the same body, another delivery id", event)
    return await _twice(context, event, first, again)


async def _apart(
    context: CheckContext, events: tuple[Event, Event], requests: tuple[CheckRequest, CheckRequest]
) -> Verdict:
    """Send two different events that have something in common: each has its effect."""
    answers = [await context.send(requests[0])]
    await context.before_retry()
    answers.append(await context.send(requests[1]))
    if not is_ack(answers[0]):
        return refused_control(answers[0])
    if not is_ack(answers[1]):
        return judged_genuine(answers)
    effects = await context.count(*events)
    if effects == [1, 1]:
        return passed("an effect each", *answers)
    return failed(
        f"effect counts {effects[0]} and {effects[1]}, expected 1 and 1", answers[1], answers[0]
    )


@check(
    "distinct-events-same-delivery-id",
    title="Two events are two events, whatever their delivery ids",
    group="idempotency",
    severity="must",
    turn="waiting",
    needs=("probe",),
    expected="an effect for each",
    reason=(
        "It shows what the deduplication goes by: whoever can set the unsigned delivery id can "
        "make events vanish."
    ),
    topic="dedupe",
)
async def same_delivery_id(context: CheckContext) -> Verdict:
    events, delivery_id = (context.event(), context.event()), context.delivery_id()
    first, two = (
        context.genuine(
            f"the {which} of two events with one delivery id", e, delivery_id=delivery_id
        )
        for which, e in zip(("first", "second"), events, strict=True)
    )
    return await _apart(context, events, (first, two))


@check(
    "same-data-new-id",
    title="Two events with the same data are two events",
    group="idempotency",
    severity="must",
    turn="waiting",
    needs=("probe",),
    expected="an effect for each",
    reason=(
        "A customer that is at risk, recovers and is at risk again sends the same record twice. "
        "Deduplicating by content drops the second."
    ),
    topic="dedupe",
)
async def same_data(context: CheckContext) -> Verdict:
    first = context.event()
    second = context.raw(first.type, lambda id: first.body.replace(first.id.encode(), id.encode()))
    return await _apart(
        context,
        (first, second),
        (
            context.genuine("a first event", first),
            context.genuine("another event with the same data", second),
        ),
    )


@check(
    "concurrent-duplicates",
    title="12 copies at once do it once",
    group="idempotency",
    severity="must",
    turn="waiting",
    needs=("probe",),
    expected="one effect, at least one 2xx, the others 2xx, 409, 425 or 5xx",
    reason=(
        "Look first, then act, then note it down: between the two another worker looks as well. "
        "A retry that overlaps with a slow first attempt is enough."
    ),
    topic="atomic",
)
async def concurrent(context: CheckContext) -> Verdict:
    events = [context.event() for _ in range(ROUNDS)]
    answers: list[Exchange] = []
    for event in events:
        copies = [
            context.genuine(f"copy {n} of {COPIES} at once", event) for n in range(1, COPIES + 1)
        ]
        duplicates = await context.session.send_concurrently(context.check_id, copies)
        if not any(is_ack(exchange) for exchange in duplicates):
            return failed(
                f"none of {COPIES} copies was acknowledged ({tally(duplicates)}): "
                f"{fate_in_words(duplicates[0])}",
                *duplicates,
                topic=topic_of(duplicates[0]),
            )
        answers += duplicates
    effects = await context.count(*events)
    if set(effects) != {1}:
        counts = ", ".join(map(str, effects))
        return failed(
            f"effect counts {counts} in {ROUNDS} rounds of {COPIES} copies, expected 1 each",
            *answers[:COPIES],
        )
    odd = [
        answer for answer in answers if not is_ack(answer) and answer.status not in (409, 425, 429)
    ]
    if odd := [exchange for exchange in odd if exchange.status is None or exchange.status < 500]:
        return failed(f"answered {listed(odd)}", *odd, severity="should", topic="duplicate-status")
    return passed(f"one effect in each of {ROUNDS} rounds; {tally(answers)}", *answers[:1])


@check(
    "forged-does-not-burn-id",
    title="A forged request does not use up an event's id",
    group="idempotency",
    severity="must",
    turn="waiting",
    needs=("probe",),
    expected="2xx and one effect for the genuine event after it",
    reason=(
        "Where ids are noted down before the signature is checked, anyone can send an id first "
        "and so suppress the event."
    ),
    topic="verify-first",
)
async def forged_first(context: CheckContext) -> Verdict:
    event = context.event()
    forged = await context.send(
        # Without an id of its own: it is the genuine one whose effect is looked for.
        replace(context.forged("forged, with the id to come", event, signatures=[]), event_id="")
    )
    await context.before_retry()
    genuine = await context.send(context.genuine("genuine, with the id of a forged one", event))
    if not is_ack(genuine):
        return failed(
            f"the genuine one was answered {said(genuine)}: {fate_in_words(genuine)}",
            genuine,
            forged,
        )
    [effects] = await context.count(event)
    if effects == 1:
        return passed("the genuine one had its effect", genuine)
    return failed(
        f"effect count {effects}, expected 1, after a forged request with the same id",
        genuine,
        forged,
    )


@check(
    "aborted-then-retry",
    title="A broken connection neither loses an event nor doubles it",
    group="idempotency",
    severity="must",
    turn="waiting",
    needs=("probe",),
    expected="one effect after the retry",
    reason=(
        "Networks break in the middle of a body, and senders stop waiting. A handler that is "
        "cancelled half-way must leave nothing behind that stops the retry."
    ),
    topic="atomic",
)
async def aborted(context: CheckContext) -> Verdict:
    cut, left = context.event(), context.event()
    requests = {
        "after a body cut short": (context.genuine("a body cut short", cut), cut),
        "after a sender that did not wait": (context.genuine("not waited for", left), left),
    }
    for request, event in requests.values():
        size = len(request.body) // 2 if event is cut else len(request.body)
        await context.session.send_partial(request, size)
    await context.before_retry()
    answers = [
        await context.send(context.genuine(f"again, {label}", event))
        for label, (_, event) in requests.items()
    ]
    if wrong := [answer for answer in answers if not is_ack(answer)]:
        return judged_genuine(wrong)
    effects = await context.count(cut, left)
    for exchange, count in zip(answers, effects, strict=True):
        if count != 1:
            return failed(f"{exchange.label}: effect count {count}, expected 1", exchange)
    return passed("one effect each", *answers)


@check(
    "fail-then-retry",
    title="A failed attempt does not lose the event",
    group="idempotency",
    severity="must",
    turn="waiting",
    needs=("probe",),
    expected="5xx, then 2xx and one effect",
    reason=(
        "Where the id is noted down before the work succeeds, the retry is answered as a "
        "duplicate, and nobody ever does the work."
    ),
    topic="release",
)
async def fail_then_retry(context: CheckContext) -> Verdict:
    def fault(record: dict[str, Any]) -> None:
        record["fault"] = "once"

    event = context.event(edit=fault)
    first = await context.send(context.genuine('data.fault is "once"', event))
    if first.status is None or first.status < 500:
        return skipped(
            f'the handler does not fail when data.fault is "once" ({said(first)})',
            topic="no-fault",
        )
    # More than once where each of several processes fails the first attempt that it sees.
    for _ in range(RETRIES):
        await context.before_retry()
        again = await context.send(context.genuine("again, after the failure", event))
        if again.status is None or again.status < 500:
            break
    if not is_ack(again):
        return judged_genuine([again])
    [effects] = await context.count(event)
    if effects == 1:
        return passed("failed, then had its one effect", first, again)
    return failed(
        f"effect count {effects}, expected 1: the failed attempt "
        f"{'left the id behind' if effects == 0 else 'had an effect already'}",
        again,
        first,
    )


@check(
    "out-of-order",
    title="An older change that comes later is acknowledged",
    group="idempotency",
    severity="must",
    turn="waiting",
    expected="2xx to the older of two changes",
    reason=(
        "Order is not promised: a retry arrives after newer events. Refusing the older one only "
        "makes it come again, or loses it."
    ),
    topic="order",
)
async def out_of_order(context: CheckContext) -> Verdict:
    id = context.delivery_id().replace("msg_", "cus_")

    def of_one_customer(record: dict[str, Any]) -> None:
        record["id"] = id

    now = context.session.now
    newer, older = (
        context.event("customer.updated", edit=of_one_customer, created_at=created_at)
        for created_at in (now, now - _MINUTE)
    )
    answers = [
        await context.send(context.genuine("the newer of two changes", newer)),
        await context.send(context.genuine("the older, after it", older)),
    ]
    if not is_ack(answers[0]):
        return refused_control(answers[0])
    return judged_genuine(answers[1:])
