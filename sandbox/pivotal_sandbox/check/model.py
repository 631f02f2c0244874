"""What the battery found: exchanges, results and the report that holds them."""

from collections import Counter
from dataclasses import dataclass
from typing import Literal

from pivotal_sandbox.domain.models import ErrorCode, Headers

Severity = Literal["must", "should", "info"]
Outcome = Literal["passed", "failed", "skipped", "vacuous", "error"]
Grade = Literal["A", "B", "C", "D", "F"]

OUTCOMES: tuple[Outcome, ...] = ("passed", "failed", "skipped", "vacuous", "error")


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request as it went over the wire, and what came back.

    `sent` is every byte, head and body; `head_size` says where the body begins. `status` is None
    where no answer came; then `error` says what happened instead, and `failure` which kind that
    is. `label` says in a few words what is special about the request.
    """

    sent: bytes
    head_size: int
    status: int | None
    error: str | None
    response_body: bytes
    duration_ms: float
    label: str = ""
    response_headers: Headers = ()
    failure: ErrorCode | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """One check's outcome, in the words of the report.

    `fate` is what Pivotal makes of the answer: delivered, retried or LOST. `requests` begin with
    those that decided the outcome. `caused_by` is the id of the check whose failure made this one
    fail too.
    """

    id: str
    title: str
    group: str
    severity: Severity
    outcome: Outcome
    expected: str
    observed: str
    fate: str
    reason: str
    advice: str
    duration_ms: float
    requests: tuple[Exchange, ...] = ()
    caused_by: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Report:
    """All results, in the order of the battery.

    `left_out` is how many checks were not to be run, as the caller chose others.
    """

    target: str
    seed: int
    grade: Grade
    results: tuple[Result, ...]
    duration_ms: float = 0.0
    left_out: int = 0

    def __repr__(self) -> str:
        """Return grade and failures, for a failed `assert report.passed`."""
        roots = [
            f"{result.id} {result.outcome}: {result.observed}"
            for result in sorted(self.results, key=lambda candidate: candidate.severity != "must")
            if result.outcome in ("failed", "error") and result.caused_by is None
        ]
        return f"<Report: grade {self.grade}{'; '.join(['', *roots])}>"

    @property
    def passed(self) -> bool:
        """Whether no `must` failed or ended in an error."""
        return not any(
            result.severity == "must" and result.outcome in ("failed", "error")
            for result in self.results
        )

    @property
    def summary(self) -> dict[Outcome, int]:
        """How many results have each outcome."""
        counts = Counter(result.outcome for result in self.results)
        return {outcome: counts[outcome] for outcome in OUTCOMES}
