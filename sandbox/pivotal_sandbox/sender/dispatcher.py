"""Send what is due, record each attempt, and wait on the clock for the next one."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Protocol

from msgspec.structs import replace

from pivotal_sandbox.clock import Clock, sleep
from pivotal_sandbox.domain import retry_policy
from pivotal_sandbox.domain.models import (
    Attempt,
    Delivery,
    Endpoint,
    Event,
    Headers,
    Outcome,
    Request,
)
from pivotal_sandbox.domain.request import build_request
from pivotal_sandbox.errors import StoreError
from pivotal_sandbox.faults.injector import FaultInjector
from pivotal_sandbox.faults.registry import find_fault
from pivotal_sandbox.faults.signature import SigningContext

Send = Callable[[Request], Awaitable[Outcome]]

_MAX_IN_FLIGHT = 512  # each attempt needs a socket, and a process has few
_MAX_TIMER_S = 5.0  # notice within this time that the machine slept or its clock was set
_STORE_RETRY_MS = 1000

_log = logging.getLogger(__name__)


class DeliveryLog(Protocol):
    """What the dispatcher reads before an attempt, and where it records what came of it."""

    def find_endpoint(self, endpoint_id: str) -> Endpoint | None:
        """Return the endpoint, or None if it was deleted."""
        ...

    async def read_event(self, event_id: str) -> Event:
        """Return the event of a delivery."""
        ...

    def note_start(self, delivery_id: str, number: int, started_at: int, headers: Headers) -> int:
        """Note that an attempt is about to be sent; return what `note_end` takes."""
        ...

    def note_end(self, note: int) -> None:
        """Drop a note after its attempt was recorded."""
        ...

    async def record(self, delivery: Delivery, attempt: Attempt | None) -> None:
        """Store a delivery's new state with the attempt that led to it. Raises `StoreError`."""
        ...


class SigningTime(Protocol):
    """The time that signatures carry."""

    def timestamp(self) -> float:
        """Return the Unix seconds that a signature made now carries."""
        ...


@dataclass(slots=True, eq=False)
class _Job:
    delivery: Delivery
    event: Event | None  # None: read it just before the attempt, so that waiting jobs stay small
    cancelled: bool = False
    notes: list[int] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class _EndpointQueue:
    """The due deliveries of one endpoint."""

    jobs: deque[_Job] = field(default_factory=deque)
    in_flight: int = 0
    is_ready: bool = False  # it is in the dispatcher's list of queues that may start a job


