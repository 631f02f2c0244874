"""Check: the battery on an endpoint, watched as it fills, and its report."""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from starlette.responses import Response

from pivotal_sandbox.check.case import Case
from pivotal_sandbox.check.curl import as_curl
from pivotal_sandbox.check.findings import collect_findings, collect_untested
from pivotal_sandbox.check.model import Exchange, Report, Result
from pivotal_sandbox.check.options import CheckOptions
from pivotal_sandbox.check.probe import ProbeUrl
from pivotal_sandbox.check.registry import GROUPS, select_checks
from pivotal_sandbox.check.reports import render
from pivotal_sandbox.check.reports.phrases import (
    OUTCOME_WORDS,
    SEVERITY_WORDS,
    describe_grade,
    format_counts,
    format_extent,
)
from pivotal_sandbox.check.runner import check
from pivotal_sandbox.errors import InputError, NotFound, SandboxError
from pivotal_sandbox.web.pages.context import PageContext
from pivotal_sandbox.web.pages.delivery_rows import place_of

_KEPT = 8  # runs
_COMMAND_MOST = 8 * 1024  # bytes of a request that one still wants to paste


@dataclass(eq=False)
class Run:
    """One run of the battery: what has come in of it, and the report once it is there."""

    number: int
    target: str
    only: tuple[str, ...] = ()
    results: dict[str, Result] = field(default_factory=dict)
    report: Report | None = None
    problem: str = ""
    task: "asyncio.Task[None] | None" = None


@dataclass(frozen=True, slots=True)
class Section:
    """A group of the battery: its checks, each with its result once there is one."""

    name: str
    rows: tuple[tuple[Case, Result | None], ...]

    @property
    def done(self) -> int:
        """How many have a result."""
        return sum(result is not None for _, result in self.rows)

    @property
    def failed(self) -> int:
        """How many went wrong."""
        return sum(
            bool(result and result.outcome in ("failed", "error")) for _, result in self.rows
        )


async def show(context: PageContext) -> Response:
    """Show the form, and the run that is asked for."""
    runs = _runs(context)
    run = _run(context) if context.query_value("run") else None
    endpoints = context.sandbox.endpoints.all(context.mode)
    return context.page(
        "check.html.j2",
        endpoints=[(endpoint.id, place_of(endpoint, endpoint.url)) for endpoint in endpoints],
        groups=GROUPS,
        total=len(_cases()),
        expected=len(_cases(run.only)) if run else 0,
        runs=list(reversed(runs)),
        run=run,
        sections=_sections(run) if run else [],
        **_verdict(run),
        words=OUTCOME_WORDS,
        severities=SEVERITY_WORDS,
        curl=_curl,
    )


async def start(context: PageContext) -> Response:
    """Begin a run; the page shows how it goes."""
    target, secret = context.field("target"), context.field("secret")
    if id := context.field("endpoint"):
        endpoint = context.sandbox.endpoints.get(id)
        target, secret = target or endpoint.url, secret or endpoint.secret
    if not target:
        raise InputError("Choose an endpoint, or give a URL.", pointer="/target")
    probe = ProbeUrl(context.field("probe")) if context.field("probe") else None
    runs = _runs(context)
    run = Run(runs[-1].number + 1 if runs else 1, target, tuple(context.fields("only")))
    select_checks(run.only)
    runs.append(run)
    run.task = asyncio.create_task(_go(run, secret, probe))
    return context.redirect("/check", run=run.number)


async def report(context: PageContext) -> Response:
    """Answer with the whole report of a run, as a file that needs nothing else."""
    run = _run(context)
    if run.report is None:
        raise NotFound("The run has not ended: there is no report yet.", pointer="/run")
    headers = {
        "content-disposition": f'attachment; filename="check-{run.number}.html"',
        "content-security-policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'",
    }
    return Response(render(run.report, "html"), media_type="text/html", headers=headers)


async def _go(run: Run, secret: str, probe: ProbeUrl | None) -> None:
    def note(result: Result) -> None:
        run.results[result.id] = result

    try:
        run.report = await check(
            run.target, secret, CheckOptions(only=run.only), probe=probe, on_result=note
        )
        run.results = {result.id: result for result in run.report.results}
    except SandboxError as error:
        run.problem = str(error)


def _runs(context: PageContext) -> "deque[Run]":
    state = context.request.app.state
    if not hasattr(state, "checks"):
        state.checks = deque(maxlen=_KEPT)
    runs: deque[Run] = state.checks
    return runs


def _run(context: PageContext) -> Run:
    for run in _runs(context):
        if str(run.number) == context.query_value("run"):
            return run
    raise NotFound(f'There is no run "{context.query_value("run"):.20}" any more.', pointer="/run")


def _cases(only: tuple[str, ...] = ()) -> list[Case]:
    """Return the checks that a run from here consists of."""
    return [case for case in select_checks(only) if case.id in only or not case.unmet_needs(())]


def _sections(run: Run) -> list[Section]:
    """Return the checks of a run by group, in the order of the battery: all, or those that ran."""
    rows = [
        (case, run.results.get(case.id))
        for case in _cases(run.only)
        if case.id in run.results or not (run.report or run.problem)
    ]
    return [Section(name, tuple(its)) for name, its in groupby(rows, key=lambda row: row[0].group)]


def _untested(found: Report) -> list[tuple[str, str]]:
    """Return which checks say nothing about the receiver, and why, as this page puts it."""
    said = []
    for untested in collect_untested(found):
        why = untested.why.removeprefix("not tested: ").removeprefix("not run: ").rstrip(".")
        advice = "Give a probe URL above." if "--probe" in untested.advice else untested.advice
        ids = ", ".join(result.id for result in untested.results)
        said.append((ids, f"{why[:1].upper()}{why[1:]}. {advice}".strip()))
    return said


def _verdict(run: Run | None) -> dict[str, Any]:
    found = run.report if run else None
    return {
        "findings": collect_findings(found) if found else (),
        "untested": _untested(found) if found else (),
        "meaning": describe_grade(found) if found else "",
        "counts": format_counts(found) if found else "",
        "extent": format_extent(found) if found else "",
    }


def _curl(exchange: Exchange, target: str) -> str:
    """Return the command that sends a request again; nothing where none of use can be made."""
    if len(exchange.sent) > _COMMAND_MOST:
        return ""
    try:
        return as_curl(exchange, target)
    except InputError:
        return ""
