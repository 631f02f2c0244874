"""Durability check: acknowledged events survive when the process is killed right after."""

from pivotal_sandbox.check.assertions import inconclusive_without_control
from pivotal_sandbox.check.case import check
from pivotal_sandbox.check.classify import is_ack
from pivotal_sandbox.check.context import CheckContext
from pivotal_sandbox.check.verdicts import (
    Verdict,
    failed,
    passed,
    skipped,
)
from pivotal_sandbox.domain.models import Event
from pivotal_sandbox.errors import InputError, UnreachableError

EVENTS = 9


@check(
    "durable-ack",
    title="What was acknowledged survives a crash",
    group="idempotency",
    severity="info",
    stage="restart",
    needs=("probe", "start"),
    expected="after a kill -9 and a new start, the effects of what was answered 2xx, and each once",
    reason=(
        "A 2xx ends it for Pivotal. Work that is only in memory by then, in a background task or "
        "a queue, is gone with the process: at a crash, at a deployment, when memory runs out."
    ),
    topic="durable",
)
async def durable_ack(context: CheckContext) -> Verdict:
    session = context.session
    assert session.restart is not None  # the case needs it
    assert session.probe is not None
    earlier_event = context.new_event()
    effects_before = await _send_and_count(context, earlier_event)
    events = [context.new_event() for _ in range(EVENTS)]
    requests = [context.build_genuine("acknowledged, then killed", event) for event in events]
    exchanges = await session.send_concurrently(context.check_id, requests)
    acknowledged = [
        (e, exchange) for e, exchange in zip(events, exchanges, strict=True) if is_ack(exchange)
    ]
    if not acknowledged:
        return inconclusive_without_control(exchanges[0])
    try:
        await session.restart()
    except InputError as error:
        return skipped(str(error))
    except UnreachableError as error:
        return failed(f"killed, it did not start again: {error}", exchanges[0], topic="restart")
    if effects_before and not (await session.probe.counts([earlier_event.id]))[earlier_event.id]:
        return failed(
            "after a kill -9 and a new start the probe shows nothing of what was done before, long "
            "finished work included",
            exchanges[0],
            topic="forgets",
        )
    counts = await context.count_effects(*(event for event, _ in acknowledged))
    lost = [
        exchange for (_, exchange), count in zip(acknowledged, counts, strict=True) if count == 0
    ]
    repeated = [
        exchange for (_, exchange), count in zip(acknowledged, counts, strict=True) if count > 1
    ]
    survived = len(acknowledged) - len(lost)
    observed = (
        f"{survived} of {len(acknowledged)} acknowledged events had their effect after a kill -9"
    )
    settle_s = context.settings.options.waits.settle_ms / 1000
    # Work in flight at the kill may resume only when its lease runs out, or may run twice
    # if its effect came just before. So a minority of lost or repeated events is fine.
    if len(lost) > len(acknowledged) / 2:
        return failed(f"{observed} and {settle_s:g} s after the new start", *lost[:3])
    if len(repeated) > len(acknowledged) / 2:
        return failed(f"{observed}, {len(repeated)} more than once", *repeated[:3], topic="dedupe")
    if effects_before == 1 and await _send_and_count(context, earlier_event, times=1) > 1:
        return failed(
            "a duplicate of an event from before the kill -9 was done again after the new start",
            session.log[-1].exchange,
            topic="forgets",
        )
    in_flight_note = f"; {len(lost)} under way at that moment not yet" if lost else ""
    repeated_note = f"; {len(repeated)} under way at that moment once more" if repeated else ""
    return passed(observed + in_flight_note + repeated_note, exchanges[0])


async def _send_and_count(context: CheckContext, event: Event, *, times: int = 2) -> int:
    """Send an event `times` times under new delivery ids, and return its effect count."""
    for _ in range(times):
        await context.send(
            context.build_genuine("done before the kill, or a duplicate of it", event)
        )
        [count] = await context.count_effects(event)
    return count
