"""What a jump of the clock brings: what is sure, and what follows if it fails or if it does not."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from pivotal_sandbox.domain.models import Delivery, Endpoint
from pivotal_sandbox.domain.retry_policy import RETRY_WINDOW, backoff

_JITTER = 0.5  # the middle: what is drawn lengthens a wait by 0 to 10 %
BARS = 48
WIDTH, HEIGHT = 480, 40


class Planned(NamedTuple):
    """A coming attempt; `exact` is whether its moment is settled, be it that it is made at all."""

    moment: int
    exact: bool


@dataclass(frozen=True, slots=True)
class Bar:
    """A part of the time: attempts that fall due for sure, and more if all before them fail."""

    x: float
    width: float
    due: float
    more: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """The time from `since` to `until` (ms).

    `due` attempts are made whatever happens; if every one fails there are `attempts` in all, and
    `lost` deliveries have failed at the end. `secrets` stop signing.
    """

    since: int
    until: int
    due: int
    attempts: int
    lost: int
    secrets: int
    bars: tuple[Bar, ...]


def planned(delivery: Delivery) -> list[Planned]:
    """Return when the attempts at a delivery fall due if all of them fail, the last one too."""
    due, first = delivery.next_attempt_at, delivery.first_failed_at
    if due is None:
        return []
    # The first failure is when the first attempt ends: of one that is not made yet, about now.
    deadline = (due if first is None else first) + RETRY_WINDOW
    plans, failures = [Planned(due, True)], delivery.attempt_count + 1
    while plans[-1].moment < deadline:
        moment = plans[-1].moment + backoff(failures, _JITTER)
        plans.append(Planned(min(moment, deadline), moment >= deadline and first is not None))
        failures += 1
    return plans


def make_forecast(
    plans: Iterable[Sequence[Planned]], endpoints: Iterable[Endpoint], since: int, until: int
) -> Forecast:
    """Return what lies between the two moments (ms), with the plans of what is still open."""
    first: list[int] = []
    more: list[int] = []
    lost = 0
    for its in plans:
        moments = [max(plan.moment, since) for plan in its]
        first += [moment for moment in moments[:1] if moment <= until]
        more += [moment for moment in moments[1:] if moment <= until]
        lost += bool(moments) and moments[-1] <= until
    return Forecast(
        since,
        until,
        len(first),
        len(first) + len(more),
        lost,
        sum(since < (endpoint.previous_secret_expires_at or 0) <= until for endpoint in endpoints),
        _bars(first, more, since, until),
    )


def _bars(first: Sequence[int], more: Sequence[int], since: int, until: int) -> tuple[Bar, ...]:
    counts = [[0, 0] for _ in range(BARS)]
    for which, moments in enumerate((first, more)):
        for moment in moments:
            counts[min((moment - since) * BARS // max(until - since, 1), BARS - 1)][which] += 1
    most = max(map(sum, counts)) or 1
    step = WIDTH / BARS
    return tuple(
        Bar(at * step, step - 1, round(due * HEIGHT / most, 1), round(rest * HEIGHT / most, 1))
        for at, (due, rest) in enumerate(counts)
        if due or rest
    )
