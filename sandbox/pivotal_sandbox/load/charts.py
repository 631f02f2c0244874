"""The two plots of a load, as points and boxes in the units of an SVG drawing."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from pivotal_sandbox.load.stats import LoadStats

WIDTH = 760.0
HEIGHT = 220.0
BARS = 48


@dataclass(frozen=True, slots=True)
class Mark:
    """A place on an axis, and what stands there."""

    at: float
    value: float


@dataclass(frozen=True, slots=True)
class Lines:
    """Latencies over time: a line for each percentile, and where some were not delivered."""

    p50: str
    p99: str
    troubled: tuple[float, ...]
    heights: tuple[Mark, ...]  # ms
    times: tuple[Mark, ...]  # seconds


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: how many took from so many to so many ms."""

    x: float
    y: float
    width: float
    height: float
    from_ms: float
    to_ms: float
    count: int


def lines(tally: LoadStats) -> Lines:
    """Return the plot of latencies over time; its height is logarithmic, as latencies are."""
    rows = [
        (index, slice.percentile(50), slice.percentile(99))
        for index, slice in sorted(tally.slices.items())
    ]
    low = floor(log10(min((p50 for _, p50, _ in rows), default=1.0)))
    high = max(ceil(log10(max((p99 for *_, p99 in rows), default=10.0))), low + 1)
    last = max((index for index, *_ in rows), default=0) + 1

    def x(index: float) -> float:
        return round(index / last * WIDTH, 1)

    def y(ms: float) -> float:
        return round(HEIGHT * (high - log10(ms)) / (high - low), 1)

    seconds = last * tally.slice_ms / 1000
    step = _round_step(seconds / 6)
    return Lines(
        p50=_points([(x(index + 0.5), y(p50)) for index, p50, _ in rows]),
        p99=_points([(x(index + 0.5), y(p99)) for index, _, p99 in rows]),
        troubled=tuple(x(index + 0.5) for index in sorted(tally.troubled)),
        heights=tuple(Mark(y(10.0**e), 10.0**e) for e in range(low, high + 1)),
        times=tuple(
            Mark(round(n * step / seconds * WIDTH, 1), n * step)
            for n in range(floor(seconds / step) + 1)
        ),
    )


def bars(tally: LoadStats) -> tuple[Bar, ...]:
    """Return the histogram of latencies, each bar of the same relative width."""
    rows = list(tally.latencies().bars(BARS))
    most = max((count for *_, count in rows), default=1)
    width = WIDTH / max(len(rows), 1)
    return tuple(
        Bar(
            x=round(place * width, 1),
            y=round(HEIGHT * (1 - count / most), 1),
            width=round(max(width - 2, 1), 1),
            height=round(HEIGHT * count / most, 1),
            from_ms=from_ms,
            to_ms=to_ms,
            count=count,
        )
        for place, (from_ms, to_ms, count) in enumerate(rows)
    )


def _points(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x},{y}" for x, y in points)


def _round_step(about: float) -> float:
    """Return the 1, 2 or 5 of a power of ten that is next above."""
    power: float = 10.0 ** floor(log10(about))
    return next(power * m for m in (1, 2, 5, 10) if power * m >= about)
