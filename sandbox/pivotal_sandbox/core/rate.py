"""Rates: "5/s", "30/m", "1000/h" on the outside, so many a second inside."""

import re

from pivotal_sandbox.core.duration import HOUR, MINUTE, SECOND
from pivotal_sandbox.errors import InputError

_UNITS = {"s": SECOND, "m": MINUTE, "h": HOUR}
_RATE = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)/([smh])\Z")


def parse_rate(text: str) -> float:
    """Return how many a second "5/s", "0.5/s" or "30/m" are. Raises `InputError`."""
    match = _RATE.match(text)
    rate = float(match[1]) * SECOND / _UNITS[match[2]] if match else 0.0
    if rate <= 0:
        raise InputError(
            f'"{text[:40]}" is no rate: write how many of them in which time, such as "5/s", '
            '"30/m" or "1000/h".'
        )
    return rate
