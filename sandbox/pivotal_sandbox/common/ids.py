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
_TWO, _FOUR, _SIX, _EIGHT = (62**length for length in (2, 4, 6, 8))
_START = 62**18 // 2  # the upper half is room for 2**42 steps
_STEP = 64  # bits: the next id within a millisecond is not to be guessed from the one before
_BASE62 = re.compile("[0-9A-Za-z]{26}")


def _eight(number: int) -> str:
    """Return eight base62 characters, written out because each delivery takes nine of them."""
    return (
        f"{_PAIRS[number // _SIX]}{_PAIRS[number // _FOUR % _TWO]}"
        f"{_PAIRS[number // _TWO % _TWO]}{_PAIRS[number % _TWO]}"
    )


def _eighteen(number: int) -> str:
    rest, low = divmod(number, _EIGHT)
    high, middle = divmod(rest, _EIGHT)
    return _PAIRS[high] + _eight(middle) + _eight(low)


def lower_bound(prefix: str, now: int) -> str:
    """Return what every id made at or after `now` (ms) is not below: a time filter on ids."""
    return prefix + _moment(now)


def _moment(now: int) -> str:
    """Return the characters of a time (ms); 1970 and the year 8888 are as far as they go."""
    return _eight(min(max(now, 0), _EIGHT - 1))


def is_id(prefix: str, text: str) -> bool:
    """Say whether `text` has the form of an id with `prefix`."""
    return text.startswith(prefix) and _BASE62.fullmatch(text, len(prefix)) is not None


class Ids:
    """Makes ids from one source of randomness."""

    def __init__(self, source: random.Random) -> None:
        self._source = source
        self._now = 0
        self._time = _eight(0)
        self._count = 0

    def new(self, prefix: str, now: int) -> str:
        """Return an id greater than every one with that prefix made before it.

        Where the clock went back, the last millisecond goes on; before 1970, that is the first.
        """
        if now > self._now:
            self._now, self._time = now, _moment(now)
            self._count = self._source.randrange(_START)
        else:
            self._count += 1 + self._source.getrandbits(_STEP)
        return prefix + self._time + _eighteen(self._count)


def new_secret(source: random.Random) -> str:
    """Return a signing secret: `whsec_` and 43 base62 characters (256 bits)."""
    return "whsec_" + "".join(source.choices(ALPHABET, k=43))
