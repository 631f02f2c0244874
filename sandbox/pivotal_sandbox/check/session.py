"""One run of the battery against one receiver: its requests, log, effects and limits."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter

from pivotal_sandbox.check.client import ReceiverClient
from pivotal_sandbox.check.model import Exchange
from pivotal_sandbox.check.options import CheckOptions
from pivotal_sandbox.check.probe import Probe
from pivotal_sandbox.check.request import CheckRequest
from pivotal_sandbox.clock import sleep

MAX_REQUESTS = 300
POLL_MS = 25
MAX_RECONNECTS = 6


Restart = Callable[[], Awaitable[None]]
"""Kills the receiver without a word and starts it again.

Raises `InputError` where it cannot be killed, and `UnreachableError` where it does not come back.
"""


class OverError(Exception):
    """The run cannot send any more requests; the text says why."""


_DEFAULTS = CheckOptions()


@dataclass(frozen=True, slots=True)
class Settings:
    """The receiver of a run, its secret, the seed that was drawn or given, and the options."""

    url: str
    secret: str
    seed: int
    options: CheckOptions = _DEFAULTS

    @property
    def timeout_ms(self) -> float:
        """How long a response may take."""
        return self.options.timeout * 1000


@dataclass(frozen=True, slots=True)
class Trace:
    """An exchange with the id of its check.

    `under_load` where its duration says little about the receiver: sent slowly, or in a crowd.
    """

    case_id: str
    request: CheckRequest
    exchange: Exchange
    under_load: bool = False


@dataclass(frozen=True, slots=True)
class ReceiverCrash:
    """The crash of the receiver: the check and the request that caused it."""

    case_id: str
    exchange: Exchange


@dataclass
class Session:
    """Sends the requests of all checks within the limits, and logs the exchanges."""

    settings: Settings
    client: ReceiverClient
    now: int
    probe: Probe | None = None
    restart: Restart | None = None
    log: list[Trace] = field(default_factory=list)
    crash: ReceiverCrash | None = None
    lag_ms: float = 0.0  # from the first ack to its effect

    def __post_init__(self) -> None:
        self._sent = 0
        self._next_at = 0.0
        self._hostile: tuple[str, CheckRequest] | None = None
        self._crash_check = asyncio.Lock()

    async def send(
        self,
        case_id: str,
        request: CheckRequest,
        *,
        hostile: bool,
        concurrent: bool = False,
        piece: int = 0,
        pause_ms: float = 0,
        timeout_ms: float | None = None,
    ) -> Exchange:
        """Send one request. Raises `OverError` where the receiver is dead, or turns out to be."""
        await self._await_turn(1)
        if hostile:
            self._hostile = case_id, request
        exchange = await self.client.send(
            request, piece=piece, pause_ms=pause_ms, timeout_ms=timeout_ms
        )
        self.log.append(Trace(case_id, request, exchange, under_load=bool(piece) or concurrent))
        await self._check_alive(case_id, exchange)
        if hostile:
            self._hostile = None
        return exchange

    async def send_concurrently(
        self, case_id: str, requests: Sequence[CheckRequest]
    ) -> list[Exchange]:
        """Send requests that are complete at the same moment."""
        await self._await_turn(len(requests))
        exchanges = await self.client.send_concurrently(requests)
        self.log += [
            Trace(case_id, request, exchange, under_load=True)
            for request, exchange in zip(requests, exchanges, strict=True)
        ]
        for exchange in exchanges:
            await self._check_alive(case_id, exchange)
        return exchanges

    async def follow(
        self, case_id: str, first: CheckRequest, second: CheckRequest
    ) -> list[Exchange]:
        """Send two requests on one connection."""
        await self._await_turn(2)
        exchanges = await self.client.follow(first, second)
        self.log += [
            Trace(case_id, request, exchange)
            for request, exchange in zip((first, second), exchanges, strict=False)
        ]
        for exchange in exchanges:
            await self._check_alive(case_id, exchange)
        return exchanges

    async def send_partial(self, request: CheckRequest, size: int) -> Exchange:
        """Send `size` bytes of the body and close. Not logged, because there is no answer."""
        await self._await_turn(1)
        return await self.client.send_partial(request, size)

    async def measure_first_effect(self, id: str) -> int:
        """Return the effect count of the first accepted event, and measure its lag."""
        started_at = perf_counter()
        counts = await self.counts([id])
        self.lag_ms = (perf_counter() - started_at) * 1000 - self.quiet_ms
        if counts[id] != 1:
            self.probe = None  # its other counts cannot be trusted either
        return counts[id]

    async def counts(self, ids: Sequence[str], *, expected: int = 1) -> dict[str, int]:
        """Return how often each event took effect.

        Waits until all have the `expected` count, up to a limit, then looks on for more.
        """
        assert self.probe is not None
        waited_ms = 0.0
        while True:
            counts = await self.probe.counts(ids)
            if all(count >= expected for count in counts.values()):
                break
            if waited_ms >= self.settings.options.waits.settle_ms:
                return counts
            await sleep(POLL_MS)
            waited_ms += POLL_MS
        await sleep(self.quiet_ms)
        return await self.probe.counts(ids)

    @property
    def quiet_ms(self) -> float:
        """How long to look for a second effect."""
        waits = self.settings.options.waits
        return min(max(waits.quiet_ms, 2 * self.lag_ms), waits.settle_ms)

    async def _await_turn(self, count: int) -> None:
        if self.crash is not None:
            raise OverError("not run: the receiver had died")
        if self._sent + count > MAX_REQUESTS:
            raise OverError(f"not run: the limit of {MAX_REQUESTS} requests is reached")
        self._sent += count
        if self.settings.options.pace:
            loop = asyncio.get_running_loop()
            start = max(self._next_at, loop.time())
            self._next_at = start + count / self.settings.options.pace
            await sleep((start - loop.time()) * 1000)

    async def _check_alive(self, case_id: str, exchange: Exchange) -> None:
        """Find out after a missing answer whether the receiver crashed."""
        if exchange.status is not None or exchange.failure == "protocol":
            return
        async with self._crash_check:
            if self.crash is None and not await self._is_alive(exchange):
                self.crash = self._attribute_crash(case_id, exchange)
        if self.crash is not None:
            raise OverError("not run: the receiver had died")

    def _attribute_crash(self, case_id: str, exchange: Exchange) -> ReceiverCrash:
        """Return the crash with its likeliest cause: the hostile request in flight, if any."""
        if self._hostile is None:
            return ReceiverCrash(case_id, exchange)
        case_id, request = self._hostile
        sent = replace(
            exchange, sent=request.sent, head_size=len(request.head), label=request.label
        )
        return ReceiverCrash(case_id, sent)

    async def _is_alive(self, exchange: Exchange) -> bool:
        """Repeat a request that was answered before; give a restarting receiver some time."""
        request = next((t.request for t in self.log if t.exchange.status is not None), None)
        if request is None:  # a receiver that never answered has not crashed
            return True
        for attempt in range(MAX_RECONNECTS):
            if attempt:
                await sleep(self.settings.options.waits.gone_pause_ms)
            answer = await self.client.send(request)
            if answer.status is not None:
                return True
            if answer.failure == "timeout":
                return False
        return False
