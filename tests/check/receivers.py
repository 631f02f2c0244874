"""Runs the battery against many receivers at once, in one event loop."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import cache
from typing import Any

from tests.check.broken import MUTANTS, Mutant
from tests.check.correct import VARIANTS, Variant
from tests.check.receiver import SECRET, Receiver
from tests.check.server import serving

from pivotal_sandbox.check.model import Report, Result
from pivotal_sandbox.check.options import CheckOptions, Waits
from pivotal_sandbox.check.probe import Probe
from pivotal_sandbox.check.registry import CASES
from pivotal_sandbox.check.runner import check
from pivotal_sandbox.check.session import Restart

MAX_CONCURRENT = 8
SEED = 20_261_123
# The receivers of the suite answer within milliseconds, so a run need not wait as long for them.
WAITS = Waits(settle_ms=1_500, quiet_ms=120, retry_after_ms=120, gone_pause_ms=60)
LAST = frozenset(case.id for case in CASES if case.stage == "last")

Reports = Mapping[str, Report]
Job = Callable[[], Awaitable[Report]]


@cache
def mutant_reports() -> Reports:
    """Return the reports of all broken receivers, each of the checks that have to notice."""
    return asyncio.run(_all({name: _mutant(mutant) for name, mutant in MUTANTS.items()}))


@cache
def variant_reports() -> Reports:
    """Return the reports of all correct receivers, of the whole battery."""
    return asyncio.run(_all({name: _variant(variant) for name, variant in VARIANTS.items()}))


def full_reports(names: Iterable[str]) -> Reports:
    """Return the reports of broken receivers, of the whole battery and with a probe."""
    return asyncio.run(_all({name: _full(MUTANTS[name]) for name in names}))


def run_one(receiver: Receiver, **options: Any) -> Report:
    """Return the report of one receiver."""
    return asyncio.run(report_of(receiver, **options))


async def report_of(
    receiver: Receiver,
    *,
    reads_chunks: bool = True,
    probe: Probe | Callable[[str], int] | None = None,
    restart: Restart | None = None,
    on_result: Callable[[Result], None] | None = None,
    **options: Any,
) -> Report:
    """Serve a receiver and check it; `options` are those of `CheckOptions`."""
    chosen = CheckOptions(
        **{"seed": SEED, "waits": WAITS, **options, "only": tuple(options.get("only", ()))}
    )
    async with serving(receiver, reads_chunks=reads_chunks) as url:
        return await check(url, SECRET, chosen, probe=probe, restart=restart, on_result=on_result)


def find_failures(report: Report) -> dict[str, Result]:
    """Return what is wrong with a receiver, beyond what is only good to know."""
    return {
        result.id: result
        for result in report.results
        if result.outcome in ("failed", "error", "vacuous") and result.severity != "info"
    }


async def _all(runs: Mapping[str, Job]) -> Reports:
    slots = asyncio.Semaphore(MAX_CONCURRENT)

    async def run_job(run: Job) -> Report:
        async with slots:
            return await run()

    return dict(zip(runs, await asyncio.gather(*map(run_job, runs.values())), strict=True))


def _mutant(mutant: Mutant) -> Job:
    # What judges all that the others have seen needs the others.
    if LAST & set(mutant.killers) and not mutant.among:
        only: tuple[str, ...] = ()
    else:
        only = mutant.killers + mutant.among

    async def run() -> Report:
        receiver = mutant.make()
        probe = receiver.probe if mutant.probe else None
        return await report_of(receiver, probe=probe, only=only, timeout=mutant.timeout)

    return run


def _full(mutant: Mutant) -> Job:
    async def run() -> Report:
        receiver = mutant.make()
        return await report_of(receiver, probe=receiver.probe, timeout=mutant.timeout)

    return run


def _variant(variant: Variant) -> Job:
    async def run() -> Report:
        receiver = variant.make()
        try:
            return await report_of(
                receiver,
                probe=receiver.probe,
                reads_chunks=variant.reads_chunks,
                **variant.options,
            )
        finally:
            receiver.close()

    return run
