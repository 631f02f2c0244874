"""Durations: "500ms", "30s", "5m", "24h", "2d", "23h59m" on the outside, integer ms inside."""

import re

from pivotal_sandbox.errors import InputError

MILLISECOND = 1
SECOND = 1000 * MILLISECOND
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

LONGEST = 36_500 * DAY  # what the calendar and the database hold with ease

_UNITS = {"d": DAY, "h": HOUR, "m": MINUTE, "s": SECOND, "ms": MILLISECOND}
_DURATION = re.compile("".join(rf"(?:([0-9]{{1,16}}){unit}(?![a-z]))?" for unit in _UNITS) + r"\Z")


def parse_duration(text: str) -> int:
    """Return the ms of a duration such as "23h59m": whole numbers, the largest unit first.

    Raises `InputError` for any other text, and for more than 36500 days.
    """
    match = _DURATION.match(text) if isinstance(text, str) else None
    if match is None or not text:
        raise InputError(
            f'"{str(text)[:40]}" is no duration: write whole numbers with d, h, m, s or ms, '
            'the largest first, such as "30s" or "23h59m".'
        )
    ms = sum(
        int(count) * unit
        for count, unit in zip(match.groups(), _UNITS.values(), strict=True)
        if count is not None
    )
    if ms > LONGEST:
        raise InputError(f'"{text[:40]}" is longer than the longest duration, 36500d.')
    return ms


def format_duration(ms: int) -> str:
    """Return what `parse_duration` reads back; `ms` is not negative. Days begin at "2d"."""
    parts = []
    for unit, size in _UNITS.items():
        if unit == "d" and ms < 2 * DAY:
            continue  # "24h" is how this product counts its retries
        count, ms = divmod(ms, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def format_seconds(ms: float) -> str:
    """Return a duration in seconds, without needless digits: "10 s", "0.25 s"."""
    return f"{ms / SECOND:g} s"


def format_elapsed(ms: float, digits: int = 2) -> str:
    """Return how long something took: whole ms below a second, then seconds with `digits`."""
    return f"{ms:.0f} ms" if ms < 999.5 else f"{ms / SECOND:.{digits}f} s"


_RATE_UNITS = {"s": SECOND, "m": MINUTE, "h": HOUR}
_RATE = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)/([smh])\Z")


def parse_rate(text: str) -> float:
    """Return how many a second "5/s", "0.5/s" or "30/m" are. Raises `InputError`."""
    match = _RATE.match(text)
    rate = float(match[1]) * SECOND / _RATE_UNITS[match[2]] if match else 0.0
    if rate <= 0:
        raise InputError(
            f'"{text[:40]}" is no rate: write how many of them in which time, such as "5/s", '
            '"30/m" or "1000/h".'
        )
    return rate
