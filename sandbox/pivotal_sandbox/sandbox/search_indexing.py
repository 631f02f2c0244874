"""Fills the index of the payloads while there is little else to do."""

import asyncio
import logging

from pivotal_sandbox.clock import sleep
from pivotal_sandbox.errors import StoreError
from pivotal_sandbox.store.database import Database
from pivotal_sandbox.store.search import fill, waiting

_EVERY = 1000  # ms
_CALM = 100  # events since the last time, at most: little else is to do
_BEHIND = 100_000  # events that may wait for that; each search looks through them

_log = logging.getLogger(__name__)


class SearchIndexing:
    """Takes new events into the index, which costs more than to keep them, when there are few."""

    def __init__(self, database: Database, *, every: int = _EVERY, behind: int = _BEHIND) -> None:
        self._database = database
        self._every = every
        self._behind = behind
        self._newest = 0

    def start(self) -> None:
        """Fill the index from now on."""
        self._task = asyncio.create_task(self._run())

    def stop(self) -> None:
        """Fill it no more; what it does not hold is found all the same."""
        self._task.cancel()

    async def _run(self) -> None:
        while True:
            await sleep(self._every)
            try:
                await self.fill()
            except StoreError as error:
                _log.error("The index of the payloads is not filled yet: %s", error)

    async def fill(self) -> None:
        """Take in all that is new if it was calm since the last time, else what is too much."""
        before = self._newest
        while True:
            self._newest, behind = await waiting(self._database)
            if not behind or (self._newest - before > _CALM and behind < self._behind):
                return
            await fill(self._database)
