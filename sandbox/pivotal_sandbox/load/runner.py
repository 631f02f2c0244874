"""Sends, in one process: at due times that were fixed before, or as fast as answers come."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from time import perf_counter
from typing import Any

from pivotal_sandbox import data
from pivotal_sandbox.clock import sleep
from pivotal_sandbox.core.model import Response
from pivotal_sandbox.core.policy import TIMEOUT
from pivotal_sandbox.core.url import parse_url
from pivotal_sandbox.engine.guard import Guard
from pivotal_sandbox.engine.pool import Pool
from pivotal_sandbox.errors import InputError, UnreachableError
from pivotal_sandbox.load.line import Line
from pivotal_sandbox.load.material import Material
from pivotal_sandbox.load.tally import Tally

TOLD_MS = 250  # how often it says how far it is
TIMER_MS = 2.0  # what a timer of the event loop is late by itself
GRACE_MS = 1_000  # after a stop, for what is in flight
REFUSED_PAUSE_MS = 50  # where nobody listens, asking at once again is no load but a loop
SLICES = 60


@dataclass(frozen=True, slots=True)
class Load:
    """What to send: `rate` a second, or None for as fast as answers come, for `duration_ms`.

    At most `connections` requests are in flight. `catalog` is a file of event types in place of the
    built-in ones.
    """

    url: str
    secret: str
    rate: float | None
    duration_ms: int
    connections: int
    allow_hosts: tuple[str, ...] = ()
    catalog: Path | None = None
    timeout_ms: int = TIMEOUT

    def __post_init__(self) -> None:
        parse_url(self.url)
        if self.rate is not None and self.rate <= 0:
            raise InputError("The rate is more than nothing: 200 is 200 a second.", pointer="/rate")
        if self.duration_ms <= 0:
            raise InputError("It takes some time: 30s, for example.", pointer="/duration")
        if self.connections < 1:
            raise InputError("It takes a connection or more.", pointer="/connections")

    @property
    def slice_ms(self) -> float:
        """How long a part of the run is, of which the report shows the latencies."""
        return max(self.duration_ms / SLICES, 100)


@dataclass(frozen=True, slots=True)
class Ended:
    """How long it was sent, and whether it was stopped before its time."""

    took_ms: float
    stopped: bool


async def run(load: Load, tell: Callable[[Tally], None], stop: asyncio.Event) -> Ended:
    """Send until the time is over or `stop` is set, and tell what came of it, piece by piece.

    What is in flight at the end is waited for; after a stop, for a second. Raises
    `UnreachableError` where no connection comes about in the first place.
    """
    url = parse_url(load.url)
    tls = None
    if url.scheme == "https":
        from pivotal_sandbox.engine.trust import trusting

        tls = trusting()
    catalog = data.load_catalog(load.catalog)
    source = random.Random(random.SystemRandom().getrandbits(128))  # asking the system takes longer
    material = Material(load.url, load.secret, catalog, source)
    pool = Pool(Guard(load.allow_hosts), keep=0)
    line = Line(pool, url, timeout_ms=load.timeout_ms, tls=tls)
    if failure := await line.connect():
        raise UnreachableError(failure.detail)
    sending = _Sending(load, line, material, stop)
    telling = asyncio.create_task(_tell(sending, tell))
    try:
        await _finished([sending.work() for _ in range(load.connections)], stop)
    finally:
        telling.cancel()
        await line.close()
        tell(sending.rest())
    return Ended(sending.took_ms, stop.is_set())


async def _finished(workers: list[Coroutine[Any, Any, None]], stop: asyncio.Event) -> None:
    """Wait for all, but after a stop not for long."""
    stopped: asyncio.Task[Any] = asyncio.create_task(stop.wait())
    working: set[asyncio.Task[Any]] = {asyncio.create_task(worker) for worker in workers}
    try:
        while working and not stop.is_set():
            done, _ = await asyncio.wait({*working, stopped}, return_when=asyncio.FIRST_COMPLETED)
            for one in done & working:
                one.result()
            working -= done
        if working:
            _, working = await asyncio.wait(working, timeout=GRACE_MS / 1000)
    finally:
        for one in (stopped, *working):
            one.cancel()
        await asyncio.wait({stopped, *working})


async def _tell(sending: "_Sending", tell: Callable[[Tally], None]) -> None:
    while True:
        await sleep(TOLD_MS)
        tell(sending.take())


class _Sending:
    """The due times, and the count of what came of them."""

    def __init__(self, load: Load, line: Line, material: Material, stop: asyncio.Event) -> None:
        self._load = load
        self._line = line
        # At a rate there is time to sign each as it falls due.
        self._make = material.from_stock if load.rate is None else material.next
        self._stop = stop
        self._taken = 0  # due times that a connection was free for
        self._missed = 0
        self._tally = Tally(load.slice_ms)
        self._start = perf_counter()
        self._end = self._start + load.duration_ms / 1000
        self._left: float | None = None

    @property
    def took_ms(self) -> float:
        """How long it was sent."""
        return ((self._left or self._end) - self._start) * 1000

    def take(self) -> Tally:
        """Return what was counted since the last time."""
        taken, self._tally = self._tally, Tally(self._load.slice_ms)
        return taken

    def rest(self) -> Tally:
        """Return the last of it, with what was due by now, but not sent."""
        rest, rate = self.take(), self._load.rate
        if rate is not None:
            due = ceil(self._load.duration_ms / 1000 * rate)
            if self._left is not None:
                due = min(due, int((self._left - self._start) * rate) + 1)
            rest.unsent = self._missed + max(due - self._taken, 0)
        return rest

    async def work(self) -> None:
        """Send one request after the other, on whichever connection is free."""
        while not self._stop.is_set():
            due = now = perf_counter()
            if self._load.rate is not None:
                due = self._start + self._taken / self._load.rate
                self._taken += 1
            if due >= self._end:
                return
            if due > now:
                await self._wait(due)
            elif now >= self._end:
                self._missed += 1
                return
            if not self._stop.is_set():
                await self._send(due)
        self._left = self._left or perf_counter()

    async def _wait(self, due: float) -> None:
        while (wait_ms := (due - perf_counter()) * 1000) > 0 and not self._stop.is_set():
            await sleep(min(wait_ms, TOLD_MS))

    async def _send(self, due: float) -> None:
        request = self._make()
        began = perf_counter()
        # From when it was due, so that a receiver that keeps all connections busy cannot hide how
        # long the next ones wait; but what is only the timer's own lateness is not the receiver's.
        if (began - due) * 1000 > TIMER_MS:
            began = due
        result = await self._line.exchange(request)
        latency_ms = (perf_counter() - began) * 1000
        at_ms = (due - self._start) * 1000
        if isinstance(result, Response):
            self._tally.add(str(result.status_code), latency_ms, at_ms)
            return
        self._tally.add(result.error, latency_ms, at_ms)
        if not result.connected:
            await sleep(REFUSED_PAUSE_MS)
