"""Idempotency checks: each event has one effect, however often and in whatever order it arrives."""

from typing import Any

from msgspec.structs import replace

from pivotal_sandbox.check.assertions import (
    advice_topic,
    describe_consequence,
    inconclusive_without_control,
    judge_genuine,
)
from pivotal_sandbox.check.case import check
from pivotal_sandbox.check.classify import (
    consequence,
    describe_answer,
    is_ack,
    list_answers,
    summarize_answers,
)
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


async def _send_twice(
    context: CheckContext, event: Event, first: CheckRequest, retry: CheckRequest
) -> Verdict:
    """Send an event, wait for its effect, send it once more: still one effect, and 2xx."""
    answers = [await context.send(first)]
    if not is_ack(answers[0]):
        return inconclusive_without_control(answers[0])
    if context.has_probe and not await context.has_effect(event):
        return _fail_without_effect(answers[0])
    await context.wait_before_retry()
    answers.append(await context.send(retry))
    if context.has_probe:
        [effects] = await context.count_effects(event)
        if effects != 1:
            return failed(f"effect count {effects}, expected 1", answers[1], answers[0])
    if not is_ack(answers[1]):
        note = " (noise: the event itself is safe)" if consequence(answers[1]) == "LOST" else ""
        return failed(
            f"the second was answered {describe_answer(answers[1])}: "
            f"{describe_consequence(answers[1])}{note}",
            answers[1],
            severity="should",
            topic="duplicate-status",
        )
    return (
        passed("one effect, both acknowledged", *answers)
        if context.has_probe
        else skipped(UNSEEN, topic="no-probe")
    )


def _fail_without_effect(exchange: Exchange) -> Verdict:
    return failed(
        f"answered {describe_answer(exchange)}, but no effect followed", exchange, topic="durable"
    )


@check(
    "retry-identical",
    title="A retry does not do it twice",
    group="idempotency",
    severity="must",
    stage="waiting",
    expected="one effect, and 2xx to both",
    reason=(
        "When your answer gets lost, Pivotal sends the same request again. It happens at every "
        "deployment."
    ),
    topic="dedupe",
)
async def retry_identical(context: CheckContext) -> Verdict:
    event = context.new_event()
    request = context.build_genuine("the same request again", event)
    return await _send_twice(context, event, request, request)


@check(
    "replay-new-delivery-id",
    title="A replay does not do it twice",
    group="idempotency",
    severity="must",
    stage="waiting",
    expected="one effect, and 2xx to both",
    reason=(
        "Pivotal's manual replay sends the same body under a new delivery id. That id is not "
        "signed, either: CVE-2026-32053 is a replay past a deduplication by such an id."
    ),
    topic="dedupe",
)
async def replay_new_delivery_id(context: CheckContext) -> Verdict:
    event = context.new_event()
    first = context.build_genuine("a first delivery", event)
    retry = context.build_genuine("the same body, another delivery id", event)
    return await _send_twice(context, event, first, retry)


async def _expect_effect_each(
    context: CheckContext, events: tuple[Event, Event], requests: tuple[CheckRequest, CheckRequest]
) -> Verdict:
    """Send two events that share an id or data, and expect one effect of each."""
    answers = [await context.send(requests[0])]
    await context.wait_before_retry()
    answers.append(await context.send(requests[1]))
    if not is_ack(answers[0]):
        return inconclusive_without_control(answers[0])
    if not is_ack(answers[1]):
        return judge_genuine(answers)
    effects = await context.count_effects(*events)
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
    stage="waiting",
    needs=("probe",),
    expected="an effect for each",
    reason=(
        "It shows what the deduplication goes by: whoever can set the unsigned delivery id can "
        "make events vanish."
    ),
    topic="dedupe",
)
async def distinct_events_same_delivery_id(context: CheckContext) -> Verdict:
    events, delivery_id = (context.new_event(), context.new_event()), context.new_delivery_id()
    first, second = (
        context.build_genuine(
            f"the {ordinal} of two events with one delivery id", item, delivery_id=delivery_id
        )
        for ordinal, item in zip(("first", "second"), events, strict=True)
    )
    return await _expect_effect_each(context, events, (first, second))


