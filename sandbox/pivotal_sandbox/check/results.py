"""Build results from verdicts: advice, consequence, requests and root causes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pivotal_sandbox.check.advice import REASONS, advise
from pivotal_sandbox.check.case import Case
from pivotal_sandbox.check.classify import describe_answer, is_ack, list_answers, worst_consequence
from pivotal_sandbox.check.framework_detection import Stack, detect_stack
from pivotal_sandbox.check.model import Exchange, Result
from pivotal_sandbox.check.root_causes import cause_of
from pivotal_sandbox.check.session import Session
from pivotal_sandbox.check.verdicts import Verdict, failed

MAX_KEPT_BYTES = 100 * 1024  # larger requests of passed checks are dropped from the report


@dataclass(frozen=True, slots=True)
class FinishedCheck:
    """The verdict of a check, and how long it took."""

    verdict: Verdict
    duration_ms: float

    def with_effects(self, acted_on: Sequence[Exchange], *, lenient: bool) -> "FinishedCheck":
        """Return the result once it is known which forged requests had an effect."""
        verdict = self.verdict
        if acted_on:
            if is_ack(acted_on[0]):
                prefix, topic = "accepted, and", None
            else:
                prefix, topic = f"answered {describe_answer(acted_on[0])}, but", "acted"
            observed = f"{prefix} acted on ({list_answers(acted_on)})"
            return replace(self, verdict=failed(observed, *acted_on, severity="must", topic=topic))
        accepted = verdict.outcome == "failed" and any(map(is_ack, verdict.deciding))
        if lenient and accepted:
            observed = f"{verdict.observed}, but without effect"
            return replace(self, verdict=replace(verdict, observed=observed, severity="should"))
        return self


def build_result(case: Case, ended: FinishedCheck, session: Session) -> Result:
    """Return the result of a finished check."""
    verdict = ended.verdict
    deciding = verdict.deciding
    remaining = [
        t.exchange
        for t in session.log
        if t.case_id == case.id and all(t.exchange is not exchange for exchange in deciding)
    ]
    requests = (*deciding, *remaining)
    if verdict.outcome == "passed":
        requests = tuple(request for request in requests if len(request.sent) <= MAX_KEPT_BYTES)
    return Result(
        id=case.id,
        title=case.title,
        group=case.group,
        severity=verdict.severity or case.severity,
        outcome=verdict.outcome,
        expected=case.expected,
        observed=verdict.observed,
        fate=_describe_fate(verdict),
        reason=REASONS.get(verdict.topic or "", case.reason),
        advice=_advice(case, verdict, session),
        duration_ms=ended.duration_ms,
        requests=requests,
    )


def add_causes(results: Sequence[Result], session: Session) -> tuple[Result, ...]:
    """Return the results, each with the root cause of its failure."""
    failures = {result.id: result for result in results if result.outcome in ("failed", "error")}
    causes: dict[str, str | None] = {result.id: cause_of(result, failures) for result in results}
    if session.crash is not None:
        for result in results:
            if result.id != session.crash.case_id and (
                result.id == "still-alive" or result.observed.endswith("had died")
            ):
                causes[result.id] = session.crash.case_id
    return tuple(replace(result, caused_by=_root_cause(result.id, causes)) for result in results)


def _root_cause(id: str, causes: dict[str, str | None]) -> str | None:
    """Return the root of a chain of causes; a cycle ends where it closes."""
    first, seen = causes[id], {id}
    while first is not None and causes.get(first) is not None and first not in seen:
        seen.add(first)
        first = causes[first]
    return None if first == id else first


def _describe_fate(verdict: Verdict) -> str:
    """Return the worst consequence, or "" if it does not matter, as for a refused forgery."""
    if not verdict.deciding or verdict.outcome in ("skipped", "vacuous"):
        return ""
    if verdict.outcome == "passed" and not all(map(is_ack, verdict.deciding)):
        return ""
    return worst_consequence(verdict.deciding)


def _advice(case: Case, verdict: Verdict, session: Session) -> str:
    if verdict.outcome in ("failed", "error"):
        return advise(verdict.topic or case.topic, _detect_stack(session))
    return advise(verdict.topic, "") if verdict.topic else ""


def _detect_stack(session: Session) -> Stack:
    """Return the first stack that any answer reveals, or ""."""
    stacks = (detect_stack(trace.exchange) for trace in session.log)
    return next((stack for stack in stacks if stack), "")
