"""From verdicts to results: advice, fate, requests, and which failure caused which."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pivotal_sandbox.check.advice import REASONS, advise
from pivotal_sandbox.check.case import Case
from pivotal_sandbox.check.classify import is_ack, listed, said, worst
from pivotal_sandbox.check.framework_detection import Stack, stack_of
from pivotal_sandbox.check.model import Exchange, Result
from pivotal_sandbox.check.root_causes import cause_of
from pivotal_sandbox.check.session import Session
from pivotal_sandbox.check.verdicts import Verdict, failed

KEPT = 100 * 1024  # bytes of a request that went well


@dataclass(frozen=True, slots=True)
class Ended:
    """How a check ended, and how long it took."""

    verdict: Verdict
    took_ms: float

    def after(self, acted: Sequence[Exchange], *, lenient: bool) -> "Ended":
        """Return how it stands once it is known which forged requests were acted on."""
        verdict = self.verdict
        if acted:
            if is_ack(acted[0]):
                was, topic = "accepted, and", None
            else:
                was, topic = f"answered {said(acted[0])}, but", "acted"
            observed = f"{was} acted on ({listed(acted)})"
            return replace(self, verdict=failed(observed, *acted, severity="must", topic=topic))
        accepted = verdict.outcome == "failed" and any(map(is_ack, verdict.deciding))
        if lenient and accepted:
            observed = f"{verdict.observed}, but without effect"
            return replace(self, verdict=replace(verdict, observed=observed, severity="should"))
        return self


def result_of(case: Case, ended: Ended, session: Session) -> Result:
    """Return the result of a check in the words of the report."""
    verdict = ended.verdict
    deciding = verdict.deciding
    others = [
        t.exchange
        for t in session.log
        if t.case_id == case.id and all(t.exchange is not exchange for exchange in deciding)
    ]
    requests = (*deciding, *others)
    if verdict.outcome == "passed":
        requests = tuple(request for request in requests if len(request.sent) <= KEPT)
    return Result(
        id=case.id,
        title=case.title,
        group=case.group,
        severity=verdict.severity or case.severity,
        outcome=verdict.outcome,
        expected=case.expected,
        observed=verdict.observed,
        fate=_fate(verdict),
        reason=REASONS.get(verdict.topic or "", case.reason),
        advice=_advice(case, verdict, session),
        duration_ms=ended.took_ms,
        requests=requests,
    )


def with_causes(results: Sequence[Result], session: Session) -> tuple[Result, ...]:
    """Return the results, each with the first cause of its failure."""
    wrong = {result.id: result for result in results if result.outcome in ("failed", "error")}
    causes: dict[str, str | None] = {result.id: cause_of(result, wrong) for result in results}
    if session.crash is not None:
        for result in results:
            if result.id != session.crash.case_id and (
                result.id == "still-alive" or result.observed.endswith("had died")
            ):
                causes[result.id] = session.crash.case_id
    return tuple(replace(result, caused_by=_first(result.id, causes)) for result in results)


def _first(id: str, causes: dict[str, str | None]) -> str | None:
    """Return the beginning of a chain of causes."""
    first, seen = causes[id], {id}
    while first is not None and causes.get(first) is not None and first not in seen:
        seen.add(first)
        first = causes[first]
    return None if first == id else first


def _fate(verdict: Verdict) -> str:
    """Return what Pivotal makes of the answer; of a rightly refused request it makes nothing."""
    if not verdict.deciding or verdict.outcome in ("skipped", "vacuous"):
        return ""
    if verdict.outcome == "passed" and not all(map(is_ack, verdict.deciding)):
        return ""
    return worst(verdict.deciding)


def _advice(case: Case, verdict: Verdict, session: Session) -> str:
    if verdict.outcome in ("failed", "error"):
        return advise(verdict.topic or case.topic, _stack(session))
    return advise(verdict.topic, "") if verdict.topic else ""


def _stack(session: Session) -> Stack:
    """Return the stack that the answers speak of."""
    found = (stack_of(trace.exchange) for trace in session.log)
    return next((stack for stack in found if stack), "")
