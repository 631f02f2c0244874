"""Group the results of a report: findings with their consequences, and untested checks."""

from dataclasses import dataclass

from pivotal_sandbox.check.model import Report, Result, Severity

SEVERITIES: tuple[Severity, ...] = ("must", "should", "info")


@dataclass(frozen=True, slots=True)
class Finding:
    """A root cause, and the results that it caused.

    `severity` is the gravest among them.
    """

    cause: Result
    followers: tuple[Result, ...]
    severity: Severity


@dataclass(frozen=True, slots=True)
class Untested:
    """Checks without an outcome for the same reason; `advice` says how to get them tested."""

    why: str
    advice: str
    results: tuple[Result, ...]


def collect_findings(report: Report) -> tuple[Finding, ...]:
    """Return the findings by severity, then in the order of the battery."""
    wrong_results = {result.id: result for result in report.results if _is_wrong(result)}
    followers: dict[str, list[Result]] = {id: [] for id in wrong_results}
    causes = []
    for result in report.results:
        root = _root_cause(result, wrong_results)
        if root is not None and root.id != result.id:
            followers[root.id].append(result)
        elif root is result:
            causes.append(result)
    findings = [
        Finding(
            cause,
            tuple(followers[cause.id]),
            min(
                (result.severity for result in (cause, *followers[cause.id]) if _is_wrong(result)),
                key=SEVERITIES.index,
            ),
        )
        for cause in causes
    ]
    return tuple(sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity)))


def collect_untested(report: Report) -> tuple[Untested, ...]:
    """Return the skipped and inconclusive checks that belong to no finding, by reason."""
    covered = {
        follower.id for finding in collect_findings(report) for follower in finding.followers
    }
    groups: dict[tuple[str, str], list[Result]] = {}
    for result in report.results:
        if result.outcome in ("skipped", "vacuous") and result.id not in covered:
            reason = result.observed or result.reason
            groups.setdefault((reason, result.advice), []).append(result)
    return tuple(
        Untested(reason, advice, tuple(results)) for (reason, advice), results in groups.items()
    )


def _is_wrong(result: Result) -> bool:
    return result.outcome in ("failed", "error")


def _root_cause(result: Result, wrong_results: dict[str, Result]) -> Result | None:
    """Return the root cause of a result, which is the result itself if nothing caused it."""
    if result.outcome == "passed":
        return None
    seen = {result.id}
    while (cause := wrong_results.get(result.caused_by or "")) is not None:
        if cause.id in seen:
            break
        seen.add(cause.id)
        result = cause
    return wrong_results.get(result.id)
