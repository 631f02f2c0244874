"""Run the battery: which checks at which time, and what to do when the receiver is gone."""

import asyncio
import random
import ssl
from collections.abc import Awaitable, Callable, Container, Sequence
from time import perf_counter

from pivotal_sandbox.check.case import NEEDED, Case
from pivotal_sandbox.check.client import HttpReceiverClient
from pivotal_sandbox.check.context import CheckContext, Stage
from pivotal_sandbox.check.grade import grade
from pivotal_sandbox.check.model import Report, Result
from pivotal_sandbox.check.options import CheckOptions
from pivotal_sandbox.check.probe import Probe, ProbeError, as_probe
from pivotal_sandbox.check.registry import CASES, CONTROL, select_checks
from pivotal_sandbox.check.results import FinishedCheck, add_causes, build_result
from pivotal_sandbox.check.session import OverError, Restart, Session, Settings
from pivotal_sandbox.check.verdicts import UNSEEN, Verdict, skipped
from pivotal_sandbox.clock import wall_time
from pivotal_sandbox.common.urls import parse_url
from pivotal_sandbox.errors import InputError, UnreachableError
from pivotal_sandbox.sender.egress import AddressGuard

_DEFAULTS = CheckOptions()
_UNREACHABLE = frozenset({"connection_refused", "dns", "tls"})


async def check(
    target: str,
    secret: str,
    options: CheckOptions = _DEFAULTS,
    *,
    probe: Probe | Callable[[str], int | Awaitable[int]] | None = None,
    restart: Restart | None = None,
    ssl_context: ssl.SSLContext | None = None,
    on_result: Callable[[Result], None] | None = None,
) -> Report:
    """Run the battery against the receiver at the URL `target` and return its report.

    `probe` returns how often an event took effect: a function of the event's id, or a `Probe`.
    `restart` kills the receiver and starts it again, to find out whether acknowledged events
    survive. `on_result` is called with each result; its cause is known only in the report.

    Raises `InputError` for wrong arguments and `UnreachableError` if the receiver does not answer.
    """
    if not secret:
        raise InputError("The secret is empty: anyone could forge its signatures.")
    if options.timeout <= 0 or (options.pace is not None and options.pace <= 0):
        raise InputError("Timeout and pace are greater than 0.")
    parse_url(target)
    seed = random.SystemRandom().randrange(2**32) if options.seed is None else options.seed
    settings = Settings(target, secret, seed, options)
    client = HttpReceiverClient(
        target,
        AddressGuard(options.allow_host),
        timeout_ms=settings.timeout_ms,
        ssl_context=ssl_context,
    )
    effects = None if probe is None else as_probe(probe)
    session = Session(settings, client, int(wall_time() * 1000), effects, restart)
    available = {
        "previous_secret": options.previous_secret,
        "revoked_secret": options.revoked_secret,
        "start": restart,
    }
    met_needs = {need for need, value in available.items() if value is not None}
    selected = select_checks(options.only, options.skip)
    cases = [
        case for case in selected if case.id in options.only or not case.unmet_needs(met_needs)
    ]
    left_out = sum(not case.unmet_needs(met_needs) for case in CASES if case not in cases)
    run = Run(session, cases, on_result, met_needs=met_needs, left_out=left_out)
    await run.run_all()
    return run.report()


