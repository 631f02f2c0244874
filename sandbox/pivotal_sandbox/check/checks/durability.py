"""Durability: what was acknowledged is not lost when the process is killed in the next moment."""

from pivotal_sandbox.check.assertions import refused_control
from pivotal_sandbox.check.case import Case, Verdict, failed, passed, skipped
from pivotal_sandbox.check.classify import is_ack
from pivotal_sandbox.check.context import CheckContext
from pivotal_sandbox.check.session import SETTLE_MS
from pivotal_sandbox.domain.models import Event
from pivotal_sandbox.errors import InputError, UnreachableError

EVENTS = 9


async def durable_ack(bench: CheckContext) -> Verdict:
    session = bench.session
    assert session.restart is not None  # the case needs it
    assert session.probe is not None
    settled = bench.event()
    before = await _done(bench, settled)
    events = [bench.event() for _ in range(EVENTS)]
    shots = [bench.genuine("acknowledged, then killed", event) for event in events]
    exchanges = await session.send_concurrently(bench.case.id, shots)
    kept = [
        (e, exchange) for e, exchange in zip(events, exchanges, strict=True) if is_ack(exchange)
    ]
    if not kept:
        return refused_control(exchanges[0])
    try:
        await session.restart()
    except InputError as error:
        return skipped(str(error))
    except UnreachableError as error:
        return failed(f"killed, it did not start again: {error}", exchanges[0], topic="restart")
    if before and not (await session.probe.counts([settled.id]))[settled.id]:
        return failed(
            "after a kill -9 and a new start the probe shows nothing of what was done before, long "
            "finished work included",
            exchanges[0],
            topic="forgets",
        )
    counts = await bench.count(*(event for event, _ in kept))
    lost = [one for (_, one), count in zip(kept, counts, strict=True) if count == 0]
    doubled = [one for (_, one), count in zip(kept, counts, strict=True) if count > 1]
    done = len(kept) - len(lost)
    observed = f"{done} of {len(kept)} acknowledged events had their effect after a kill -9"
    # What was under way may be taken up again when its lease runs out, and nobody waits for that;
    # or had its effect just before, and has it once more.
    if len(lost) > len(kept) / 2:
        return failed(f"{observed} and {SETTLE_MS / 1000:g} s after the new start", *lost[:3])
    if len(doubled) > len(kept) / 2:
        return failed(f"{observed}, {len(doubled)} more than once", *doubled[:3], topic="dedupe")
    if before == 1 and await _done(bench, settled, times=1) > 1:
        return failed(
            "a duplicate of an event from before the kill -9 was done again after the new start",
            session.log[-1].exchange,
            topic="forgets",
        )
    under_way = f"; {len(lost)} under way at that moment not yet" if lost else ""
    again = f"; {len(doubled)} under way at that moment once more" if doubled else ""
    return passed(observed + under_way + again, exchanges[0])


async def _done(bench: CheckContext, event: Event, *, times: int = 2) -> int:
    """Send an event, each time under another delivery id, and return how often it was done."""
    for _ in range(times):
        await bench.send(bench.genuine("done before the kill, or a duplicate of it", event))
        [count] = await bench.count(event)
    return count


CASES = (
    Case(
        "durable-ack",
        "What was acknowledged survives a crash",
        "idempotency",
        "info",
        "after a kill -9 and a new start, the effects of what was answered 2xx, and each once",
        "A 2xx ends it for Pivotal. Work that is only in memory by then, in a background task or a "
        "queue, is gone with the process: at a crash, at a deployment, when memory runs out.",
        "durable",
        "restart",
        durable_ack,
        ("probe", "start"),
    ),
)
