"""The sandbox's time: the one file that may read time or wait for it."""

import time
from collections.abc import Callable
from typing import Literal

from pivotal_sandbox.errors import InputError

ClockMode = Literal["system", "manual"]

MANUAL_START = 1_767_225_600_000  # 2026-01-01T00:00:00Z: a fixed start makes a seed reproducible


def wall_time() -> float:
    """Return the time of this machine, in Unix seconds."""
    return time.time()


class Clock:
    """Sandbox time in milliseconds. It runs at `speed` times the wall clock and can be moved.

    A manual clock is one of speed 0: it stands still but for `advance_to`. Time never goes back,
    also where the wall clock does.
    """

    def __init__(
        self,
        *,
        speed: float = 1.0,
        start: int | None = None,
        wall: Callable[[], float] = wall_time,
    ) -> None:
        self._wall = wall
        self._anchor = self._seen = wall()
        self._base = self._anchor * 1000 if start is None else float(start)
        self._speed = 0.0  # until it is set, so that not a moment passes since `start`
        self.set_speed(speed)

    @classmethod
    def manual(cls, start: int = MANUAL_START) -> "Clock":
        """Return a clock that stands still between advances."""
        return cls(speed=0, start=start)

    @property
    def mode(self) -> ClockMode:
        """'manual' where time stands still, else 'system'."""
        return "system" if self._speed else "manual"

    @property
    def speed(self) -> float:
        """How many sandbox seconds pass in a real one; 0 on a manual clock."""
        return self._speed

    def now(self) -> int:
        """Return the sandbox's time in ms."""
        wall = self._wall()
        if wall < self._seen:  # the wall clock was set back: go on from where we were
            self._base += (self._seen - self._anchor) * 1000 * self._speed
            self._anchor = wall
        self._seen = wall
        return int(self._base + (wall - self._anchor) * 1000 * self._speed)

    def wall(self) -> float:
        """Return the wall clock's Unix seconds, which receivers compare signatures with."""
        return self._wall()

    def advance_to(self, moment: int) -> None:
        """Move forward to `moment` (ms); do nothing if it is past."""
        if moment > self.now():
            self._base, self._anchor = float(moment), self._seen

    def set_speed(self, speed: float) -> None:
        """Run at `speed` from now on: 0 stops the clock, 1 is real time, at most a million."""
        if not 0 <= speed <= 1_000_000:
            raise InputError("The speed is from 0 (manual) to 1000000.", pointer="/speed")
        self._base, self._anchor = float(self.now()), self._seen
        self._speed = float(speed)

    def seconds_until(self, moment: int) -> float | None:
        """Return the real seconds until `moment`, or None if it does not come by itself."""
        remaining = moment - self.now()
        if remaining <= 0:
            return 0.0
        return remaining / 1000 / self._speed if self._speed else None


async def sleep(milliseconds: float) -> None:
    """Wait in real time: what a slow receiver, or a pause on the wire, is made of."""
    import asyncio  # the command line reads the clock too, and need not pay for this

    await asyncio.sleep(milliseconds / 1000)
