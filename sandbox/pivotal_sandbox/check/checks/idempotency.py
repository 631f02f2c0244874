"""Idempotency: each event has its effect once, however often and in whatever order it comes."""

from typing import Any

from msgspec.structs import replace

from pivotal_sandbox.check.assertions import (
    fate_in_words,
    judged_genuine,
    refused_control,
    topic_of,
)
from pivotal_sandbox.check.case import UNSEEN, Case, Verdict, failed, passed, skipped
from pivotal_sandbox.check.classify import fate, is_ack, listed, said, tally
from pivotal_sandbox.check.context import CheckContext
from pivotal_sandbox.check.model import Exchange
from pivotal_sandbox.check.request import CheckRequest
from pivotal_sandbox.domain.models import Event

COPIES, ROUNDS = 12, 3
RETRIES = 4
_MINUTE = 60_000


async def _twice(
    bench: CheckContext, event: Event, first: CheckRequest, again: CheckRequest
) -> Verdict:
    """Send an event, wait for its effect, send it once more: still one effect, and 2xx."""
    answers = [await bench.send(first)]
    if not is_ack(answers[0]):
        return refused_control(answers[0])
    if bench.has_probe and not await bench.has_effect(event):
        return _nothing_seen(answers[0])
    await bench.before_retry()
    answers.append(await bench.send(again))
    if bench.has_probe:
        [effects] = await bench.count(event)
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
        if bench.has_probe
        else skipped(UNSEEN, topic="no-probe")
    )


def _nothing_seen(exchange: Exchange) -> Verdict:
    return failed(f"answered {said(exchange)}, but no effect followed", exchange, topic="durable")


async def retry_identical(bench: CheckContext) -> Verdict:
    event = bench.event()
    shot = bench.genuine("the same request again", event)
    return await _twice(bench, event, shot, shot)


async def replay(bench: CheckContext) -> Verdict:
    event = bench.event()
    first = bench.genuine("a first delivery", event)
    again = bench.genuine("the same body, another delivery id", event)
    return await _twice(bench, event, first, again)


async def _apart(
    bench: CheckContext, events: tuple[Event, Event], shots: tuple[CheckRequest, CheckRequest]
) -> Verdict:
    """Send two different events that have something in common: each has its effect."""
    answers = [await bench.send(shots[0])]
    await bench.before_retry()
    answers.append(await bench.send(shots[1]))
    if not is_ack(answers[0]):
        return refused_control(answers[0])
    if not is_ack(answers[1]):
        return judged_genuine(answers)
    effects = await bench.count(*events)
    if effects == [1, 1]:
        return passed("an effect each", *answers)
    return failed(
        f"effect counts {effects[0]} and {effects[1]}, expected 1 and 1", answers[1], answers[0]
    )


async def same_delivery_id(bench: CheckContext) -> Verdict:
    events, delivery_id = (bench.event(), bench.event()), bench.delivery_id()
    first, two = (
        bench.genuine(f"the {which} of two events with one delivery id", e, delivery_id=delivery_id)
        for which, e in zip(("first", "second"), events, strict=True)
    )
    return await _apart(bench, events, (first, two))


async def same_data(bench: CheckContext) -> Verdict:
    first = bench.event()
    second = bench.raw(first.type, lambda id: first.body.replace(first.id.encode(), id.encode()))
    return await _apart(
        bench,
        (first, second),
        (
            bench.genuine("a first event", first),
            bench.genuine("another event with the same data", second),
        ),
    )


async def concurrent(bench: CheckContext) -> Verdict:
    events = [bench.event() for _ in range(ROUNDS)]
    answers: list[Exchange] = []
    for event in events:
        copies = [
            bench.genuine(f"copy {n} of {COPIES} at once", event) for n in range(1, COPIES + 1)
        ]
        volley = await bench.session.send_concurrently(bench.case.id, copies)
        if not any(is_ack(exchange) for exchange in volley):
            return failed(
                f"none of {COPIES} copies was acknowledged ({tally(volley)}): "
                f"{fate_in_words(volley[0])}",
                *volley,
                topic=topic_of(volley[0]),
            )
        answers += volley
    effects = await bench.count(*events)
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


async def forged_first(bench: CheckContext) -> Verdict:
    event = bench.event()
    forged = await bench.send(
        # Without an id of its own: it is the genuine one whose effect is looked for.
        replace(bench.forged("forged, with the id to come", event, signatures=[]), event_id="")
    )
    await bench.before_retry()
    genuine = await bench.send(bench.genuine("genuine, with the id of a forged one", event))
    if not is_ack(genuine):
        return failed(
            f"the genuine one was answered {said(genuine)}: {fate_in_words(genuine)}",
            genuine,
            forged,
        )
    [effects] = await bench.count(event)
    if effects == 1:
        return passed("the genuine one had its effect", genuine)
    return failed(
        f"effect count {effects}, expected 1, after a forged request with the same id",
        genuine,
        forged,
    )