@check(
    "same-data-new-id",
    title="Two events with the same data are two events",
    group="idempotency",
    severity="must",
    stage="waiting",
    needs=("probe",),
    expected="an effect for each",
    reason=(
        "A customer that is at risk, recovers and is at risk again sends the same record twice. "
        "Deduplicating by content drops the second."
    ),
    topic="dedupe",
)
async def same_data_new_id(context: CheckContext) -> Verdict:
    first = context.new_event()
    second = context.new_event_with_body(
        first.type, lambda id: first.body.replace(first.id.encode(), id.encode())
    )
    return await _expect_effect_each(
        context,
        (first, second),
        (
            context.build_genuine("a first event", first),
            context.build_genuine("another event with the same data", second),
        ),
    )


@check(
    "concurrent-duplicates",
    title="12 copies at once do it once",
    group="idempotency",
    severity="must",
    stage="waiting",
    needs=("probe",),
    expected="one effect, at least one 2xx, the others 2xx, 409, 425 or 5xx",
    reason=(
        "Look first, then act, then note it down: between the two another worker looks as well. "
        "A retry that overlaps with a slow first attempt is enough."
    ),
    topic="atomic",
)
async def concurrent_duplicates(context: CheckContext) -> Verdict:
    events = [context.new_event() for _ in range(ROUNDS)]
    answers: list[Exchange] = []
    for event in events:
        copies = [
            context.build_genuine(f"copy {number} of {COPIES} at once", event)
            for number in range(1, COPIES + 1)
        ]
        duplicates = await context.session.send_concurrently(context.check_id, copies)
        if not any(is_ack(exchange) for exchange in duplicates):
            return failed(
                f"none of {COPIES} copies was acknowledged ({summarize_answers(duplicates)}): "
                f"{describe_consequence(duplicates[0])}",
                *duplicates,
                topic=advice_topic(duplicates[0]),
            )
        answers += duplicates
    effects = await context.count_effects(*events)
    if set(effects) != {1}:
        counts = ", ".join(map(str, effects))
        return failed(
            f"effect counts {counts} in {ROUNDS} rounds of {COPIES} copies, expected 1 each",
            *answers[:COPIES],
        )
    unexpected = [
        answer for answer in answers if not is_ack(answer) and answer.status not in (409, 425, 429)
    ]
    if unexpected := [
        exchange for exchange in unexpected if exchange.status is None or exchange.status < 500
    ]:
        return failed(
            f"answered {list_answers(unexpected)}",
            *unexpected,
            severity="should",
            topic="duplicate-status",
        )
    return passed(
        f"one effect in each of {ROUNDS} rounds; {summarize_answers(answers)}", *answers[:1]
    )


