"""What came of the requests so far: what was answered, how soon, and when."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from pivotal_sandbox.domain.models import Outcome, Response, Timing
from pivotal_sandbox.domain.retry_policy import Consequence, consequence
from pivotal_sandbox.load.histogram import Histogram

NOT_ANSWERED = frozenset(
    ("timeout", "connection_refused", "connection_reset", "dns", "tls", "protocol", "blocked")
)


@dataclass(slots=True)
class LoadStats:
    """Requests by what came back: a status ("204") or an error code ("timeout").

    `slices` has the latencies of those that were due within each `slice_ms` from the start, and
    `troubled` how many of them were not delivered. `unsent` were due, but no connection was free.
    """

    slice_ms: float
    answers: Counter[str] = field(default_factory=Counter)
    slices: dict[int, Histogram] = field(default_factory=dict)
    troubled: Counter[int] = field(default_factory=Counter)
    unsent: int = 0

    def add(self, answer: str, latency_ms: float, at_ms: float) -> None:
        """Count one request, `at_ms` after the start."""
        self.extend(answer, (latency_ms,), self.slice_of(at_ms))

    def extend(self, answer: str, latencies_ms: Sequence[float], index: int) -> None:
        """Count requests of one slice that were answered the same."""
        self.slices.setdefault(index, Histogram()).extend(latencies_ms)
        self.answers[answer] += len(latencies_ms)
        if answer[0] != "2":
            self.troubled[index] += len(latencies_ms)

    def slice_of(self, at_ms: float) -> int:
        """Return the index of the slice that a moment after the start is in."""
        return int(at_ms / self.slice_ms)

    def merge(self, other: "LoadStats") -> None:
        """Add what another one counted."""
        self.answers.update(other.answers)
        self.troubled.update(other.troubled)
        self.unsent += other.unsent
        for index, slice in other.slices.items():
            self.slices.setdefault(index, Histogram()).merge(slice)

    def __len__(self) -> int:
        return self.answers.total()

    def latencies(self) -> Histogram:
        """Return the latencies of all of them."""
        whole = Histogram()
        for slice in self.slices.values():
            whole.merge(slice)
        return whole

    def fates(self) -> dict[Consequence, int]:
        """Return how many Pivotal would take as delivered, would retry, or would lose."""
        counts: dict[Consequence, int] = {"delivered": 0, "retried": 0, "lost": 0}
        for answer, count in self.answers.items():
            counts[consequence_of(answer)] += count
        return counts


def consequence_of(answer: str) -> Consequence:
    """Return what Pivotal makes of a status or of an error code."""
    response = None if answer in NOT_ANSWERED else Response(int(answer), (), b"")
    outcome = Outcome(Timing(0), response)
    return consequence(outcome)
