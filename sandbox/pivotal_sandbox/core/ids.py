"""Ids that sort by time, and secrets. The source of randomness is passed in, so both can be seeded.

An id is a prefix and 26 base62 characters: eight for the millisecond, eighteen that are random and,
within one millisecond, count upwards.
"""

import random
import re

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

EVENT = "evt_"
DELIVERY = "msg_"
ENDPOINT = "ep_"
CAPTURE = "cap_"

_PAIRS = [high + low for high in ALPHABET for low in ALPHABET]
_TIME_PAIRS, _RANDOM_PAIRS = 4, 9
_START = len(_PAIRS) ** _RANDOM_PAIRS // 2  # the upper half is room for 2**42 steps
_STEP = 2**64  # the next id within a millisecond is not to be guessed from the one before
_BASE62 = re.compile("[0-9A-Za-z]{26}")


def _base62(number: int, pairs: int) -> str:
    parts = []
    for _ in range(pairs):
        number, rest = divmod(number, len(_PAIRS))
        parts.append(_PAIRS[rest])
    return "".join(reversed(parts))


def lower_bound(prefix: str, now: int) -> str:
    """Return what every id made at or after `now` (ms) is not below: a time filter on ids."""
    return prefix + _base62(max(now, 0), _TIME_PAIRS)


def is_id(prefix: str, text: str) -> bool:
    """Say whether `text` has the form of an id with `prefix`."""
    return text.startswith(prefix) and _BASE62.fullmatch(text, len(prefix)) is not None


class Ids:
    """Makes ids from one source of randomness."""

    def __init__(self, source: random.Random) -> None:
        self._source = source
        self._now = 0
        self._time = _base62(0, _TIME_PAIRS)
        self._count = 0

    def new(self, prefix: str, now: int) -> str:
        """Return an id greater than every one with that prefix made before it.

        Where the clock went back, the last millisecond goes on; before 1970, that is the first.
        """
        if now > self._now:
            self._now, self._time = now, _base62(now, _TIME_PAIRS)
            self._count = self._source.randrange(_START)
        else:
            self._count += self._source.randrange(1, _STEP)
        return prefix + self._time + _base62(self._count, _RANDOM_PAIRS)


def new_secret(source: random.Random) -> str:
    """Return a signing secret: `whsec_` and 43 base62 characters (256 bits)."""
    return "whsec_" + "".join(source.choices(ALPHABET, k=43))