class Run:
    """One run of some checks in one session."""

    def __init__(
        self,
        session: Session,
        cases: Sequence[Case],
        on_result: Callable[[Result], None] | None = None,
        *,
        met_needs: Container[str] = (),
        left_out: int = 0,
    ) -> None:
        self._session = session
        self._cases = cases
        self._on_result = on_result
        self._met_needs = met_needs
        self._left_out = left_out
        self._finished: dict[str, FinishedCheck] = {}
        self._duration_ms = 0.0

    async def run_all(self) -> None:
        """Run the checks, in the order of their stages."""
        started_at = perf_counter()
        await self._run_stages()
        self._duration_ms = (perf_counter() - started_at) * 1000

    async def _run_stages(self) -> None:
        await self._run_in_order("first")
        if self._cannot_continue():
            return
        async with asyncio.TaskGroup() as group:
            group.create_task(self._run_in_order("hostile"))
            group.create_task(self._run_in_order("genuine"))
            for case in self._in_stage("waiting"):
                group.create_task(self._run_check(case))
        await self._run_in_order("crowd")
        await self._find_effects_of_forgeries()
        await self._run_in_order("last")
        await self._run_in_order("restart")

    def report(self) -> Report:
        """Return all results, in the order of the battery."""
        session = self._session
        results = add_causes(
            [build_result(case, self._finished[case.id], session) for case in self._cases], session
        )
        return Report(
            session.settings.url,
            session.settings.seed,
            grade(results, probed=session.probe is not None),
            results,
            self._duration_ms,
            self._left_out,
        )

    def _in_stage(self, stage: Stage) -> list[Case]:
        return [case for case in self._cases if case.stage == stage]

    async def _run_in_order(self, stage: Stage) -> None:
        for case in self._in_stage(stage):
            await self._run_check(case)

    async def _run_check(self, case: Case) -> None:
        started_at = perf_counter()
        try:
            verdict = self._skip_reason(case) or await case.run(
                CheckContext(self._session, case.id, case.stage)
            )
        except OverError as over:
            verdict = self._verdict_after_crash(case, str(over))
        except ProbeError as error:
            verdict = Verdict("error", f"the probe failed: {error}", topic="probe")
            if case.id == CONTROL:
                self._session.probe = None
        self._record(case, verdict, (perf_counter() - started_at) * 1000)

    def _record(self, case: Case, verdict: Verdict, duration_ms: float) -> None:
        finished = self._finished[case.id] = FinishedCheck(verdict, duration_ms)
        if self._on_result is not None:
            self._on_result(build_result(case, finished, self._session))

    def _skip_reason(self, case: Case) -> Verdict | None:
        """Return why a check cannot be run, or None."""
        session = self._session
        if "probe" in case.needs and session.probe is None:
            return skipped(UNSEEN, topic="no-probe")
        if unmet := case.unmet_needs(self._met_needs):  # only a check selected by name gets here
            return skipped(f"it needs {NEEDED[unmet[0]]}")
        return None

    def _verdict_after_crash(self, case: Case, reason: str) -> Verdict:
        crash = self._session.crash
        if crash is None or crash.case_id != case.id:
            return skipped(reason)
        return Verdict(
            "failed",
            f"no answer ({crash.exchange.label}), and none since: the receiver died of it",
            (crash.exchange,),
            "should",  # still-alive reports the crash itself as a must
            "crash",
        )

    def _cannot_continue(self) -> bool:
        """Return whether the control got no answer; skip the other checks if so."""
        control = self._session.log[0].exchange if self._session.log else None
        if control is None or control.status is not None:
            return False
        if control.failure == "blocked":
            raise InputError(control.error or "")
        if control.failure in _UNREACHABLE:
            raise UnreachableError(control.error or "")
        if control.failure == "timeout":
            for case in self._cases:
                if case.id != CONTROL:
                    self._record(case, skipped(f"not run: {CONTROL} got no answer"), 0.0)
            return True
        return False

    async def _find_effects_of_forgeries(self) -> None:
        """Find out, for all forged requests together, whether one of them was acted on."""
        session = self._session
        forged = [t for t in session.log if not t.request.genuine and t.request.event_id]
        if session.probe is None or not forged:
            return
        ids = list(dict.fromkeys(t.request.event_id for t in forged))
        try:
            counts = await session.counts(ids, expected=0)
        except ProbeError as error:
            for case in self._in_stage("hostile"):
                finished = self._finished[case.id]
                if finished.verdict.outcome == "passed":
                    verdict = Verdict("error", f"the probe failed: {error}", topic="probe")
                    self._finished[case.id] = FinishedCheck(verdict, finished.duration_ms)
            return
        for case in self._cases:
            earlier = self._finished.get(case.id)
            traces = [t for t in forged if t.case_id == case.id]
            if earlier is None or not traces:
                continue
            acted_on = [t.exchange for t in traces if counts[t.request.event_id]]
            self._finished[case.id] = earlier.with_effects(
                acted_on, lenient=session.settings.options.verifies_async
            )
