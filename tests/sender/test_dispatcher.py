"""The dispatcher against a network that is a function, on clocks that tests move."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest
from msgspec.structs import replace

from pivotal_sandbox.clock import MANUAL_START, Clock
from pivotal_sandbox.common.durations import HOUR, SECOND
from pivotal_sandbox.domain.catalog_loader import load_catalog
from pivotal_sandbox.domain.models import (
    Attempt,
    Delivery,
    Endpoint,
    Event,
    Outcome,
    Request,
    Response,
    Timing,
)
from pivotal_sandbox.domain.retry_policy import IN_FLIGHT
from pivotal_sandbox.errors import StoreError
from pivotal_sandbox.faults.injector import FaultInjector
from pivotal_sandbox.sender.dispatcher import Dispatcher

OK = Outcome(Timing(1.0), Response(200, (), b""))
DOWN = Outcome(Timing(1.0), Response(503, (), b""))


async def answer_ok(request: Request) -> Outcome:
    return OK


async def answer_down(request: Request) -> Outcome:
    return DOWN


@dataclass
class World:
    """A dispatcher with all that it reads and tells, as plain collections."""

    send: Callable[[Request], Awaitable[Outcome]] = answer_ok
    clock: Clock = field(default_factory=Clock.manual)
    endpoints: dict[str, Endpoint] = field(default_factory=dict)
    kept: list[tuple[Delivery, Attempt | None]] = field(default_factory=list)
    told: list[Attempt] = field(default_factory=list)
    events_read: list[str] = field(default_factory=list)
    refusals: int = 0

    def __post_init__(self) -> None:
        self.dispatcher = Dispatcher(
            clock=self.clock,
            seed="7",
            send=lambda request: self.send(request),
            keep=self.keep,
            event=self.event,
            endpoint=self.endpoints.get,
            timestamp=lambda: self.clock.now() // 1000,
            on_attempt=lambda delivery, attempt: self.told.append(attempt),
            mischief=FaultInjector(
                seed="7",
                send=lambda request: self.send(request),
                attempts=self.attempts,
                catalog=load_catalog,
                has_socket=lambda url: True,
            ),
        )
        self.add_endpoint("ep_a")

    async def keep(self, delivery: Delivery, attempt: Attempt | None) -> None:
        if self.refusals:
            self.refusals -= 1
            raise StoreError("the disk is full")
        self.kept.append((delivery, attempt))

    async def attempts(self, delivery_id: str) -> list[Attempt]:
        return [a for _, a in self.kept if a is not None and a.delivery_id == delivery_id]

    async def event(self, event_id: str) -> Event:
        self.events_read.append(event_id)
        return Event(event_id, "customer.updated", "test", MANUAL_START, b"{}")

    def add_endpoint(self, id: str, **changes: bool) -> None:
        endpoint = Endpoint(id, "http://127.0.0.1:1/", "test", "whsec_x", MANUAL_START)
        self.endpoints[id] = replace(endpoint, **changes)

    def delivery(self, number: int, endpoint_id: str = "ep_a", **changes: object) -> Delivery:
        now = self.clock.now()
        delivery = Delivery(
            id=f"msg_{number:04}",
            event_id="evt_1",
            event_type="customer.updated",
            endpoint_id=endpoint_id,
            mode="test",
            url=f"http://127.0.0.1:1/{endpoint_id}/{number}",
            created_at=now,
            next_attempt_at=now,
        )
        return replace(delivery, **changes)

    async def advance(self, duration: int) -> None:
        await self.dispatcher.run_to(self.clock.now() + duration)


async def test_a_delivery_that_is_due_is_sent_and_kept() -> None:
    world = World()
    world.dispatcher.add(world.delivery(1))
    await world.dispatcher.settle()

    [(delivery, attempt)] = world.kept
    assert delivery.status == "delivered"
    assert attempt is not None
    assert attempt.number == delivery.attempt_count == 1
    assert world.told == [attempt]


async def test_a_retry_waits_for_its_time_and_reads_its_event_only_then() -> None:
    world = World(send=answer_down)
    event = Event("evt_1", "customer.updated", "test", MANUAL_START, b"{}")
    world.dispatcher.add(world.delivery(1), event)
    await world.dispatcher.settle()
    assert world.events_read == []
    due = world.dispatcher.next_due()
    assert due is not None
    assert due >= MANUAL_START + 30 * SECOND

    world.clock.advance_to(due - 1)
    world.dispatcher.look()
    await world.dispatcher.settle()
    assert len(world.kept) == 1

    world.clock.advance_to(due)
    world.dispatcher.look()
    await world.dispatcher.settle()
    assert len(world.kept) == 2
    assert world.events_read == ["evt_1"]


async def test_a_receiver_that_is_down_gets_15_attempts_the_last_24_h_after_the_first_failure() -> (
    None
):
    world = World(send=answer_down)
    world.dispatcher.add(world.delivery(1))
    await world.advance(48 * HOUR)

    assert [delivery.status for delivery, _ in world.kept] == ["retrying"] * 14 + ["failed"]
    times = [attempt.started_at - MANUAL_START for attempt in world.told]
    assert times[-1] == 24 * HOUR
    assert world.dispatcher.next_due() is None


async def test_at_most_16_are_in_flight_per_endpoint_and_none_is_left_behind() -> None:
    gate = asyncio.Event()
    in_flight: Counter[str] = Counter()
    most: Counter[str] = Counter()

    async def send(request: Request) -> Outcome:
        endpoint = request.url.split("/")[3]
        in_flight[endpoint] += 1
        most[endpoint] = max(most[endpoint], in_flight[endpoint])
        await gate.wait()
        in_flight[endpoint] -= 1
        return OK

    world = World(send=send)
    world.add_endpoint("ep_b")
    for number in range(100):
        world.dispatcher.add(world.delivery(number, "ep_a"))
    for number in range(100, 103):
        world.dispatcher.add(world.delivery(number, "ep_b"))
    settled = asyncio.create_task(world.dispatcher.settle())
    while sum(in_flight.values()) < IN_FLIGHT + 3:
        await asyncio.wait_for(asyncio.shield(_turn()), 5)

    assert in_flight == {"ep_a": IN_FLIGHT, "ep_b": 3}
    gate.set()
    await settled
    assert most["ep_a"] == IN_FLIGHT
    assert len(world.kept) == 103


async def test_endpoints_take_turns_when_there_is_more_than_all_may_have_in_flight() -> None:
    gate = asyncio.Event()
    order: list[str] = []

    async def send(request: Request) -> Outcome:
        order.append(request.url.split("/")[3])
        if len(order) <= 512:
            await gate.wait()
        return OK

    world = World(send=send)
    names = [f"ep_{number:02}" for number in range(40)]
    for name in names:
        world.add_endpoint(name)
        for number in range(20):
            world.dispatcher.add(world.delivery(hash_of(name) * 100 + number, name))
    settled = asyncio.create_task(world.dispatcher.settle())
    while len(order) < 512:
        await _turn()
    gate.set()
    await settled

    assert len(order) == 800
    assert Counter(order) == dict.fromkeys(names, 20)


async def test_an_endpoint_that_is_gone_has_its_delivery_cancelled_unsent() -> None:
    world = World()
    world.dispatcher.add(world.delivery(1, "ep_gone"))
    world.add_endpoint("ep_off", enabled=False)
    world.dispatcher.add(world.delivery(2, "ep_off"))
    await world.dispatcher.settle()

    assert [(d.status, d.next_attempt_at, attempt) for d, attempt in world.kept] == [
        ("cancelled", None, None)
    ] * 2


async def test_cancelling_ends_what_waits_and_what_is_on_the_wire_is_not_retried() -> None:
    gate, sending = asyncio.Event(), asyncio.Event()

    async def send(request: Request) -> Outcome:
        sending.set()
        await gate.wait()
        return DOWN

    world = World(send=send)
    world.dispatcher.add(world.delivery(1))
    world.dispatcher.add(world.delivery(2, next_attempt_at=world.clock.now() + HOUR))
    world.dispatcher.add(world.delivery(3, "ep_b", next_attempt_at=world.clock.now() + HOUR))
    await asyncio.wait_for(sending.wait(), 5)
    await world.dispatcher.cancel("ep_a")
    assert [(d.id, d.status) for d, _ in world.kept] == [("msg_0002", "cancelled")]

    gate.set()
    await world.dispatcher.settle()
    delivery = world.kept[-1][0]
    assert (delivery.id, delivery.status) == ("msg_0001", "cancelled")
    assert world.dispatcher.next_due() is not None  # ep_b's goes on


async def test_what_the_store_refuses_is_held_until_it_takes_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = World(refusals=1)
    with caplog.at_level(logging.ERROR):
        world.dispatcher.add(world.delivery(1))
        await asyncio.wait_for(world.dispatcher.settle(), 10)

    assert [delivery.status for delivery, _ in world.kept] == ["delivered"]
    assert "msg_0001 is not kept yet: the disk is full" in caplog.text


async def test_on_a_running_clock_a_retry_comes_by_itself() -> None:
    answers = iter([DOWN, OK])
    done = asyncio.Event()

    async def send(request: Request) -> Outcome:
        outcome = next(answers)
        if outcome is OK:
            done.set()
        return outcome

    world = World(send=send, clock=Clock(speed=1000))
    world.dispatcher.add(world.delivery(1))
    await asyncio.wait_for(done.wait(), 10)
    await world.dispatcher.settle()
    assert [delivery.status for delivery, _ in world.kept] == ["retrying", "delivered"]
    await world.dispatcher.close()


async def test_closing_leaves_open_what_is_on_the_wire_or_queued_behind_it() -> None:
    never = asyncio.Event()
    sending = asyncio.Event()

    async def send(request: Request) -> Outcome:
        sending.set()
        await never.wait()
        return OK

    world = World(send=send, clock=Clock())
    for number in range(IN_FLIGHT + 1):
        world.dispatcher.add(world.delivery(number))
    world.dispatcher.add(world.delivery(99, next_attempt_at=world.clock.now() + HOUR))
    await asyncio.wait_for(sending.wait(), 5)
    settling = asyncio.create_task(world.dispatcher.settle())
    await _turn()
    await world.dispatcher.close()

    assert world.kept == []
    with pytest.raises(asyncio.CancelledError):
        await settling


def hash_of(name: str) -> int:
    return int(name.removeprefix("ep_"))


async def _turn() -> None:
    """Let everything that is ready run once."""
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    loop.call_soon(future.set_result, None)
    await future


async def test_what_waits_behind_another_is_sent_once_that_was_attempted() -> None:
    world = World(send=answer_down)
    event = Event("evt_1", "customer.updated", "test", MANUAL_START, b"{}")
    world.dispatcher.add(world.delivery(1), event)
    world.dispatcher.add_behind("msg_0001", world.delivery(2), event)
    world.dispatcher.add_behind("msg_0001", world.delivery(3), event)
    await world.dispatcher.settle()
    assert [delivery.id for delivery, _ in world.kept] == ["msg_0001", "msg_0002", "msg_0003"]


@dataclass
class Held:
    """A network that holds back its answers until it is told."""

    begun: asyncio.Event = field(default_factory=asyncio.Event)
    opened: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, request: Request) -> Outcome:
        self.begun.set()
        await self.opened.wait()
        return OK


async def test_what_waits_behind_another_is_cancelled_with_its_endpoint() -> None:
    held = Held()
    world = World(send=held)
    event = Event("evt_1", "customer.updated", "test", MANUAL_START, b"{}")
    world.dispatcher.add(world.delivery(1), event)
    world.dispatcher.add_behind("msg_0001", world.delivery(2), event)
    await held.begun.wait()
    await world.dispatcher.cancel("ep_a")
    held.opened.set()
    await world.dispatcher.settle()
    assert [delivery.status for delivery, _ in world.kept] == ["delivered", "cancelled"]


async def test_what_waits_behind_another_is_left_open_at_the_end() -> None:
    held = Held()
    world = World(send=held)
    event = Event("evt_1", "customer.updated", "test", MANUAL_START, b"{}")
    world.dispatcher.add(world.delivery(1), event)
    world.dispatcher.add_behind("msg_0001", world.delivery(2), event)
    await held.begun.wait()
    held.begun.clear()
    await world.dispatcher.close()
    assert world.kept == []
    assert not held.begun.is_set()


async def test_what_is_cancelled_while_it_is_sent_has_no_duplicate() -> None:
    held = Held()
    world = World(send=held)
    world.dispatcher.add(world.delivery(1, fault="duplicate"))
    await held.begun.wait()
    await world.dispatcher.cancel("ep_a")
    held.opened.set()
    await world.dispatcher.settle()
    [(delivery, _)] = world.kept
    assert (delivery.status, delivery.attempt_count) == ("delivered", 1)


async def test_what_cannot_be_repeated_verbatim_is_cancelled() -> None:
    world = World()
    world.dispatcher.add(world.delivery(1, fault="verbatim", replay_of="msg_0000"))
    await world.dispatcher.settle()
    [(delivery, attempt)] = world.kept
    assert (delivery.status, attempt) == ("cancelled", None)
