"""The drawings of the inspector: deliveries over time, and the timeline of attempts."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import log1p

from pivotal_sandbox.common.durations import DAY, HOUR, MINUTE, SECOND
from pivotal_sandbox.domain.models import Attempt, Delivery, Status
from pivotal_sandbox.domain.retry_policy import RETRY_WINDOW
from pivotal_sandbox.web.pages.clock_forecast import planned
from pivotal_sandbox.web.pages.formatting import Pill, Tone, outcome_pill, span

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


def chart_of(started: Sequence[tuple[int, Status]], since: int, until: int) -> Chart:
    """Return the chart of what began between the two moments (ms): of when, and its status."""
    step = max(-(-(until - since) // BARS), 1)
    counts = [Counter[Tone]() for _ in range(BARS)]
    for moment, status in started:
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


WIDTH, LEFT, RIGHT = 640, 20, 20
_SCALE = 10 * SECOND  # of the logarithm: what happens within is drawn about as it is
_LONG = 2 * HOUR  # from here on the axis is logarithmic
_TICKS = (SECOND, 5 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE, 30 * MINUTE)
_LATER = (HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR, 12 * HOUR, 16 * HOUR, 20 * HOUR, DAY)
_APART = 46  # between two labels
_CLEAR = 30  # between a label and the 24 h mark


@dataclass(frozen=True, slots=True)
class Dot:
    """An attempt. A planned one has no pill; `exact` is whether its moment is settled."""

    x: float
    number: int
    moment: int
    pill: Pill | None = None
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Timeline:
    """Where to draw what. `deadline` is the 24 h mark, `now` the present, where they are in it."""

    dots: tuple[Dot, ...]
    ticks: tuple[tuple[float, str], ...]
    deadline: float | None
    now: float | None
    logarithmic: bool


def timeline(delivery: Delivery, attempts: Sequence[Attempt], now: int) -> Timeline:
    """Return the timeline of a delivery at `now` (ms)."""
    plans = planned(delivery)[: None if delivery.first_failed_at is not None else 1]
    start = attempts[0].started_at if attempts else delivery.created_at
    end = max([start + SECOND, *(a.started_at for a in attempts), *(plan.moment for plan in plans)])
    if delivery.status == "retrying":
        end = max(end, min(now, end + DAY))
    is_long = end - start >= _LONG
    reach = WIDTH - LEFT - RIGHT

    def x(moment: int) -> float:
        past = max(moment - start, 0)
        whole = end - start
        share = log1p(past / _SCALE) / log1p(whole / _SCALE) if is_long else past / whole
        return round(LEFT + reach * min(share, 1), 1)

    first = delivery.first_failed_at
    deadline = first + RETRY_WINDOW if first is not None else None
    mark = x(deadline) if deadline is not None and start < deadline <= end + MINUTE else None
    dots = [Dot(x(a.started_at), a.number, a.started_at, outcome_pill(a.outcome)) for a in attempts]
    dots += [
        Dot(x(plan.moment), delivery.attempt_count + 1 + at, plan.moment, exact=plan.exact)
        for at, plan in enumerate(plans)
    ]
    return Timeline(
        tuple(dots),
        tuple(_ticks(start, end, x, mark)),
        mark,
        x(now) if start <= now <= end else None,
        is_long,
    )


def _ticks(start: int, end: int, x: object, mark: float | None) -> list[tuple[float, str]]:
    assert callable(x)
    ticks: list[tuple[float, str]] = []
    free = float(LEFT)
    for after in (*_TICKS, *_LATER):
        place = x(start + after)
        clear = mark is None or abs(place - mark) > _CLEAR
        if start + after <= end and place >= free + _APART and clear:
            ticks.append((place, f"+{span(after)}"))
            free = place
    return ticks
