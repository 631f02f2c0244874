"""The due times of a load, the connections that are free for them, and the count of what came."""

import asyncio
from collections.abc import Awaitable, Callable
from math import ceil
from time import perf_counter

from pivotal_sandbox.clock import sleep
from pivotal_sandbox.load.connection import LoadConnection
from pivotal_sandbox.load.stats import LoadStats
from pivotal_sandbox.sender.failures import Failure

TIMER_MS = 2.0  # what a timer of the event loop is late by itself
REFUSED_PAUSE_MS = 50  # where nobody listens, asking at once again is no load but a loop

Done = Callable[[LoadConnection, str], None]


class Sending:
    """Sends what `make` returns at `rate` a second, or, where that is None, as answers come.

    `slots` requests are in flight at most, each on a connection that `connect` opens when it is
    first needed. It works in callbacks of the event loop: a task for each slot would cost as much
    as the signature.
    """

    def __init__(
        self,
        make: Callable[[], bytes],
        connect: Callable[[Done], Awaitable[LoadConnection | Failure]],
        *,
        rate: float | None,
        duration_ms: int,
        slots: int,
        slice_ms: float,
    ) -> None:
        self._make = make
        self._connect = connect
        self._rate = rate
        self._duration_ms = duration_ms
        self._slots = slots
        self._slice_ms = slice_ms
        self._free: list[LoadConnection | None] = [None] * slots  # the last one was used last
        self._lanes: set[LoadConnection] = set()
        self._opening: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._taken = 0  # due times that a slot was free for
        self._tally = LoadStats(slice_ms)
        # Most answers are like the one before: those are counted many at once.
        self._alike = ""
        self._latencies: list[float] = []
        self._slice = 0
        self._slice_begin = self._slice_end = 0.0
        self._left: float | None = None
        self.finished = asyncio.Event()

    async def open(self) -> Failure | None:
        """Open the first connection; or say why there is none."""
        made = await self._connect(self._answered)
        if isinstance(made, Failure):
            return made
        self._lanes.add(made)
        self._free[-1] = made
        return None

    def start(self) -> None:
        """Begin; `finished` is set once the time is over, and all that was sent is answered."""
        self._loop = asyncio.get_running_loop()
        self._start = perf_counter()
        self._end = self._start + self._duration_ms / 1000
        self._use()

    def stop(self) -> None:
        """Send no more."""
        self._left = self._left or perf_counter()
        self._use()

    async def close(self) -> None:
        """Close the connections; what is in flight is not waited for."""
        if self._timer is not None:
            self._timer.cancel()
        for task in self._opening:
            task.cancel()
        if self._opening:
            await asyncio.wait(self._opening)
        for lane in self._lanes:
            lane.forget()
        for lane in self._lanes:
            await lane.closed.wait()

    @property
    def took_ms(self) -> float:
        """How long it was sent."""
        return ((self._left or self._end) - self._start) * 1000

    def take(self) -> LoadStats:
        """Return what was counted since the last time."""
        self._settle()
        taken, self._tally = self._tally, LoadStats(self._slice_ms)
        return taken

    def rest(self) -> LoadStats:
        """Return the last of it, with what was due by now, but not sent."""
        rest, rate = self.take(), self._rate
        if rate is not None:
            due = ceil(self._duration_ms / 1000 * rate)
            if self._left is not None:
                due = min(due, int((self._left - self._start) * rate) + 1)
            rest.unsent = max(due - self._taken, 0)
        return rest

    def _use(self) -> None:
        """Send what is due on the slots that are free."""
        while self._free:
            due = now = perf_counter()
            if self._rate is not None:
                due = self._start + self._taken / self._rate
            if self._left is not None or max(due, now) >= self._end:
                if len(self._free) == self._slots:
                    self.finished.set()
                return
            if due > now:
                if self._timer is None:
                    self._timer = self._loop.call_later(due - now, self._fall_due)
                return
            lane = self._free.pop()
            if lane is None or lane.is_reusable():
                self._taken += 1
                self._send(lane, due)
            else:
                self._lanes.discard(lane)
                lane.forget()
                self._give_back(None)

    def _fall_due(self) -> None:
        self._timer = None
        self._use()

    def _send(self, lane: LoadConnection | None, due: float) -> None:
        request = self._make()
        began = perf_counter()
        # From when it was due, so that a receiver that keeps all connections busy cannot hide how
        # long the next ones wait; but what is only the timer's own lateness is not the receiver's.
        if (began - due) * 1000 > TIMER_MS:
            began = due
        if lane is None:
            self._open(request, began, due)
        else:
            lane.send(request, began, due)

    def _open(self, request: bytes, began: float, due: float) -> None:
        task = asyncio.create_task(self._send_on_another(request, began, due))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    async def _send_on_another(self, request: bytes, began: float, due: float) -> None:
        made = await self._connect(self._answered)
        if isinstance(made, LoadConnection):
            self._lanes.add(made)
            made.send(request, began, due)
            return
        self._count(made.error, began, due)
        await sleep(REFUSED_PAUSE_MS)
        self._give_back(None)
        self._use()

    def _give_back(self, lane: LoadConnection | None) -> None:
        """Have a slot free again: what is open goes before what would have to be opened."""
        if lane is None:
            self._free.insert(0, None)
        else:
            self._free.append(lane)

    def _answered(self, lane: LoadConnection, answer: str) -> None:
        if not lane.alive:
            self._lanes.discard(lane)
        elif self._rate is None:
            self._count(answer, lane.began, lane.due)
            if self._left is None and (due := perf_counter()) < self._end:
                request = self._make()
                lane.send(request, perf_counter(), due)
                return
            self._free.append(lane)
            self._use()
            return
        self._count(answer, lane.began, lane.due)
        self._give_back(lane if lane.alive else None)
        self._use()

    def _count(self, answer: str, began: float, due: float) -> None:
        if answer != self._alike or not self._slice_begin <= due < self._slice_end:
            self._settle()
            self._alike = answer
            slice_s = self._slice_ms / 1000
            self._slice = self._tally.slice_of((due - self._start) * 1000)
            self._slice_begin = self._start + self._slice * slice_s
            self._slice_end = self._slice_begin + slice_s
        self._latencies.append((perf_counter() - began) * 1000)

    def _settle(self) -> None:
        if self._latencies:
            self._tally.extend(self._alike, self._latencies, self._slice)
            self._latencies = []