class Dispatcher:
    """Send deliveries: few at a time per endpoint, the endpoints in turn.

    `send` returns an outcome and never raises. `seed` draws the retry jitter. `fault_injector`
    alters what a fault or chaos changes.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        seed: str,
        send: Send,
        log: DeliveryLog,
        signing_time: SigningTime,
        fault_injector: FaultInjector,
    ) -> None:
        self._clock = clock
        self._seed = seed
        self._send = send
        self._delivery_log = log
        self._signing_time = signing_time
        self._fault_injector = fault_injector
        self._loop = asyncio.get_running_loop()
        self._scheduled: dict[str, Delivery] = {}
        self._schedule: list[tuple[int, str]] = []  # a heap; entries of removed deliveries stay
        self._active: dict[str, _Job] = {}
        self._following: dict[str, list[_Job]] = {}
        self._queues: dict[str, _EndpointQueue] = {}
        self._ready_queues: deque[_EndpointQueue] = deque()
        self._in_flight = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._settle_waiters: list[tuple[set[str], asyncio.Future[None]]] = []
        self._timer: asyncio.TimerHandle | None = None

    def add(self, delivery: Delivery, event: Event | None = None) -> None:
        """Send a stored, open delivery once it is due."""
        due = delivery.next_attempt_at or 0
        if due <= self._clock.now():
            self._enqueue(_Job(delivery, event))
            self._start_queued_jobs()
            return
        if self._add_to_schedule(delivery, due):
            self.start_due_attempts()

    def add_after(self, first_id: str, delivery: Delivery, event: Event) -> None:
        """Send a delivery after the current attempt at another one has ended."""
        job = _Job(delivery, event)
        self._active[delivery.id] = job
        self._following.setdefault(first_id, []).append(job)

    def start_due_attempts(self) -> None:
        """Start every attempt that is due. Call it after moving the clock, too."""
        now = self._clock.now()
        while self._schedule and self._schedule[0][0] <= now:
            due, delivery_id = heappop(self._schedule)
            delivery = self._scheduled.get(delivery_id)
            if delivery and delivery.next_attempt_at == due:
                del self._scheduled[delivery_id]
                self._enqueue(_Job(delivery, None))
        self._start_queued_jobs()
        if self._timer:
            self._timer.cancel()
            self._timer = None
        seconds = self._clock.seconds_until(self._schedule[0][0]) if self._schedule else None
        if seconds is not None:
            delay = min(seconds, _MAX_TIMER_S)
            self._timer = self._loop.call_later(delay, self.start_due_attempts)

    def next_due(self) -> int | None:
        """Return when (ms) the next scheduled delivery is due, or None if none is scheduled."""
        while self._schedule and self._schedule[0][1] not in self._scheduled:
            heappop(self._schedule)
        return self._schedule[0][0] if self._schedule else None

    def open_count(self) -> int:
        """Return how many deliveries are still to be delivered."""
        return len(self._scheduled) + len(self._active)

    async def run_to(self, moment: int) -> None:
        """Move the clock to `moment` (ms), making every attempt that is due on the way."""
        await self.settle()
        while (due := self.next_due()) is not None and due <= moment:
            self._clock.advance_to(due)
            self.start_due_attempts()
            await self.settle()
        self._clock.advance_to(moment)
        self.start_due_attempts()

    async def settle(self) -> None:
        """Return when everything that is due now has been sent and recorded."""
        if self._active:
            future = self._loop.create_future()
            self._settle_waiters.append((set(self._active), future))
            await future

    async def cancel(self, endpoint_id: str) -> None:
        """Cancel what is pending for an endpoint. A request on the wire still ends in the log."""
        scheduled = [d for d in self._scheduled.values() if d.endpoint_id == endpoint_id]
        for delivery in scheduled:
            del self._scheduled[delivery.id]
        for job in self._active.values():
            if job.delivery.endpoint_id == endpoint_id:
                job.cancelled = True
        await asyncio.gather(*map(self._record_cancelled, scheduled))

    async def close(self) -> None:
        """Stop. Attempts in flight end without a record; the notes of their start stay."""
        if self._timer:
            self._timer.cancel()
        self._schedule.clear()
        self._ready_queues.clear()
        self._following.clear()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for _, future in self._settle_waiters:
            future.cancel()

    def _add_to_schedule(self, delivery: Delivery, due: int) -> bool:
        """Schedule a delivery; return whether it is the next one due."""
        self._scheduled[delivery.id] = delivery
        heappush(self._schedule, (due, delivery.id))
        return self._schedule[0][1] == delivery.id

    def _enqueue(self, job: _Job) -> None:
        self._active[job.delivery.id] = job
        queue = self._queues.get(job.delivery.endpoint_id)
        if queue is None:
            queue = self._queues[job.delivery.endpoint_id] = _EndpointQueue()
        queue.jobs.append(job)
        self._mark_if_ready(queue)

    def _mark_if_ready(self, queue: _EndpointQueue) -> None:
        if queue.jobs and not queue.is_ready and queue.in_flight < retry_policy.IN_FLIGHT:
            queue.is_ready = True
            self._ready_queues.append(queue)

    def _start_queued_jobs(self) -> None:
        while self._ready_queues and self._in_flight < _MAX_IN_FLIGHT:
            queue = self._ready_queues.popleft()
            queue.is_ready = False
            job = queue.jobs.popleft()
            queue.in_flight += 1
            self._in_flight += 1
            self._mark_if_ready(queue)
            task = self._loop.create_task(self._run_job(queue, job))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _run_job(self, queue: _EndpointQueue, job: _Job) -> None:
        try:
            try:
                attempt = await self._make_attempt(job)
            finally:
                queue.in_flight -= 1
                self._in_flight -= 1
                self._mark_if_ready(queue)
                self._start_queued_jobs()
            if attempt is None:
                await self._record_cancelled(job.delivery)
            else:
                await self._record_last_attempt(job, attempt)
            for note in job.notes:
                self._delivery_log.note_end(note)
        finally:
            self._finish(job.delivery.id)

    async def _make_attempt(self, job: _Job) -> Attempt | None:
        """Send the delivery. Return None, and send nothing, if its endpoint is gone or disabled."""
        delivery = job.delivery
        endpoint = self._delivery_log.find_endpoint(delivery.endpoint_id)
        if endpoint is None or not endpoint.enabled or job.cancelled:
            return None
        event = job.event or await self._delivery_log.read_event(delivery.event_id)
        started_at = self._clock.now()
        secrets = endpoint.secrets(started_at)
        timestamp = int(self._signing_time.timestamp())
        request = build_request(
            delivery.id,
            event.type,
            event.body,
            url=delivery.url,
            secrets=secrets,
            timestamp=timestamp,
        )
        if delivery.fault is not None or self._fault_injector.chaos is not None:
            signing = self._fault_injector.signing(delivery, secrets, timestamp)
            return await self._make_altered_attempt(job, request, signing, started_at)
        number = delivery.attempt_count + 1
        self._note_start(job, number, started_at, request)
        outcome = await self._send(request)
        return Attempt(delivery.id, number, started_at, request.headers, outcome)

    async def _make_altered_attempt(
        self, job: _Job, planned: Request, signing: SigningContext, started_at: int
    ) -> Attempt | None:
        """Send as fault and chaos say. Record the first of two attempts and return the last."""
        delivery, number = job.delivery, job.delivery.attempt_count + 1
        request = await self._fault_injector.request(delivery, planned, signing, number)
        if request is None:
            return None

        async def attempt(number: int, started_at: int) -> Attempt:
            self._note_start(job, number, started_at, request)
            outcome = await self._fault_injector.send(delivery, request, number)
            body = None if request.sent == planned.body else request.sent
            return Attempt(delivery.id, number, started_at, request.headers, outcome, body)

        fault = find_fault(delivery.fault)
        if number > 1 or fault is None or fault.attempts == 1:
            return await attempt(number, started_at)
        if not fault.concurrent:
            first = await attempt(number, started_at)
            if not first.outcome.ok or job.cancelled:
                return first
            await self._record_repeated_attempt(job, first)
            return await attempt(number + 1, self._clock.now())
        both = list(
            await asyncio.gather(attempt(number, started_at), attempt(number + 1, started_at))
        )
        # Both started at the same moment. Number the one that decides the delivery as the last.
        both.sort(key=lambda each: (each.outcome.ok, retry_policy.is_retried(each.outcome)))
        first, last = (replace(each, number=number + index) for index, each in enumerate(both))
        await self._record_repeated_attempt(job, first)
        return last

    def _note_start(self, job: _Job, number: int, started_at: int, request: Request) -> None:
        note = self._delivery_log.note_start(job.delivery.id, number, started_at, request.headers)
        job.notes.append(note)

    async def _record_repeated_attempt(self, job: _Job, attempt: Attempt) -> None:
        """Record an attempt that another one follows at once, whatever its outcome."""
        now = self._clock.now()
        decision = retry_policy.Decision("retrying", now)
        job.delivery = retry_policy.after(job.delivery, attempt, decision, now)
        await self._record_until_stored(job.delivery, attempt)

    async def _record_last_attempt(self, job: _Job, attempt: Attempt) -> None:
        """Record the attempt and what the retry policy decides after it; schedule the retry."""
        delivery, now = job.delivery, self._clock.now()
        decision = retry_policy.decide_with_seed(delivery, attempt, now, self._seed)
        if job.cancelled and decision.status == "retrying":
            decision = retry_policy.Decision("cancelled")
        delivery = retry_policy.after(delivery, attempt, decision, now)
        await self._record_until_stored(delivery, attempt)
        if delivery.next_attempt_at is not None and self._add_to_schedule(
            delivery, delivery.next_attempt_at
        ):
            # In the next turn of the loop: a retry is due now only if the clock was moved.
            self._loop.call_soon(self.start_due_attempts)

    async def _record_cancelled(self, delivery: Delivery) -> None:
        now = self._clock.now()
        await self._record_until_stored(
            replace(delivery, status="cancelled", next_attempt_at=None, completed_at=now), None
        )

    async def _record_until_stored(self, delivery: Delivery, attempt: Attempt | None) -> None:
        # Keep retrying until the store accepts the attempt: it must never be lost.
        while True:
            try:
                return await self._delivery_log.record(delivery, attempt)
            except StoreError as error:
                _log.error("Delivery %s is not kept yet: %s", delivery.id, error)
                await sleep(_STORE_RETRY_MS)

    def _finish(self, delivery_id: str) -> None:
        self._active.pop(delivery_id, None)
        if self._following:
            for job in self._following.pop(delivery_id, ()):
                self._enqueue(job)
            self._start_queued_jobs()
        for waiter in list(self._settle_waiters):
            delivery_ids, future = waiter
            delivery_ids.discard(delivery_id)
            if not delivery_ids:
                self._settle_waiters.remove(waiter)
                if not future.done():
                    future.set_result(None)
