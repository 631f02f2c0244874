"""Delete what is older than the retention period, every hour, in the background."""

import asyncio
import logging

from pivotal_sandbox.clock import Clock, sleep
from pivotal_sandbox.common.durations import HOUR
from pivotal_sandbox.domain import retry_policy
from pivotal_sandbox.errors import StoreError
from pivotal_sandbox.store.captures import Captures
from pivotal_sandbox.store.deliveries import Deliveries

_log = logging.getLogger(__name__)


class Retention:
    """Delete deliveries, their events and captures `keep` ms after they were created."""

    def __init__(
        self,
        clock: Clock,
        deliveries: Deliveries,
        captures: Captures,
        keep: int = retry_policy.RETENTION,
    ) -> None:
        self._clock = clock
        self._deliveries = deliveries
        self._captures = captures
        self._keep = keep

    def start(self, *, at_once: bool = True) -> None:
        """Prune every hour from now on; with `at_once` also now."""
        self._task = asyncio.create_task(self._run(at_once))

    def stop(self) -> None:
        """Stop pruning."""
        self._task.cancel()

    async def prune(self) -> int:
        """Delete what is out of date; return how many deliveries, events and captures that was."""
        before = self._clock.now() - self._keep
        dropped = await self._deliveries.prune(before) + await self._captures.prune(before)
        if dropped:
            await self._deliveries.shrink(dropped)
        return dropped

    async def _run(self, at_once: bool) -> None:
        if not at_once:
            await sleep(HOUR)
        while True:
            try:
                await self.prune()
            except StoreError as error:
                _log.error("What is out of date is not dropped yet: %s", error)
            await sleep(HOUR)
