"""Runs the battery: which checks at which time, and what to do when the receiver is gone."""

import asyncio
import random
import ssl
from collections.abc import Awaitable, Callable, Container, Sequence
from time import perf_counter

from pivotal_sandbox.check.case import NEEDED, UNSEEN, Case, Turn, Verdict, skipped
from pivotal_sandbox.check.client import HttpReceiverClient
from pivotal_sandbox.check.context import CheckContext
from pivotal_sandbox.check.grade import grade
from pivotal_sandbox.check.model import Report, Result
from pivotal_sandbox.check.probe import Probe, ProbeError, as_probe
from pivotal_sandbox.check.registry import CASES, CONTROL, chosen
from pivotal_sandbox.check.results import Ended, result_of, with_causes
from pivotal_sandbox.check.session import OverError, Restart, Session, Settings
from pivotal_sandbox.clock import wall_time
from pivotal_sandbox.common.urls import parse_url
from pivotal_sandbox.domain.retry_policy import TIMEOUT
from pivotal_sandbox.errors import InputError, UnreachableError
from pivotal_sandbox.sender.egress import AddressGuard

_UNREACHABLE = frozenset({"connection_refused", "dns", "tls"})


async def check(
    target: str,
    secret: str,
    *,
    probe: Probe | Callable[[str], int | Awaitable[int]] | None = None,
    only: Sequence[str] = (),
    skip: Sequence[str] = (),
    seed: int | None = None,
    pace: float | None = None,
    timeout: float = TIMEOUT / 1000,
    max_skew: int = 300,
    previous_secret: str | None = None,
    revoked_secret: str | None = None,
    verifies_async: bool = False,
    allow_host: Sequence[str] = (),
    restart: Restart | None = None,
    ssl_context: ssl.SSLContext | None = None,
    on_result: Callable[[Result], None] | None = None,
) -> Report:
    """Throw the battery at the receiver at the URL `target`, and return what it is worth.

    `probe` says how often an event took effect: a function of the event's id, or a `Probe`.
    `only` and `skip` are ids of checks or names of groups. `pace` is requests per second, `timeout`
    and `max_skew` are seconds. The same `seed` sends the same, but for the time that is in ids and
    signatures. `verifies_async` is for receivers that acknowledge first and verify later.
    `restart` kills the receiver and starts it again, to see whether what it acknowledged is kept.
    `on_result` is called with each result as it comes; what caused it is known at the end only.

    Raises `InputError` for wrong arguments, and `UnreachableError` where nobody answers.
    """
    if not secret:
        raise InputError("The secret is empty: anyone could forge its signatures.")
    if timeout <= 0 or (pace is not None and pace <= 0):
        raise InputError("Timeout and pace are greater than 0.")
    parse_url(target)
    settings = Settings(
        url=target,
        secret=secret,
        seed=random.SystemRandom().randrange(2**32) if seed is None else seed,
        timeout_ms=timeout * 1000,
        pace=pace,
        max_skew=max_skew,
        previous_secret=previous_secret,
        revoked_secret=revoked_secret,
        verifies_async=verifies_async,
    )
    line = HttpReceiverClient(
        target, AddressGuard(allow_host), timeout_ms=settings.timeout_ms, ssl_context=ssl_context
    )
    effects = None if probe is None else as_probe(probe)
    session = Session(settings, line, int(wall_time() * 1000), effects, restart)
    options = {
        "previous_secret": previous_secret,
        "revoked_secret": revoked_secret,
        "start": restart,
    }
    given = {need for need, option in options.items() if option is not None}
    wanted = chosen(tuple(only), tuple(skip))
    cases = [case for case in wanted if case.id in only or not case.unmet(given)]
    left_out = sum(not case.unmet(given) for case in CASES if case not in cases)
    run = Run(session, cases, on_result, given=given, left_out=left_out)
    await run.all()
    return run.report()


