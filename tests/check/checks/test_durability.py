"""Receivers that lose, or keep, what they acknowledged when they are killed."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from tests.check.receiver import Receiver
from tests.check.receivers import report_of
from tests.check.server import Request

from pivotal_sandbox.check.model import Result
from pivotal_sandbox.check.options import Waits
from pivotal_sandbox.errors import InputError, UnreachableError

# The receivers here are done within milliseconds, or never.
WAITS = Waits(settle_ms=300, quiet_ms=20, retry_after_ms=20, gone_pause_ms=1)


class Mortal(Receiver):
    """Its effects are on disk, as it were; what it is about to do is not."""

    def __init__(self) -> None:
        super().__init__()
        self.pending: list[asyncio.TimerHandle] = []

    async def killed(self) -> None:
        while self.pending:
            self.pending.pop().cancel()


class AcksFirst(Mortal):
    """background_tasks.add_task(work, event); return 200"""

    async def work(self, request: Request, event: dict[str, Any]) -> None:
        def effect() -> None:
            self.effects[event["id"]] += 1

        if event["type"] != "webhook.ping":
            self.pending.append(asyncio.get_running_loop().call_later(0.1, effect))


async def result_of(receiver: Mortal, restart: Callable[[], Awaitable[None]]) -> Result:
    report = await report_of(
        receiver, probe=receiver.probe, only=["durable-ack"], restart=restart, waits=WAITS
    )
    return next(result for result in report.results if result.id == "durable-ack")


async def test_work_kept_only_in_memory_is_reported_as_lost() -> None:
    receiver = AcksFirst()
    result = await result_of(receiver, receiver.killed)
    assert (result.outcome, result.severity) == ("failed", "info")
    assert result.observed.startswith("0 of 9 acknowledged events had their effect after")
    assert "written down where a crash cannot take it" in (result.advice or "")


async def test_work_done_before_the_answer_survives() -> None:
    receiver = Mortal()
    result = await result_of(receiver, receiver.killed)
    assert result.outcome == "passed"
    assert result.observed == "9 of 9 acknowledged events had their effect after a kill -9"


async def test_work_waiting_for_its_lease_is_not_reported_as_lost() -> None:
    class Leased(Mortal):
        async def killed(self) -> None:
            self.effects.pop(next(reversed(self.effects)))

    receiver = Leased()
    result = await result_of(receiver, receiver.killed)
    assert result.outcome == "passed"
    assert result.observed.startswith("8 of 9 acknowledged events had their effect")
    assert result.observed.endswith("; 1 under way at that moment not yet")


async def test_receiver_that_forgets_earlier_effects_gets_its_own_finding() -> None:
    class InMemory(Mortal):
        async def killed(self) -> None:
            self.effects.clear()

    receiver = InMemory()
    result = await result_of(receiver, receiver.killed)
    assert result.outcome == "failed"
    assert "the probe shows nothing of what was done before" in result.observed
    assert "--start that begins with an empty one" in result.advice


async def test_deduplication_kept_only_in_memory_is_a_finding() -> None:
    class SeenInMemory(Mortal):
        async def killed(self) -> None:
            self.claimed.clear()

    receiver = SeenInMemory()
    result = await result_of(receiver, receiver.killed)
    assert result.outcome == "failed"
    assert result.observed.startswith("a duplicate of an event from before the kill -9 was done")
    assert "after each restart duplicates are new again" in result.advice

    class NeverDeduplicates(SeenInMemory):  # which is another check's to say
        def key(self, request: Request, event: dict[str, Any]) -> str:
            return str(len(self.claimed))

    receiver = NeverDeduplicates()
    assert (await result_of(receiver, receiver.killed)).outcome == "passed"


async def test_repeating_all_work_is_a_finding_and_one_event_is_not() -> None:
    class Rerun(Mortal):
        again = 9

        async def killed(self) -> None:
            for id in list(self.effects)[-self.again :]:
                self.effects[id] += 1

    all_of_it = Rerun()
    result = await result_of(all_of_it, all_of_it.killed)
    assert result.outcome == "failed"
    assert result.observed.endswith("9 more than once")
    rerun = Rerun()
    rerun.again = 1
    result = await result_of(rerun, rerun.killed)
    assert result.outcome == "passed"
    assert result.observed.endswith("; 1 under way at that moment once more")


async def test_receiver_that_cannot_be_killed_is_skipped() -> None:
    async def restart() -> None:
        raise InputError("it runs in a container")

    result = await result_of(Mortal(), restart)
    assert (result.outcome, result.observed) == ("skipped", "it runs in a container")


async def test_receiver_that_does_not_restart_is_a_finding() -> None:
    async def restart() -> None:
        raise UnreachableError("`serve` ended with exit code 1: the lock file is there already")

    result = await result_of(Mortal(), restart)
    assert result.outcome == "failed"
    assert result.observed.startswith("killed, it did not start again: `serve` ended")
    assert "left over must not stop it" in result.advice


async def test_receiver_that_acknowledges_nothing_is_inconclusive() -> None:
    class Stubborn(Mortal):
        async def verify(self, request: Request) -> None:
            await super().verify(request)
            if self.effects:  # takes the first event of all, and no more
                raise ConnectionResetError

    receiver = Stubborn()
    assert (await result_of(receiver, receiver.killed)).outcome == "vacuous"


async def test_durable_ack_needs_a_restart_and_runs_only_on_request() -> None:
    report = await report_of(Receiver(), probe=lambda id: 1, only=["durable-ack"])
    assert report.results[-1].observed == (
        "it needs a receiver that check starts itself, by --start"
    )
    report = await report_of(
        Receiver(), probe=lambda id: 1, skip=["authenticity", "raw-body"], waits=WAITS
    )
    assert "durable-ack" not in {result.id for result in report.results}
