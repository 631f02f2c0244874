"""Tells a scenario in an open sandbox: what is done, what comes of it, what holds."""

from collections.abc import Awaitable, Callable

from msgspec.structs import replace

from pivotal_sandbox.clock import sleep
from pivotal_sandbox.common.http_status import is_success
from pivotal_sandbox.common.json_values import dump_json
from pivotal_sandbox.common.urls import parse_url
from pivotal_sandbox.domain.bins import Step as Answer
from pivotal_sandbox.domain.bins import parse_behavior
from pivotal_sandbox.domain.models import Delivery, Outcome
from pivotal_sandbox.domain.retry_policy import TIMEOUT
from pivotal_sandbox.errors import InputError
from pivotal_sandbox.faults.registry import find_fault
from pivotal_sandbox.sandbox.sandbox import Sandbox
from pivotal_sandbox.scenarios import expectations as expects
from pivotal_sandbox.scenarios.descriptions import describe_bin, describe_endpoint, describe_step
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

EntryCallback = Callable[[Entry], Awaitable[None]]

POLL_INTERVAL_MS = 20


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
        emit: EntryCallback,
        *,
        receiver: Receiver | None = None,
        patience_ms: int = 0,
    ) -> None:
        self._scenario = scenario
        self._sandbox = sandbox
        self._emit = emit
        self._receiver = receiver
        self._patience_ms = patience_ms
        self._recorder = ActivityRecorder()
        self._executor = StepExecutor(sandbox, self._recorder, scenario.seed, receiver)
        self._has_failing_bin = False
        self._emitted_events = self._emitted_attempts = 0
        self._passed_count = self._failed_count = self._skipped_count = 0

    async def run(self) -> Summary:
        """Tell it, and return how it ended. Raises `InputError` naming file, line and key."""
        unsubscribe = self._sandbox.feed.subscribe(self._recorder)
        started_at = self._now()
        try:
            for name in self._scenario.endpoints:
                await self._add(name)
            for step in self._scenario.steps:
                await self._step(step)
        finally:
            unsubscribe()
        summary = Summary(
            self._now(),
            self._passed_count,
            self._failed_count,
            self._skipped_count,
            len(self._recorder.triggered),
            len(self._recorder.deliveries),
            self._emitted_attempts,
            self._now() - started_at,
        )
        await self._emit(summary)
        return summary

    def _now(self) -> int:
        return self._sandbox.clock.now()

    async def _add(self, name: str) -> None:
        target = self._scenario.endpoints[name]
        url = self._executor.url(target) or ""
        await self._emit(Done(self._now(), "endpoint", describe_endpoint(name, target, url)))
        if target.behaviour is not None and target.bin:
            await self._set_bin(target.bin, target.answers())
        await self._executor.add(name, target)
        await self._sandbox.dispatcher.settle()
        await self._emit_new_activity()

    async def _set_bin(self, bin: str, behaviour: tuple[Answer, ...], more: str = "") -> None:
        self._has_failing_bin |= any(map(_has_failing_bin, behaviour))
        words = describe_bin(bin, behaviour) + more
        if self._receiver:
            reason = "your receiver answers for itself"
            await self._emit(Skipped(self._now(), words, reason))
        else:
            await self._emit(Done(self._now(), "bin", words))

    async def _step(self, step: ScenarioStep) -> None:
        if step.say:
            await self._emit(Narration(self._now(), step.say))
        action = step.action
        if action is None:
            return
        if isinstance(action, Expectation):
            await self._check_expectation(step, action)
            return
        if isinstance(action, SetBin):
            secret_note = ", and verifies with a secret of its own" if action.secret else ""
            await self._set_bin(action.name, parse_behavior(action.behaviour), secret_note)
            if self._receiver:
                return
        else:
            await self._emit(Done(self._now(), step.kind, describe_step(action)))
        try:
            step_result = await self._executor.do(action)
        except InputError as error:
            error.pointer = _pointer(action, error.pointer)
            raise self._scenario.placed(step, error) from None
        for request, outcome in step_result.exchanges:
            to = getattr(action, "to", "")
            await self._emit(Sent(self._now(), to, request, self._with_endpoint_name(outcome, to)))
        await self._emit_new_activity()

    async def _emit_new_activity(self) -> None:
        for fired in self._recorder.triggered[self._emitted_events :]:
            self._emitted_events += 1
            await self._emit(Fired(fired.event.created_at, fired.event, len(fired.deliveries)))
        for attempted in self._recorder.attempts():
            self._emitted_attempts += 1
            endpoint = self._executor.name_of(attempted.delivery.endpoint_id)
            attempt = attempted.attempt
            outcome = self._with_endpoint_name(attempt.outcome, endpoint)
            if outcome is not attempt.outcome:
                attempt = replace(attempt, outcome=outcome)
                attempted = replace(attempted, attempt=attempt)
            await self._emit(AttemptMade(attempt.started_at, endpoint, attempted))

    def _with_endpoint_name(self, outcome: Outcome, endpoint: str) -> Outcome:
        """Say of what went wrong at a bin the endpoint's name: its port may be any."""
        if self._receiver or outcome.detail is None:
            return outcome
        authority = parse_url(self._sandbox.base_url).authority
        return replace(outcome, detail=outcome.detail.replace(authority, endpoint))

    # -- expectations

    async def _check_expectation(self, step: ScenarioStep, expected: Expectation) -> None:
        left_out = ""
        if self._receiver:
            reduced, left_out = self._without_bins(expected)
            if reduced is None:
                self._skipped_count += 1
                words = _describe_expectation(step.kind, expected)
                await self._emit(Skipped(self._now(), words, left_out))
                return
            expected = reduced
        result = await self._evaluate(expected)
        waited = 0
        while not result.ok and waited < self._patience_ms:
            await sleep(POLL_INTERVAL_MS)
            waited += POLL_INTERVAL_MS
            result = await self._evaluate(expected)
        await self._emit_new_activity()
        if result.ok:
            self._passed_count += 1
        else:
            self._failed_count += 1
        await self._emit(ExpectationChecked(self._now(), result, self._scenario.line_of(step)))

    async def _evaluate(self, expected: Expectation) -> ExpectationResult:
        executor, recorder = self._executor, self._recorder
        if isinstance(expected, expects.ExpectDeliveries):
            return expected.judge(self._selected_deliveries(expected), recorder.errors)
        if isinstance(expected, expects.ExpectCaptures):
            named = executor.named(expected.of)
            of = None if named is None else {*named.deliveries}
            captures = recorder.select_captures(of, expected.type, expected.bin)
            if named is not None and named.captures:
                every = recorder.select_captures(None, expected.type, expected.bin)
                captures = [capture for capture in every if capture.id in named.captures]
            return expected.judge(captures, recorder.events(captures))
        if isinstance(expected, expects.ExpectEvents):
            fired = executor.named(expected.of)
            return expected.judge(fired.types if fired else ())
        if isinstance(expected, expects.ExpectRecord):
            record = await executor.record(expected.record)
            return expected.judge(record, await executor.records(expected.has))
        assert isinstance(expected, expects.ExpectAnswer)
        sent = executor.named(expected.of)
        return expected.judge([outcome for _, outcome in sent.exchanges] if sent else ())

    def _selected_deliveries(self, expected: expects.ExpectDeliveries) -> list[Delivery]:
        named = self._executor.named(expected.of)
        endpoint = expected.endpoint
        return self._recorder.select_deliveries(
            None if named is None else named.deliveries,
            expected.type,
            self._executor.endpoints[endpoint] if endpoint else None,
        )

    def _without_bins(self, expected: Expectation) -> tuple[Expectation | None, str]:
        """Return what is left to expect of the user's own receiver; if nothing is, the reason."""
        if isinstance(expected, expects.ExpectCaptures):
            return None, "your receiver keeps what it is sent to itself"
        has_invalid_fault = False
        if isinstance(expected, expects.ExpectDeliveries):
            expected = replace(expected, code=None)
            faults = [
                find_fault(delivery.fault) for delivery in self._selected_deliveries(expected)
            ]
            has_invalid_fault = any(fault is not None and not fault.valid for fault in faults)
        if not (self._has_failing_bin or has_invalid_fault):
            return expected, ""
        if isinstance(expected, expects.ExpectAnswer):
            return None, _DEPENDS_ON_BIN
        if isinstance(expected, expects.ExpectDeliveries):
            if has_invalid_fault or expected.status != "delivered" or expected.count == 0:
                return None, _DEPENDS_ON_BIN
            return replace(expected, attempts=None, error=None, count=None), ""
        return expected, ""


_DEPENDS_ON_BIN = "it rests on how the bin answers"


def _has_failing_bin(step: Answer) -> bool:
    return step.hang or step.reset or step.delay >= TIMEOUT or not is_success(step.status)


def _pointer(action: Step, pointer: str) -> str:
    """Return where in the step it is: what is no key of its own is a field within `set`."""
    first = pointer.split("/")[1] if pointer else ""
    return pointer if not first or first in action.__struct_encode_fields__ else f"/set{pointer}"


def _describe_expectation(kind: str, expected: Expectation) -> str:
    parts = (
        f"{key} {value if isinstance(value, str) else dump_json(value)}"
        for key, value in zip(
            expected.__struct_encode_fields__,
            (getattr(expected, name) for name in expected.__struct_fields__),
            strict=True,
        )
        if value is not None
    )
    return f"{kind}: {', '.join(parts)}"
