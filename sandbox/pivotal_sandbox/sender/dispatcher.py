"""Takes what is due, sends it, keeps what happened, and waits on the clock for what comes next."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush

from msgspec.structs import replace

from pivotal_sandbox.clock import Clock, sleep
from pivotal_sandbox.domain import retry_policy
from pivotal_sandbox.domain.models import Attempt, Delivery, Endpoint, Event, Outcome, Request
from pivotal_sandbox.domain.request import build_request
from pivotal_sandbox.errors import StoreError
from pivotal_sandbox.faults.injector import FaultInjector
from pivotal_sandbox.faults.signature import SigningContext

Send = Callable[[Request], Awaitable[Outcome]]
Keep = Callable[[Delivery, Attempt | None], Awaitable[None]]

_IN_FLIGHT_IN_ALL = 512  # each is a socket, of which a process has few
_LOOK_AGAIN = 5.0  # seconds: a machine that slept, or a clock that was set, is noticed by then
_KEEP_AGAIN = 1000  # ms until what could not be kept is tried again

_log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class _Work:
    delivery: Delivery
    event: Event | None  # None: read when its turn comes, so that what waits costs little memory
    cancelled: bool = False


@dataclass(slots=True, eq=False)
class _Lane:
    """What is due for one endpoint."""

    queue: deque[_Work] = field(default_factory=deque)
    in_flight: int = 0
    listed: bool = False


class Dispatcher:
    """Sends deliveries: few at a time per endpoint, the endpoints in turn.

    `send` gives an outcome and never raises; `keep` stores a delivery's new state with the attempt
    that led to it, and raises `StoreError` where it cannot. `mischief` sends what is spoiled.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        seed: str,
        send: Send,
        keep: Keep,
        event: Callable[[str], Awaitable[Event]],
        endpoint: Callable[[str], Endpoint | None],
        timestamp: Callable[[], int],
        on_attempt: Callable[[Delivery, Attempt], None],
        mischief: FaultInjector,
    ) -> None:
        self._clock = clock
        self._seed = seed
        self._send = send
        self._keep = keep
        self._event = event
        self._endpoint = endpoint
        self._timestamp = timestamp
        self._on_attempt = on_attempt
        self._mischief = mischief
        self._loop = asyncio.get_running_loop()
        self._due: list[tuple[int, str]] = []
        self._waiting: dict[str, Delivery] = {}
        self._active: dict[str, _Work] = {}
        self._behind: dict[str, list[_Work]] = {}
        self._lanes: dict[str, _Lane] = {}
        self._turns: deque[_Lane] = deque()
        self._in_flight = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._watches: list[tuple[set[str], asyncio.Future[None]]] = []
        self._timer: asyncio.TimerHandle | None = None

    def add(self, delivery: Delivery, event: Event | None = None) -> None:
        """Take over a delivery that is kept as open; the clock says when it is sent."""
        due = delivery.next_attempt_at or 0
        if due <= self._clock.now():
            self._enqueue(_Work(delivery, event))
            self._pump()
            return
        self._waiting[delivery.id] = delivery
        heappush(self._due, (due, delivery.id))
        if self._due[0][1] == delivery.id:
            self.look()

    def add_behind(self, first: str, delivery: Delivery, event: Event) -> None:
        """Take over a delivery that is sent after the attempt at another which is under way."""
        work = _Work(delivery, event)
        self._active[delivery.id] = work
        self._behind.setdefault(first, []).append(work)

    def look(self) -> None:
        """Start what has fallen due; to be called, too, when the clock was moved."""
        now = self._clock.now()
        while self._due and self._due[0][0] <= now:
            due, delivery_id = heappop(self._due)
            delivery = self._waiting.get(delivery_id)
            if delivery and delivery.next_attempt_at == due:
                del self._waiting[delivery_id]
                self._enqueue(_Work(delivery, None))
        self._pump()
        if self._timer:
            self._timer.cancel()
            self._timer = None
        seconds = self._clock.seconds_until(self._due[0][0]) if self._due else None
        if seconds is not None:
            self._timer = self._loop.call_later(min(seconds, _LOOK_AGAIN), self.look)

    def next_due(self) -> int | None:
        """Return when (ms) the next waiting delivery is due, or None if none waits."""
        while self._due and self._due[0][1] not in self._waiting:
            heappop(self._due)
        return self._due[0][0] if self._due else None

    def open_count(self) -> int:
        """Return how many deliveries are still to be delivered."""
        return len(self._waiting) + len(self._active)

    async def run_to(self, moment: int) -> None:
        """Move the clock to `moment` (ms), making every attempt that falls due on the way."""
        await self.settle()
        while (due := self.next_due()) is not None and due <= moment:
            self._clock.advance_to(due)
            self.look()
            await self.settle()
        self._clock.advance_to(moment)
        self.look()

    async def settle(self) -> None:
        """Return when all that is due at this moment has been sent and kept."""
        if self._active:
            watch = (set(self._active), self._loop.create_future())
            self._watches.append(watch)
            await watch[1]

    async def cancel(self, endpoint_id: str) -> None:
        """Give up what is pending for an endpoint; a request on the wire still ends in the log."""
        waiting = [d for d in self._waiting.values() if d.endpoint_id == endpoint_id]
        for delivery in waiting:
            del self._waiting[delivery.id]
        for work in self._active.values():
            if work.delivery.endpoint_id == endpoint_id:
                work.cancelled = True
        await asyncio.gather(*map(self._keep_cancelled, waiting))

    async def close(self) -> None:
        """Stop. What was on the wire is open still, and is sent again after a restart."""
        if self._timer:
            self._timer.cancel()
        self._due.clear()
        self._turns.clear()
        self._behind.clear()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for _, future in self._watches:
            future.cancel()

    def _enqueue(self, work: _Work) -> None:
        self._active[work.delivery.id] = work
        lane = self._lanes.get(work.delivery.endpoint_id)
        if lane is None:
            lane = self._lanes[work.delivery.endpoint_id] = _Lane()
        lane.queue.append(work)
        self._give_turn(lane)

    def _give_turn(self, lane: _Lane) -> None:
        if lane.queue and not lane.listed and lane.in_flight < retry_policy.IN_FLIGHT:
            lane.listed = True
            self._turns.append(lane)

    def _pump(self) -> None:
        while self._turns and self._in_flight < _IN_FLIGHT_IN_ALL:
            lane = self._turns.popleft()
            lane.listed = False
            work = lane.queue.popleft()
            lane.in_flight += 1
            self._in_flight += 1
            self._give_turn(lane)
            task = self._loop.create_task(self._work(lane, work))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _work(self, lane: _Lane, work: _Work) -> None:
        try:
            try:
                attempt = await self._attempt(work)
            finally:
                lane.in_flight -= 1
                self._in_flight -= 1
                self._give_turn(lane)
                self._pump()
            if attempt is None:
                await self._keep_cancelled(work.delivery)
            else:
                await self._conclude(work, attempt)
        finally:
            self._forget(work.delivery.id)

    async def _attempt(self, work: _Work) -> Attempt | None:
        """Send; return None, and send nothing, where the endpoint is gone."""
        delivery = work.delivery
        endpoint = self._endpoint(delivery.endpoint_id)
        if endpoint is None or not endpoint.enabled or work.cancelled:
            return None
        event = work.event or await self._event(delivery.event_id)
        started_at = self._clock.now()
        secrets, timestamp = endpoint.secrets(started_at), self._timestamp()
        request = build_request(
            delivery.id,
            event.type,
            event.body,
            url=delivery.url,
            secrets=secrets,
            timestamp=timestamp,
        )
        if delivery.fault is not None or self._mischief.chaos is not None:
            signing = self._mischief.signing(delivery, secrets, timestamp)
            return await self._attempt_spoilt(work, request, signing, started_at)
        outcome = await self._send(request)
        number = delivery.attempt_count + 1
        return Attempt(delivery.id, number, started_at, request.headers, outcome)

    async def _attempt_spoilt(
        self, work: _Work, planned: Request, signing: SigningContext, started_at: int
    ) -> Attempt | None:
        """Send as fault and chaos have it; of two attempts, conclude one and return the other."""
        delivery, number = work.delivery, work.delivery.attempt_count + 1
        request = await self._mischief.request(delivery, planned, signing, number)
        if request is None:
            return None

        async def attempt(number: int, started_at: int) -> Attempt:
            outcome = await self._mischief.send(delivery, request, number)
            body = None if request.sent == planned.body else request.sent
            return Attempt(delivery.id, number, started_at, request.headers, outcome, body)

        if number > 1 or delivery.fault not in ("duplicate", "concurrent-duplicate"):
            return await attempt(number, started_at)
        if delivery.fault == "duplicate":
            first = await attempt(number, started_at)
            if not first.outcome.ok or work.cancelled:
                return first
            await self._go_on(work, first)
            return await attempt(number + 1, self._clock.now())
        two = (attempt(number, started_at), attempt(number + 1, started_at))
        both = list(await asyncio.gather(*two))
        # They were the same moment's: the one that decides is counted as the last.
        both.sort(key=lambda one: (one.outcome.ok, retry_policy.is_retried(one.outcome)))
        first, last = (replace(one, number=number + at) for at, one in enumerate(both))
        await self._go_on(work, first)
        return last

    async def _go_on(self, work: _Work, attempt: Attempt) -> None:
        """Keep an attempt after which, whatever came of it, another one follows at once."""
        now = self._clock.now()
        decision = retry_policy.Decision("retrying", now)
        work.delivery = retry_policy.after(work.delivery, attempt, decision, now)
        await self._keep_surely(work.delivery, attempt)
        self._on_attempt(work.delivery, attempt)

    async def _conclude(self, work: _Work, attempt: Attempt) -> None:
        delivery, now = work.delivery, self._clock.now()
        ok, number = attempt.outcome.ok, attempt.number
        jitter = 0.0 if ok else retry_policy.jitter(self._seed, delivery.id, number)
        decision = retry_policy.decide(delivery, attempt, now, jitter)
        if work.cancelled and decision.status == "retrying":
            decision = retry_policy.Decision("cancelled")
        delivery = retry_policy.after(delivery, attempt, decision, now)
        await self._keep_surely(delivery, attempt)
        self._on_attempt(delivery, attempt)
        if delivery.next_attempt_at is not None:
            # Straight to the heap: a retry is never due at once, unless the clock was moved since.
            self._waiting[delivery.id] = delivery
            heappush(self._due, (delivery.next_attempt_at, delivery.id))
            if self._due[0][1] == delivery.id:
                self._loop.call_soon(self.look)

    async def _keep_cancelled(self, delivery: Delivery) -> None:
        now = self._clock.now()
        await self._keep_surely(
            replace(delivery, status="cancelled", next_attempt_at=None, completed_at=now), None
        )

    async def _keep_surely(self, delivery: Delivery, attempt: Attempt | None) -> None:
        # What happened, happened: it is held here until the store takes it.
        while True:
            try:
                return await self._keep(delivery, attempt)
            except StoreError as error:
                _log.error("Delivery %s is not kept yet: %s", delivery.id, error)
                await sleep(_KEEP_AGAIN)

    def _forget(self, delivery_id: str) -> None:
        self._active.pop(delivery_id, None)
        if self._behind:
            for work in self._behind.pop(delivery_id, ()):
                self._enqueue(work)
            self._pump()
        for watch in list(self._watches):
            ids, future = watch
            ids.discard(delivery_id)
            if not ids:
                self._watches.remove(watch)
                if not future.done():
                    future.set_result(None)
