"""Waits for a saved change, and for the receiver to answer again after it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from watchfiles import Change, DefaultFilter, awatch

from pivotal_sandbox.clock import sleep
from pivotal_sandbox.common.urls import parse_url
from pivotal_sandbox.domain.models import Request
from pivotal_sandbox.sender.egress import AddressGuard
from pivotal_sandbox.sender.failures import Failure
from pivotal_sandbox.sender.pool import Pool

DEBOUNCE_MS = 400  # saves that follow each other sooner are one
SETTLE_MS = 1_000  # how long a receiver may take to notice the change and go down
ASK_MS = 1_000
POLL_MS = 50

# What a handler writes itself while it is tried: taken for a save, it would be tried for ever.
_WRITTEN = (".db", ".sqlite", ".sqlite3", "-wal", "-shm", "-journal", ".log", ".jsonl", ".pid")


class Saved(DefaultFilter):
    """Lets pass what a person saves in these files and folders, and not what a handler writes."""

    def __init__(self, paths: Sequence[Path]) -> None:
        super().__init__()
        self._files = {path.resolve() for path in paths if not path.is_dir()}
        self._folders = [path.resolve() for path in paths if path.is_dir()]

    def __call__(self, change: Change, path: str) -> bool:
        if path in map(str, self._files):
            return True
        inside = any(Path(path).is_relative_to(folder) for folder in self._folders)
        return inside and not path.endswith(_WRITTEN) and super().__call__(change, path)


@dataclass(frozen=True, slots=True)
class Receiver:
    """Where it takes events, and what answers 2xx to a GET once it is ready, if there is such."""

    url: str
    health: str | None = None
    allow_hosts: tuple[str, ...] = ()

    async def answers(self) -> bool:
        """Say whether it takes a connection, or, where it has one, whether its health is good."""
        pool = Pool(AddressGuard(self.allow_hosts))
        try:
            if self.health is not None:
                place = parse_url(self.health)
                headers = (("host", place.authority), ("accept", "*/*"))
                request = Request("GET", self.health, headers, b"")
                return (await pool.exchange(request, timeout_ms=ASK_MS)).ok
            deadline = asyncio.get_running_loop().time() + ASK_MS / 1000
            made = await pool.connect(parse_url(self.url), deadline, ASK_MS, make=pool.new)
            if isinstance(made, Failure):
                return False
            made.abort()
            return True
        finally:
            await pool.close()


class Watch:
    """Calls `attempt` with the changed paths once the receiver answers again after each save.

    Saves that come while it waits, or tries, lead to one more attempt. `down` is called where the
    receiver does not answer, once for each time that it goes down.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        receiver: Receiver,
        attempt: Callable[[list[str]], Awaitable[None]],
        *,
        down: Callable[[], None],
        settle_ms: float = SETTLE_MS,
    ) -> None:
        self._paths = paths
        self._receiver = receiver
        self._attempt = attempt
        self._down = down
        self._settle_ms = settle_ms
        self._saved = asyncio.Event()
        self._changed: set[str] = set()

    async def run(self, stop: asyncio.Event, *, ready: Callable[[], None]) -> None:
        """Watch until `stop` is set; `ready` is called once changes are seen."""
        seeing = asyncio.create_task(self._see(stop))
        trying = asyncio.create_task(self._try())
        stopping = asyncio.create_task(stop.wait())
        try:
            ready()
            done, _ = await asyncio.wait(
                {seeing, trying, stopping}, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                task.result()
        finally:
            stop.set()
            for task in (trying, stopping):
                task.cancel()
            await asyncio.wait({seeing, trying, stopping})

    async def _see(self, stop: asyncio.Event) -> None:
        # A file's folder, because an editor that saves by renaming leaves a watch on the old file.
        folders = {path if path.is_dir() else path.absolute().parent for path in self._paths}
        async for changes in awatch(
            *folders,
            watch_filter=Saved(self._paths),
            debounce=DEBOUNCE_MS,
            step=POLL_MS,
            stop_event=stop,
            recursive=any(path.is_dir() for path in self._paths),
            ignore_permission_denied=True,
        ):
            self._changed |= {path for _, path in changes}
            self._saved.set()

    async def _try(self) -> None:
        while True:
            await self._saved.wait()
            self._saved.clear()
            if not await self._is_back():
                continue
            changed, self._changed = sorted(self._changed), set()
            await self._attempt(changed)

    async def _is_back(self) -> bool:
        """Wait until it answers after the change; return False where another one comes before.

        One that reloads goes down a moment after the save; until then its old code would answer.
        """
        began, went_down = perf_counter(), False
        while not self._saved.is_set():
            up = await self._receiver.answers()
            if up and (went_down or (perf_counter() - began) * 1000 >= self._settle_ms):
                return True
            if not up and not went_down:
                went_down = True
            elif not up and (perf_counter() - began) * 1000 >= self._settle_ms:
                self._down()
                began = float("inf")
            await sleep(POLL_MS)
        return False
