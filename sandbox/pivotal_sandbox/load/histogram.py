"""Latencies, counted in buckets each 1 % wider than the one before.

A sorted list would be exact, but at 60,000 requests a second it takes gigabytes in some minutes and
seconds to sort; the buckets stay at a few hundred, and those of several processes add up.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import ceil, log

_WIDTH = log(1.01)
_LEAST_MS = 0.001


@dataclass(slots=True)
class Histogram:
    """Counts of latencies in ms: percentiles are off by 0.5 % at most, least and most are exact."""

    counts: Counter[int] = field(default_factory=Counter)
    total_ms: float = 0.0
    least_ms: float = float("inf")
    most_ms: float = 0.0

    def add(self, ms: float) -> None:
        """Count one latency."""
        self.counts[int(log(ms / _LEAST_MS) / _WIDTH) if ms > _LEAST_MS else 0] += 1
        self.total_ms += ms
        if ms < self.least_ms:
            self.least_ms = ms
        if ms > self.most_ms:
            self.most_ms = ms

    def merge(self, other: "Histogram") -> None:
        """Add what another one counted."""
        self.counts.update(other.counts)
        self.total_ms += other.total_ms
        self.least_ms = min(self.least_ms, other.least_ms)
        self.most_ms = max(self.most_ms, other.most_ms)

    def __len__(self) -> int:
        return self.counts.total()

    @property
    def mean_ms(self) -> float:
        """The mean; 0 of nothing."""
        return self.total_ms / len(self) if self.counts else 0.0

    def percentile(self, percent: float) -> float:
        """Return the ms within which that share of them is; 0 of nothing."""
        rank = ceil(len(self) * percent / 100)
        for bucket in sorted(self.counts):
            rank -= self.counts[bucket]
            if rank <= 0:
                return min(max(_upper(bucket - 0.5), self.least_ms), self.most_ms)
        return 0.0

    def bars(self, most: int) -> Iterator[tuple[float, float, int]]:
        """Yield at most so many (from ms, to ms, count), in order, each of the same relative width.

        The last few of a thousand are left to the percentiles: the bars end at the 99.9th.
        """
        if not self.counts:
            return
        first = min(self.counts)
        end = max(
            bucket for bucket in self.counts if _upper(bucket) <= self.percentile(99.9) * 1.02
        )
        step = ceil((end - first + 1) / most)
        for start in range(first, end + 1, step):
            count = sum(self.counts.get(bucket, 0) for bucket in range(start, start + step))
            yield _upper(start - 1), _upper(start + step - 1), count


def _upper(bucket: float) -> float:
    """Return where a bucket ends, in ms; half a bucket less is its middle."""
    ms: float = _LEAST_MS * 1.01 ** (bucket + 1)
    return ms
