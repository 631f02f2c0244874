"""Durability: what was acknowledged is not lost when the process is killed in the next moment."""

from pivotal_sandbox.check.answer import is_ack
from pivotal_sandbox.check.bench import Bench
from pivotal_sandbox.check.case import Case, Verdict, failed, passed
from pivotal_sandbox.check.judge import refused_control
from pivotal_sandbox.errors import UnreachableError

EVENTS = 12


async def durable_ack(bench: Bench) -> Verdict:
    session = bench.session
    assert session.restart is not None  # the case needs it
    events = [bench.event() for _ in range(EVENTS)]
    shots = [bench.genuine("acknowledged, then killed", event) for event in events]
    exchanges = await session.volley(bench.case.id, shots)
    kept = [(e, one) for e, one in zip(events, exchanges, strict=True) if is_ack(one)]
    if not kept:
        return refused_control(exchanges[0])
    try:
        await session.restart()
    except UnreachableError as error:
        return failed(f"killed, it did not start again: {error}", exchanges[0])
    counts = await bench.count(*(event for event, _ in kept))
    lost = [one for (_, one), count in zip(kept, counts, strict=True) if count == 0]
    done = len(kept) - len(lost)
    observed = f"{done} of {len(kept)} acknowledged events had their effect after a kill -9"
    # What was under way may be taken up again when its lease runs out, and nobody waits for that.
    if len(lost) > len(kept) / 2:
        return failed(f"{observed} and a new start", *lost[:3])
    under_way = f"; {len(lost)} under way at that moment not yet" if lost else ""
    return passed(observed + under_way, exchanges[0])


CASES = (
    Case(
        "durable-ack",
        "What was acknowledged survives a crash",
        "idempotency",
        "info",
        "after a kill -9 and a new start, the effects of what was answered 2xx",
        "A 2xx ends it for Pivotal. Work that is only in memory by then, in a background task or a "
        "queue, is gone with the process: at a crash, at a deployment, when memory runs out.",
        "durable",
        "restart",
        durable_ack,
        ("probe", "start"),
    ),
)