async def aborted(bench: CheckContext) -> Verdict:
    cut, left = bench.event(), bench.event()
    shots = {
        "after a body cut short": (bench.genuine("a body cut short", cut), cut),
        "after a sender that did not wait": (bench.genuine("not waited for", left), left),
    }
    for shot, event in shots.values():
        size = len(shot.body) // 2 if event is cut else len(shot.body)
        await bench.session.send_partial(shot, size)
    await bench.before_retry()
    answers = [
        await bench.send(bench.genuine(f"again, {label}", event))
        for label, (_, event) in shots.items()
    ]
    if wrong := [answer for answer in answers if not is_ack(answer)]:
        return judged_genuine(wrong)
    effects = await bench.count(cut, left)
    for exchange, count in zip(answers, effects, strict=True):
        if count != 1:
            return failed(f"{exchange.label}: effect count {count}, expected 1", exchange)
    return passed("one effect each", *answers)


async def fail_then_retry(bench: CheckContext) -> Verdict:
    def fault(record: dict[str, Any]) -> None:
        record["fault"] = "once"

    event = bench.event(edit=fault)
    first = await bench.send(bench.genuine('data.fault is "once"', event))
    if first.status is None or first.status < 500:
        return skipped(
            f'the handler does not fail when data.fault is "once" ({said(first)})',
            topic="no-fault",
        )
    # More than once where each of several processes fails the first attempt that it sees.
    for _ in range(RETRIES):
        await bench.before_retry()
        again = await bench.send(bench.genuine("again, after the failure", event))
        if again.status is None or again.status < 500:
            break
    if not is_ack(again):
        return judged_genuine([again])
    [effects] = await bench.count(event)
    if effects == 1:
        return passed("failed, then had its one effect", first, again)
    return failed(
        f"effect count {effects}, expected 1: the failed attempt "
        f"{'left the id behind' if effects == 0 else 'had an effect already'}",
        again,
        first,
    )


async def out_of_order(bench: CheckContext) -> Verdict:
    id = bench.delivery_id().replace("msg_", "cus_")

    def of_one_customer(record: dict[str, Any]) -> None:
        record["id"] = id

    now = bench.session.now
    newer, older = (
        bench.event("customer.updated", edit=of_one_customer, created_at=created_at)
        for created_at in (now, now - _MINUTE)
    )
    answers = [
        await bench.send(bench.genuine("the newer of two changes", newer)),
        await bench.send(bench.genuine("the older, after it", older)),
    ]
    if not is_ack(answers[0]):
        return refused_control(answers[0])
    return judged_genuine(answers[1:])


CASES = (
    Case(
        "retry-identical",
        "A retry does not do it twice",
        "idempotency",
        "must",
        "one effect, and 2xx to both",
        "When your answer gets lost, Pivotal sends the same request again. It happens at every "
        "deployment.",
        "dedupe",
        "waiting",
        retry_identical,
    ),
    Case(
        "replay-new-delivery-id",
        "A replay does not do it twice",
        "idempotency",
        "must",
        "one effect, and 2xx to both",
        "Pivotal's manual replay sends the same body under a new delivery id. That id is not "
        "signed, either: CVE-2026-32053 is a replay past a deduplication by such an id.",
        "dedupe",
        "waiting",
        replay,
    ),
    Case(
        "distinct-events-same-delivery-id",
        "Two events are two events, whatever their delivery ids",
        "idempotency",
        "must",
        "an effect for each",
        "It shows what the deduplication goes by: whoever can set the unsigned delivery id can "
        "make events vanish.",
        "dedupe",
        "waiting",
        same_delivery_id,
        ("probe",),
    ),
    Case(
        "same-data-new-id",
        "Two events with the same data are two events",
        "idempotency",
        "must",
        "an effect for each",
        "A customer that is at risk, recovers and is at risk again sends the same record twice. "
        "Deduplicating by content drops the second.",
        "dedupe",
        "waiting",
        same_data,
        ("probe",),
    ),
    Case(
        "concurrent-duplicates",
        f"{COPIES} copies at once do it once",
        "idempotency",
        "must",
        "one effect, at least one 2xx, the others 2xx, 409, 425 or 5xx",
        "Look first, then act, then note it down: between the two another worker looks as well. "
        "A retry that overlaps with a slow first attempt is enough.",
        "atomic",
        "waiting",
        concurrent,
        ("probe",),
    ),
    Case(
        "forged-does-not-burn-id",
        "A forged request does not use up an event's id",
        "idempotency",
        "must",
        "2xx and one effect for the genuine event after it",
        "Where ids are noted down before the signature is checked, anyone can send an id first "
        "and so suppress the event.",
        "verify-first",
        "waiting",
        forged_first,
        ("probe",),
    ),
    Case(
        "aborted-then-retry",
        "A broken connection neither loses an event nor doubles it",
        "idempotency",
        "must",
        "one effect after the retry",
        "Networks break in the middle of a body, and senders stop waiting. A handler that is "
        "cancelled half-way must leave nothing behind that stops the retry.",
        "atomic",
        "waiting",
        aborted,
        ("probe",),
    ),
    Case(
        "fail-then-retry",
        "A failed attempt does not lose the event",
        "idempotency",
        "must",
        "5xx, then 2xx and one effect",
        "Where the id is noted down before the work succeeds, the retry is answered as a "
        "duplicate, and nobody ever does the work.",
        "release",
        "waiting",
        fail_then_retry,
        ("probe",),
    ),
    Case(
        "out-of-order",
        "An older change that comes later is acknowledged",
        "idempotency",
        "must",
        "2xx to the older of two changes",
        "Order is not promised: a retry arrives after newer events. Refusing the older one only "
        "makes it come again, or loses it.",
        "order",
        "waiting",
        out_of_order,
    ),
)