class Run:
    """One run of some checks in one session."""

    def __init__(
        self,
        session: Session,
        cases: Sequence[Case],
        on_result: Callable[[Result], None] | None = None,
        *,
        given: Container[str] = (),
        left_out: int = 0,
    ) -> None:
        self._session = session
        self._cases = cases
        self._on_result = on_result
        self._given = given
        self._left_out = left_out
        self._ended: dict[str, Ended] = {}
        self._took = 0.0

    async def all(self) -> None:
        """Run them, in their turns."""
        began = perf_counter()
        await self._turns()
        self._took = (perf_counter() - began) * 1000

    async def _turns(self) -> None:
        await self._row("first")
        if self._blocked():
            return
        async with asyncio.TaskGroup() as group:
            group.create_task(self._row("hostile"))
            group.create_task(self._row("genuine"))
            for case in self._of("waiting"):
                group.create_task(self._one(case))
        await self._row("crowd")
        await self._look_for_effects()
        await self._row("last")
        await self._row("restart")

    def report(self) -> Report:
        """Return all results, in the order of the battery."""
        session = self._session
        results = with_causes(
            [result_of(case, self._ended[case.id], session) for case in self._cases], session
        )
        return Report(
            session.settings.url,
            session.settings.seed,
            grade(results, probed=session.probe is not None),
            results,
            self._took,
            self._left_out,
        )

    def _of(self, turn: Turn) -> list[Case]:
        return [case for case in self._cases if case.turn == turn]

    async def _row(self, turn: Turn) -> None:
        for case in self._of(turn):
            await self._one(case)

    async def _one(self, case: Case) -> None:
        began = perf_counter()
        try:
            verdict = self._unmet(case) or await case.run(CheckContext(self._session, case))
        except OverError as over:
            verdict = self._over(case, str(over))
        except ProbeError as error:
            verdict = Verdict("error", f"the probe failed: {error}", topic="probe")
            if case.id == CONTROL:
                self._session.probe = None
        self._end(case, verdict, (perf_counter() - began) * 1000)

    def _end(self, case: Case, verdict: Verdict, took: float) -> None:
        ended = self._ended[case.id] = Ended(verdict, took)
        if self._on_result is not None:
            self._on_result(result_of(case, ended, self._session))

    def _unmet(self, case: Case) -> Verdict | None:
        """Return why a check cannot be run, or None."""
        session = self._session
        if "probe" in case.needs and session.probe is None:
            return skipped(UNSEEN, topic="no-probe")
        if unmet := case.unmet(self._given):  # it was asked for by name
            return skipped(f"it needs {NEEDED[unmet[0]]}")
        return None

    def _over(self, case: Case, why: str) -> Verdict:
        death = self._session.death
        if death is None or death.case_id != case.id:
            return skipped(why)
        return Verdict(
            "failed",
            f"no answer ({death.exchange.label}), and none since: the receiver died of it",
            (death.exchange,),
            "should",  # by itself; that it is dead is what still-alive says
            "crash",
        )

    def _blocked(self) -> bool:
        """Say whether there is no use in going on, and end the other checks if so."""
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
                    self._end(case, skipped(f"not run: {CONTROL} got no answer"), 0.0)
            return True
        return False

    async def _look_for_effects(self) -> None:
        """Find out, for all forged requests together, whether one of them was acted on."""
        session = self._session
        forged = [t for t in session.log if not t.shot.genuine and t.shot.event_id]
        if session.probe is None or not forged:
            return
        ids = list(dict.fromkeys(t.shot.event_id for t in forged))
        try:
            found = await session.counts(ids, expected=0)
        except ProbeError as error:
            for case in self._of("hostile"):
                ended = self._ended[case.id]
                if ended.verdict.outcome == "passed":
                    verdict = Verdict("error", f"the probe failed: {error}", topic="probe")
                    self._ended[case.id] = Ended(verdict, ended.took_ms)
            return
        for case in self._cases:
            so_far = self._ended.get(case.id)
            own = [t for t in forged if t.case_id == case.id]
            if so_far is None or not own:
                continue
            acted = [t.exchange for t in own if found[t.shot.event_id]]
            self._ended[case.id] = so_far.after(acted, lenient=session.settings.verifies_async)
