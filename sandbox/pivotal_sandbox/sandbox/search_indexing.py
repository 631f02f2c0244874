"""Index payloads for search while the sandbox has little else to do."""

import asyncio
import logging

from pivotal_sandbox.clock import sleep
from pivotal_sandbox.errors import StoreError
from pivotal_sandbox.store.database import Database
from pivotal_sandbox.store.search import fill, waiting

_INTERVAL_MS = 1000
_CALM_EVENTS = 100  # at most so many new events since the last run count as little to do
_MAX_UNINDEXED = 100_000  # index anyway beyond this: each search scans the events not indexed

_log = logging.getLogger(__name__)


class SearchIndexing:
    """Index new events when few arrive: indexing an event costs more than storing it."""

    def __init__(
        self,
        database: Database,
        *,
        interval_ms: int = _INTERVAL_MS,
        max_unindexed: int = _MAX_UNINDEXED,
    ) -> None:
        self._database = database
        self._interval_ms = interval_ms
        self._max_unindexed = max_unindexed
        self._newest = 0

    def start(self) -> None:
        """Index in the background from now on."""
        self._task = asyncio.create_task(self._run())

    def stop(self) -> None:
        """Stop indexing. Search still finds events that are not indexed."""
        self._task.cancel()

    async def _run(self) -> None:
        while True:
            await sleep(self._interval_ms)
            try:
                await self.fill()
            except StoreError as error:
                _log.error("The index of the payloads is not filled yet: %s", error)

    async def fill(self) -> None:
        """Index all new events if few came since the last run, else only those beyond the limit."""
        before = self._newest
        while True:
            self._newest, unindexed = await waiting(self._database)
            if not unindexed or (
                self._newest - before > _CALM_EVENTS and unindexed < self._max_unindexed
            ):
                return
            await fill(self._database)
