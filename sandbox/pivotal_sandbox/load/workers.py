"""One process where it is enough; where nothing but speed limits it, one for each processor."""

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any

from pivotal_sandbox.errors import SandboxError
from pivotal_sandbox.load.report import Report
from pivotal_sandbox.load.runner import Ended, Load, run
from pivotal_sandbox.load.stats import LoadStats

MOST = 4  # processes: by then it is the receiver that is slow

_SIGNALS = (signal.SIGINT, signal.SIGTERM)

Told = Callable[[LoadStats], None]


def processes_for(load: Load) -> int:
    """Return how many processes a load takes: a rate is kept by one."""
    if load.rate is not None:
        return 1
    return max(1, min(os.cpu_count() or 1, MOST, load.connections))


def send(load: Load, tell: Told, *, processes: int | None = None) -> Report:
    """Send a load, telling how far it is; SIGINT and SIGTERM end it early.

    Raises `UnreachableError` where no connection comes about in the first place.
    """
    processes = processes or processes_for(load)
    total = LoadStats(load.slice_ms)

    def take(part: LoadStats) -> None:
        total.merge(part)
        tell(total)

    # uvloop leaves its own handlers behind.
    before = {signum: signal.getsignal(signum) for signum in _SIGNALS}
    try:
        ended = _run(_stoppable(load, take)) if processes == 1 else _together(load, processes, take)
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)
    return Report(load, processes, ended.took_ms, ended.stopped, total)


async def _stoppable(load: Load, tell: Told) -> Ended:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        loop.add_signal_handler(number, stop.set)
    return await run(load, tell, stop)


def _together(load: Load, processes: int, tell: Told) -> Ended:
    """Share the connections among processes."""
    context = multiprocessing.get_context("spawn")  # a fork would share the state of an event loop
    ends: list[Connection] = []
    crew: list[SpawnProcess] = []
    stopped = False

    def stop(*_: object) -> None:
        nonlocal stopped
        stopped = True
        for member in crew:
            member.terminate()

    def take(part: LoadStats) -> None:
        tell(part)
        if stopped:
            stop()  # again: a member that was still starting did not hear it

    # Ctrl-C reaches the whole crew; ignored while it starts, it cannot kill a member half-way.
    for signum in _SIGNALS:
        signal.signal(signum, signal.SIG_IGN)
    try:
        each, more = divmod(load.connections, processes)
        for number in range(processes):
            ours, theirs = context.Pipe(duplex=False)
            share = replace(load, connections=each + (number < more))
            member = context.Process(target=_member, args=(share, theirs), daemon=True)
            member.start()
            theirs.close()
            ends.append(ours)
            crew.append(member)
        for signum in _SIGNALS:
            signal.signal(signum, stop)
        took_ms = _heard(ends, take)
        return Ended(took_ms, stopped)
    finally:
        for member in crew:
            member.terminate()
            member.join()


def _heard(ends: list[Connection], tell: Told) -> float:
    """Take what the processes say until all have ended; return how long they sent."""
    took_ms = 0.0
    while ends:
        for end in wait(ends):
            assert isinstance(end, Connection)
            try:
                said = end.recv()
            except EOFError:
                ends.remove(end)
                continue
            if isinstance(said, SandboxError):
                raise said
            if isinstance(said, LoadStats):
                tell(said)
            else:
                took_ms = max(took_ms, said.took_ms)
    return took_ms


def _member(load: Load, told: Connection) -> None:
    # A sender that wakes for each answer takes the processor from a receiver beside it, which then
    # answers one at a time. As a batch job it waits its turn: a third more gets through.
    if hasattr(os, "sched_setscheduler"):
        with suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    try:
        told.send(_run(_stoppable(load, told.send)))
    except SandboxError as error:
        told.send(error)


def _run(main: Coroutine[Any, Any, Ended]) -> Ended:
    try:
        import uvloop
    except ImportError:
        return asyncio.run(main)
    ended: Ended = uvloop.run(main)
    return ended