@check(
    "forged-does-not-burn-id",
    title="A forged request does not use up an event's id",
    group="idempotency",
    severity="must",
    stage="waiting",
    needs=("probe",),
    expected="2xx and one effect for the genuine event after it",
    reason=(
        "Where ids are noted down before the signature is checked, anyone can send an id first "
        "and so suppress the event."
    ),
    topic="verify-first",
)
async def forged_does_not_burn_id(context: CheckContext) -> Verdict:
    event = context.new_event()
    forged = await context.send(
        # Clear the event id, because the effect is expected from the genuine request.
        replace(
            context.build_forged("forged, with the id to come", event, signatures=[]), event_id=""
        )
    )
    await context.wait_before_retry()
    genuine = await context.send(
        context.build_genuine("genuine, with the id of a forged one", event)
    )
    if not is_ack(genuine):
        return failed(
            f"the genuine one was answered {describe_answer(genuine)}: "
            f"{describe_consequence(genuine)}",
            genuine,
            forged,
        )
    [effects] = await context.count_effects(event)
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
    stage="waiting",
    needs=("probe",),
    expected="one effect after the retry",
    reason=(
        "Networks break in the middle of a body, and senders stop waiting. A handler that is "
        "cancelled half-way must leave nothing behind that stops the retry."
    ),
    topic="atomic",
)
async def aborted_then_retry(context: CheckContext) -> Verdict:
    truncated, abandoned = context.new_event(), context.new_event()
    requests = {
        "after a body cut short": (context.build_genuine("a body cut short", truncated), truncated),
        "after a sender that did not wait": (
            context.build_genuine("not waited for", abandoned),
            abandoned,
        ),
    }
    for request, event in requests.values():
        size = len(request.body) // 2 if event is truncated else len(request.body)
        await context.session.send_partial(request, size)
    await context.wait_before_retry()
    answers = [
        await context.send(context.build_genuine(f"again, {label}", event))
        for label, (_, event) in requests.items()
    ]
    if refused := [answer for answer in answers if not is_ack(answer)]:
        return judge_genuine(refused)
    effects = await context.count_effects(truncated, abandoned)
    for exchange, count in zip(answers, effects, strict=True):
        if count != 1:
            return failed(f"{exchange.label}: effect count {count}, expected 1", exchange)
    return passed("one effect each", *answers)


@check(
    "fail-then-retry",
    title="A failed attempt does not lose the event",
    group="idempotency",
    severity="must",
    stage="waiting",
    needs=("probe",),
    expected="5xx, then 2xx and one effect",
    reason=(
        "Where the id is noted down before the work succeeds, the retry is answered as a "
        "duplicate, and nobody ever does the work."
    ),
    topic="release",
)
async def fail_then_retry(context: CheckContext) -> Verdict:
    def set_fault(record: dict[str, Any]) -> None:
        record["fault"] = "once"

    event = context.new_event(edit=set_fault)
    first = await context.send(context.build_genuine('data.fault is "once"', event))
    if first.status is None or first.status < 500:
        return skipped(
            f'the handler does not fail when data.fault is "once" ({describe_answer(first)})',
            topic="no-fault",
        )
    # Each of several processes may fail the first attempt that it sees.
    for _ in range(RETRIES):
        await context.wait_before_retry()
        retry = await context.send(context.build_genuine("again, after the failure", event))
        if retry.status is None or retry.status < 500:
            break
    if not is_ack(retry):
        return judge_genuine([retry])
    [effects] = await context.count_effects(event)
    if effects == 1:
        return passed("failed, then had its one effect", first, retry)
    return failed(
        f"effect count {effects}, expected 1: the failed attempt "
        f"{'left the id behind' if effects == 0 else 'had an effect already'}",
        retry,
        first,
    )


@check(
    "out-of-order",
    title="An older change that comes later is acknowledged",
    group="idempotency",
    severity="must",
    stage="waiting",
    expected="2xx to the older of two changes",
    reason=(
        "Order is not promised: a retry arrives after newer events. Refusing the older one only "
        "makes it come again, or loses it."
    ),
    topic="order",
)
async def out_of_order(context: CheckContext) -> Verdict:
    id = context.new_delivery_id().replace("msg_", "cus_")

    def set_customer_id(record: dict[str, Any]) -> None:
        record["id"] = id

    now = context.session.now
    newer, older = (
        context.new_event("customer.updated", edit=set_customer_id, created_at=created_at)
        for created_at in (now, now - _MINUTE)
    )
    answers = [
        await context.send(context.build_genuine("the newer of two changes", newer)),
        await context.send(context.build_genuine("the older, after it", older)),
    ]
    if not is_ack(answers[0]):
        return inconclusive_without_control(answers[0])
    return judge_genuine(answers[1:])
