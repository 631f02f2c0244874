"""Latencies, counted in buckets each 1 % wider than the one before.

A sorted list would be exact, but at 60,000 requests a second it takes gigabytes in some minutes and
seconds to sort; the buckets stay at a few hundred, and those of several processes add up.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from math import ceil, log

_WIDTH = log(1.01)
_LEAST_MS = 0.001
_LEAST = log(_LEAST_MS)


class Histogram:
    """Counts of latencies in ms: percentiles are off by 0.5 % at most, least and most are exact.

    They are sorted into buckets when somebody looks: many at once cost a fifth of one by one.
    """

    def __init__(self) -> None:
        self._fresh: list[float] = []
        self._counts: Counter[int] = Counter()
        self._total_ms = 0.0
        self._least_ms = float("inf")
        self._most_ms = 0.0

    def add(self, ms: float) -> None:
        """Count one latency."""
        self._fresh.append(ms)

    def extend(self, latencies_ms: Iterable[float]) -> None:
        """Count many."""
        self._fresh.extend(latencies_ms)

    def merge(self, other: "Histogram") -> None:
        """Add what another one counted."""
        self.counts.update(other.counts)
        self._total_ms += other._total_ms
        self._least_ms = min(self._least_ms, other._least_ms)
        self._most_ms = max(self._most_ms, other._most_ms)

    @property
    def counts(self) -> Counter[int]:
        """How many there are in each bucket."""
        fresh, self._fresh = self._fresh, []
        if fresh:
            self._total_ms += sum(fresh)
            self._least_ms = min(self._least_ms, min(fresh))
            self._most_ms = max(self._most_ms, max(fresh))
            if self._least_ms < _LEAST_MS:
                fresh = [max(ms, _LEAST_MS) for ms in fresh]
            self._counts.update([int((x - _LEAST) / _WIDTH) for x in map(log, fresh)])
        return self._counts

    @property
    def least_ms(self) -> float:
        """The least of them; infinite of nothing."""
        return self._least_ms if self.counts else float("inf")

    @property
    def most_ms(self) -> float:
        """The most of them; 0 of nothing."""
        return self._most_ms if self.counts else 0.0

    def __getstate__(self) -> tuple[Counter[int], float, float, float]:
        return self.counts, self._total_ms, self._least_ms, self._most_ms

    def __setstate__(self, state: tuple[Counter[int], float, float, float]) -> None:
        self._fresh = []
        self._counts, self._total_ms, self._least_ms, self._most_ms = state

    def __len__(self) -> int:
        return self.counts.total()

    @property
    def mean_ms(self) -> float:
        """The mean; 0 of nothing."""
        return self._total_ms / len(self) if self.counts else 0.0

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
