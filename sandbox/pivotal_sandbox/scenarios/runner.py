"""Tells a scenario in an open sandbox: what is done, what comes of it, what holds."""

from collections.abc import Awaitable, Callable

from msgspec.structs import replace

from pivotal_sandbox.clock import sleep
from pivotal_sandbox.common.json_values import written
from pivotal_sandbox.common.urls import parse_url
from pivotal_sandbox.domain.bins import Step as Answer
from pivotal_sandbox.domain.bins import parse_behavior
from pivotal_sandbox.domain.models import Delivery, Outcome
from pivotal_sandbox.domain.retry_policy import TIMEOUT
from pivotal_sandbox.errors import InputError
from pivotal_sandbox.faults.registry import find_fault
from pivotal_sandbox.sandbox.sandbox import Sandbox
from pivotal_sandbox.scenarios import expectations as expects
from pivotal_sandbox.scenarios.descriptions import added, answering, wording
from pivotal_sandbox.scenarios.executor import Receiver, StepExecutor
from pivotal_sandbox.scenarios.expectations import Expectation, ExpectationResult
from pivotal_sandbox.scenarios.parser import Scenario, ScenarioStep
from pivotal_sandbox.scenarios.recorder import ActivityRecorder
from pivotal_sandbox.scenarios.steps import SetBin, Step
from pivotal_sandbox.scenarios.transcript import (
    AttemptMade,
    Done,
    Entry,
    ExpectationChecked,
    Fired,
    Narration,
    Sent,
    Skipped,
    Summary,
)

Tell = Callable[[Entry], Awaitable[None]]

LOOK_AGAIN_MS = 20


