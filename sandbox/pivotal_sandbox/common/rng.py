"""Draws from one source of randomness."""

import random
from collections.abc import Sequence
from typing import TypeVar

_T = TypeVar("_T")


class RandomSource:
    """What is drawn is the same for the same source. Leaner than `random`'s own methods."""

    def __init__(self, source: random.Random) -> None:
        self._random = source.random

    def chance(self, share: float) -> bool:
        """Return true in that share of the draws."""
        return self._random() < share

    def between(self, low: int, high: int) -> int:
        """Return an integer from low to high, both included."""
        return low + int(self._random() * (high - low + 1))

    def pick(self, options: Sequence[_T]) -> _T:
        """Return one of the options."""
        return options[int(self._random() * len(options))]

    def other(self, options: Sequence[_T], than: object) -> _T:
        """Return one of the options, but not the one given; there are two or more."""
        index = self.between(0, len(options) - 1)
        return options[index] if options[index] != than else options[index - 1]

    def some(self, options: Sequence[_T], most: int) -> list[_T]:
        """Return up to `most` neighbours among the options."""
        start = self.between(0, len(options) - 1)
        return list(options[start : start + self.between(0, most)])

    def digits(self, form: str) -> str:
        """Return the text with a digit in place of each #."""
        return "".join(str(self.between(0, 9)) if char == "#" else char for char in form)
