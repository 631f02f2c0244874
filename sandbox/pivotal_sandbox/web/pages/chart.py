"""How many deliveries there were lately, by time and state, as bars."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from pivotal_sandbox.domain.models import Status
from pivotal_sandbox.web.pages.formatting import Tone

BARS = 40
HEIGHT = 48
TONES: tuple[Tone, ...] = ("good", "warn", "bad", "idle")
_TONE: dict[Status, Tone] = {"delivered": "good", "retrying": "warn", "failed": "bad"}


@dataclass(frozen=True, slots=True)
class Part:
    """One state's part of a bar; `y` counts from above."""

    tone: Tone
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Bar:
    """What began from `since` on and before `until` (ms)."""

    since: int
    until: int
    total: int
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """The bars, the tallest of which stands for `most` deliveries."""

    since: int
    until: int
    most: int
    total: int
    bars: tuple[Bar, ...]


def chart_of(begun: Sequence[tuple[int, Status]], since: int, until: int) -> Chart:
    """Return the chart of what began between the two moments (ms): of when, and its status."""
    step = max(-(-(until - since) // BARS), 1)
    counts = [Counter[Tone]() for _ in range(BARS)]
    for moment, status in begun:
        place = (moment - since) // step
        if 0 <= place < BARS:
            counts[place][_TONE.get(status, "idle")] += 1
    most = max(map(Counter.total, counts))
    bars = [
        Bar(since + at * step, since + (at + 1) * step, count.total(), _parts(count, most))
        for at, count in enumerate(counts)
    ]
    return Chart(since, until, most, sum(map(Counter.total, counts)), tuple(bars))


def _parts(count: Counter[Tone], most: int) -> tuple[Part, ...]:
    parts: list[Part] = []
    y = float(HEIGHT)
    for tone in TONES:
        if count[tone]:
            # What failed is seen also where it is one in a thousand.
            height = max(count[tone] * HEIGHT / most, 2)
            y = max(y - height, 0)
            parts.append(Part(tone, round(y, 2), round(height, 2)))
    return tuple(parts)