class ScenarioRunner:
    """Tells one scenario once; what is to be told goes to `tell`, in order.

    With a `receiver` of the user's the bins are not there: what rests on them is skipped. An
    expectation that does not hold is looked at again for `patience_ms`: over sockets, what a sender
    has left behind may still be on its way.
    """

    def __init__(
        self,
        scenario: Scenario,
        sandbox: Sandbox,
        tell: Tell,
        *,
        receiver: Receiver | None = None,
        patience_ms: int = 0,
    ) -> None:
        self._scenario = scenario
        self._sandbox = sandbox
        self._tell = tell
        self._receiver = receiver
        self._patience_ms = patience_ms
        self._sight = ActivityRecorder()
        self._actor = StepExecutor(sandbox, self._sight, scenario.seed, receiver)
        self._misbehaves = False
        self._events_told = self._attempts_told = 0
        self._held = self._failed = self._skipped = 0

    async def run(self) -> Summary:
        """Tell it, and return how it ended. Raises `InputError` naming file, line and key."""
        unsubscribe = self._sandbox.feed.subscribe(self._sight)
        began = self._now()
        try:
            for name in self._scenario.endpoints:
                await self._add(name)
            for step in self._scenario.steps:
                await self._step(step)
        finally:
            unsubscribe()
        summary = Summary(
            self._now(),
            self._held,
            self._failed,
            self._skipped,
            len(self._sight.triggered),
            len(self._sight.deliveries),
            self._attempts_told,
            self._now() - began,
        )
        await self._tell(summary)
        return summary

    def _now(self) -> int:
        return self._sandbox.clock.now()

    async def _add(self, name: str) -> None:
        target = self._scenario.endpoints[name]
        url = self._actor.url(target) or ""
        await self._tell(Done(self._now(), "endpoint", added(name, target, url)))
        if target.behaviour is not None and target.bin:
            await self._answers(target.bin, target.answers())
        await self._actor.add(name, target)
        await self._sandbox.dispatcher.settle()
        await self._tell_what_came()

    async def _answers(self, bin: str, behaviour: tuple[Answer, ...], more: str = "") -> None:
        self._misbehaves |= any(map(_misbehaves, behaviour))
        words = answering(bin, behaviour) + more
        if self._receiver:
            why = "your receiver answers for itself"
            await self._tell(Skipped(self._now(), words, why))
        else:
            await self._tell(Done(self._now(), "bin", words))

    async def _step(self, step: ScenarioStep) -> None:
        if step.say:
            await self._tell(Narration(self._now(), step.say))
        deed = step.deed
        if deed is None:
            return
        if isinstance(deed, Expectation):
            await self._judge(step, deed)
            return
        if isinstance(deed, SetBin):
            own = ", and verifies with a secret of its own" if deed.secret else ""
            await self._answers(deed.name, parse_behavior(deed.behaviour), own)
            if self._receiver:
                return
        else:
            await self._tell(Done(self._now(), step.kind, wording(deed)))
        try:
            did = await self._actor.do(deed)
        except InputError as error:
            error.pointer = _pointer(deed, error.pointer)
            raise self._scenario.placed(step, error) from None
        for request, outcome in did.exchanges:
            to = getattr(deed, "to", "")
            await self._tell(Sent(self._now(), to, request, self._named(outcome, to)))
        await self._tell_what_came()

    async def _tell_what_came(self) -> None:
        for fired in self._sight.triggered[self._events_told :]:
            self._events_told += 1
            await self._tell(Fired(fired.event.created_at, fired.event, len(fired.deliveries)))
        for attempted in self._sight.attempts():
            self._attempts_told += 1
            endpoint = self._actor.name_of(attempted.delivery.endpoint_id)
            attempt = attempted.attempt
            outcome = self._named(attempt.outcome, endpoint)
            if outcome is not attempt.outcome:
                attempt = replace(attempt, outcome=outcome)
                attempted = replace(attempted, attempt=attempt)
            await self._tell(AttemptMade(attempt.started_at, endpoint, attempted))

    def _named(self, outcome: Outcome, endpoint: str) -> Outcome:
        """Say of what went wrong at a bin the endpoint's name: its port may be any."""
        if self._receiver or outcome.detail is None:
            return outcome
        authority = parse_url(self._sandbox.base_url).authority
        return replace(outcome, detail=outcome.detail.replace(authority, endpoint))

    # -- expectations

    async def _judge(self, step: ScenarioStep, expected: Expectation) -> None:
        left_out = ""
        if self._receiver:
            reduced, left_out = self._without_bins(expected)
            if reduced is None:
                self._skipped += 1
                words = _words(step.kind, expected)
                await self._tell(Skipped(self._now(), words, left_out))
                return
            expected = reduced
        judgement = await self._look(expected)
        waited = 0
        while not judgement.ok and waited < self._patience_ms:
            await sleep(LOOK_AGAIN_MS)
            waited += LOOK_AGAIN_MS
            judgement = await self._look(expected)
        await self._tell_what_came()
        if judgement.ok:
            self._held += 1
        else:
            self._failed += 1
        await self._tell(ExpectationChecked(self._now(), judgement, self._scenario.line(step)))

    async def _look(self, expected: Expectation) -> ExpectationResult:
        actor, sight = self._actor, self._sight
        if isinstance(expected, expects.ExpectDeliveries):
            return expected.judge(self._chosen(expected), sight.errors)
        if isinstance(expected, expects.ExpectCaptures):
            named = actor.named(expected.of)
            of = None if named is None else {*named.deliveries}
            caught = sight.caught(of, expected.type, expected.bin)
            if named is not None and named.captures:
                every = sight.caught(None, expected.type, expected.bin)
                caught = [capture for capture in every if capture.id in named.captures]
            return expected.judge(caught, sight.events(caught))
        if isinstance(expected, expects.ExpectEvents):
            fired = actor.named(expected.of)
            return expected.judge(fired.types if fired else ())
        if isinstance(expected, expects.ExpectRecord):
            record = await actor.record(expected.record)
            return expected.judge(record, await actor.records(expected.has))
        assert isinstance(expected, expects.ExpectAnswer)
        sent = actor.named(expected.of)
        return expected.judge([outcome for _, outcome in sent.exchanges] if sent else ())

    def _chosen(self, expected: expects.ExpectDeliveries) -> list[Delivery]:
        named = self._actor.named(expected.of)
        endpoint = expected.endpoint
        return self._sight.chosen(
            None if named is None else named.deliveries,
            expected.type,
            self._actor.endpoints[endpoint] if endpoint else None,
        )

    def _without_bins(self, expected: Expectation) -> tuple[Expectation | None, str]:
        """Return what is left to expect of the user's own receiver; if nothing is, the reason."""
        if isinstance(expected, expects.ExpectCaptures):
            return None, "your receiver keeps what it is sent to itself"
        spoilt = False
        if isinstance(expected, expects.ExpectDeliveries):
            expected = replace(expected, code=None)
            faults = [find_fault(delivery.fault) for delivery in self._chosen(expected)]
            spoilt = any(fault is not None and not fault.valid for fault in faults)
        if not (self._misbehaves or spoilt):
            return expected, ""
        if isinstance(expected, expects.ExpectAnswer):
            return None, _RESTS
        if isinstance(expected, expects.ExpectDeliveries):
            if spoilt or expected.status != "delivered" or expected.count == 0:
                return None, _RESTS
            return replace(expected, attempts=None, error=None, count=None), ""
        return expected, ""


_RESTS = "it rests on how the bin answers"


def _misbehaves(step: Answer) -> bool:
    return step.hang or step.reset or step.delay >= TIMEOUT or not 200 <= step.status < 300


def _pointer(deed: Step, pointer: str) -> str:
    """Return where in the step it is: what is no key of its own is a field within `set`."""
    first = pointer.split("/")[1] if pointer else ""
    return pointer if not first or first in deed.__struct_encode_fields__ else f"/set{pointer}"


def _words(kind: str, expected: Expectation) -> str:
    said = (
        f"{key} {value if isinstance(value, str) else written(value)}"
        for key, value in zip(
            expected.__struct_encode_fields__,
            (getattr(expected, name) for name in expected.__struct_fields__),
            strict=True,
        )
        if value is not None
    )
    return f"{kind}: {', '.join(said)}"
