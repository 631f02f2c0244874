"""The dispatcher with a function for the network and a clock that tests move."""

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
    Headers,
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
class Setup:
    """A dispatcher over plain collections: its network, its log and its clock."""

    send: Callable[[Request], Awaitable[Outcome]] = answer_ok
    clock: Clock = field(default_factory=Clock.manual)
    endpoints: dict[str, Endpoint] = field(default_factory=dict)
    records: list[tuple[Delivery, Attempt | None]] = field(default_factory=list)
    events_read: list[str] = field(default_factory=list)
    notes: list[tuple[str, int]] = field(default_factory=list)
    ended_notes: list[tuple[int, int]] = field(default_factory=list)
    store_errors: int = 0

    def __post_init__(self) -> None:
        self.dispatcher = Dispatcher(
            clock=self.clock,
            seed="7",
            send=lambda request: self.send(request),
            log=self,
            signing_time=self,
            fault_injector=FaultInjector(
                seed="7",
                send=lambda request: self.send(request),
                attempts=self.attempts_of,
                catalog=load_catalog,
                has_socket=lambda url: True,
            ),
        )
        self.add_endpoint("ep_a")

    def timestamp(self) -> float:
        return self.clock.now() / 1000

    def find_endpoint(self, endpoint_id: str) -> Endpoint | None:
        return self.endpoints.get(endpoint_id)

    async def read_event(self, event_id: str) -> Event:
        self.events_read.append(event_id)
        return Event(event_id, "customer.updated", "test", MANUAL_START, b"{}")

    def note_start(self, delivery_id: str, number: int, started_at: int, headers: Headers) -> int:
        self.notes.append((delivery_id, number))
        return len(self.notes)

    def note_end(self, note: int) -> None:
        self.ended_notes.append((note, len(self.records)))

    async def record(self, delivery: Delivery, attempt: Attempt | None) -> None:
        if self.store_errors:
            self.store_errors -= 1
            raise StoreError("the disk is full")
        self.records.append((delivery, attempt))

    async def attempts_of(self, delivery_id: str) -> list[Attempt]:
        return [attempt for attempt in self.attempts if attempt.delivery_id == delivery_id]

    @property
    def attempts(self) -> list[Attempt]:
        return [attempt for _, attempt in self.records if attempt is not None]

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


async def test_a_due_delivery_is_sent_and_recorded() -> None:
    setup = Setup()
    setup.dispatcher.add(setup.delivery(1))
    await setup.dispatcher.settle()

    [(delivery, attempt)] = setup.records
    assert delivery.status == "delivered"
    assert attempt is not None
    assert attempt.number == delivery.attempt_count == 1


async def test_a_retry_is_sent_when_it_is_due_and_reads_its_event_only_then() -> None:
    setup = Setup(send=answer_down)
    event = Event("evt_1", "customer.updated", "test", MANUAL_START, b"{}")
    setup.dispatcher.add(setup.delivery(1), event)
    await setup.dispatcher.settle()
    assert setup.events_read == []
    due = setup.dispatcher.next_due()
    assert due is not None
    assert due >= MANUAL_START + 30 * SECOND

    setup.clock.advance_to(due - 1)
    setup.dispatcher.start_due_attempts()
    await setup.dispatcher.settle()
    assert len(setup.records) == 1

    setup.clock.advance_to(due)
    setup.dispatcher.start_due_attempts()
    await setup.dispatcher.settle()
    assert len(setup.records) == 2
    assert setup.events_read == ["evt_1"]


async def test_a_receiver_that_is_down_gets_15_attempts_the_last_24_h_after_the_first_failure() -> (
    None
):
    setup = Setup(send=answer_down)
    setup.dispatcher.add(setup.delivery(1))
    await setup.advance(48 * HOUR)

    assert [delivery.status for delivery, _ in setup.records] == ["retrying"] * 14 + ["failed"]
    times = [attempt.started_at - MANUAL_START for attempt in setup.attempts]
    assert times[-1] == 24 * HOUR
    assert setup.dispatcher.next_due() is None


async def test_at_most_16_attempts_per_endpoint_are_in_flight_and_all_are_made() -> None:
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

    setup = Setup(send=send)
    setup.add_endpoint("ep_b")
    for number in range(100):
        setup.dispatcher.add(setup.delivery(number, "ep_a"))
    for number in range(100, 103):
        setup.dispatcher.add(setup.delivery(number, "ep_b"))
    settled = asyncio.create_task(setup.dispatcher.settle())
    while sum(in_flight.values()) < IN_FLIGHT + 3:
        await asyncio.wait_for(asyncio.shield(_run_ready_callbacks()), 5)

    assert in_flight == {"ep_a": IN_FLIGHT, "ep_b": 3}
    gate.set()
    await settled
    assert most["ep_a"] == IN_FLIGHT
    assert len(setup.records) == 103


async def test_endpoints_take_turns_when_the_total_limit_is_reached() -> None:
    gate = asyncio.Event()
    order: list[str] = []

    async def send(request: Request) -> Outcome:
        order.append(request.url.split("/")[3])
        if len(order) <= 512:
            await gate.wait()
        return OK

    setup = Setup(send=send)
    names = [f"ep_{number:02}" for number in range(40)]
    for name in names:
        setup.add_endpoint(name)
        for number in range(20):
            setup.dispatcher.add(setup.delivery(number_of(name) * 100 + number, name))
    settled = asyncio.create_task(setup.dispatcher.settle())
    while len(order) < 512:
        await _run_ready_callbacks()
    gate.set()
    await settled

    assert len(order) == 800
    assert Counter(order) == dict.fromkeys(names, 20)


async def test_deliveries_to_a_deleted_or_disabled_endpoint_are_cancelled_unsent() -> None:
    setup = Setup()
    setup.dispatcher.add(setup.delivery(1, "ep_gone"))
    setup.add_endpoint("ep_off", enabled=False)
    setup.dispatcher.add(setup.delivery(2, "ep_off"))
    await setup.dispatcher.settle()

    assert [(d.status, d.next_attempt_at, attempt) for d, attempt in setup.records] == [
        ("cancelled", None, None)
    ] * 2


async def test_cancel_ends_scheduled_deliveries_and_prevents_the_retry_of_one_in_flight() -> None:
    gate, sending = asyncio.Event(), asyncio.Event()

    async def send(request: Request) -> Outcome:
        sending.set()
        await gate.wait()
        return DOWN

    setup = Setup(send=send)
    setup.dispatcher.add(setup.delivery(1))
    setup.dispatcher.add(setup.delivery(2, next_attempt_at=setup.clock.now() + HOUR))
    setup.dispatcher.add(setup.delivery(3, "ep_b", next_attempt_at=setup.clock.now() + HOUR))
    await asyncio.wait_for(sending.wait(), 5)
    await setup.dispatcher.cancel("ep_a")
    assert [(d.id, d.status) for d, _ in setup.records] == [("msg_0002", "cancelled")]

    gate.set()
    await setup.dispatcher.settle()
    delivery = setup.records[-1][0]
    assert (delivery.id, delivery.status) == ("msg_0001", "cancelled")
    assert setup.dispatcher.next_due() is not None  # ep_b's goes on


async def test_an_attempt_is_recorded_again_until_the_store_accepts_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    setup = Setup(store_errors=1)
    with caplog.at_level(logging.ERROR):
        setup.dispatcher.add(setup.delivery(1))
        await asyncio.wait_for(setup.dispatcher.settle(), 10)

    assert [delivery.status for delivery, _ in setup.records] == ["delivered"]
    assert "msg_0001 is not kept yet: the disk is full" in caplog.text


async def test_a_running_clock_starts_a_retry_by_itself() -> None:
    answers = iter([DOWN, OK])
    done = asyncio.Event()

    async def send(request: Request) -> Outcome:
        outcome = next(answers)
        if outcome is OK:
            done.set()
        return outcome

    setup = Setup(send=send, clock=Clock(speed=1000))
    setup.dispatcher.add(setup.delivery(1))
    await asyncio.wait_for(done.wait(), 10)
    await setup.dispatcher.settle()
    assert [delivery.status for delivery, _ in setup.records] == ["retrying", "delivered"]
    await setup.dispatcher.close()


async def test_close_leaves_deliveries_in_flight_or_queued_open() -> None:
    never = asyncio.Event()
    sending = asyncio.Event()

    async def send(request: Request) -> Outcome:
        sending.set()
        await never.wait()
        return OK

    setup = Setup(send=send, clock=Clock())
    for number in range(IN_FLIGHT + 1):
        setup.dispatcher.add(setup.delivery(number))
    setup.dispatcher.add(setup.delivery(99, next_attempt_at=setup.clock.now() + HOUR))
    await asyncio.wait_for(sending.wait(), 5)
    settling = asyncio.create_task(setup.dispatcher.settle())
    await _run_ready_callbacks()
    await setup.dispatcher.close()

    assert setup.records == []
    with pytest.raises(asyncio.CancelledError):
        await settling


def number_of(name: str) -> int:
    return int(name.removeprefix("ep_"))


async def _run_ready_callbacks() -> None:
    """Run every callback that is ready once."""
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    loop.call_soon(future.set_result, None)
    await future


async def test_a_following_delivery_is_sent_after_the_attempt_at_the_first() -> None:
    setup = Setup(send=answer_down)
    event = Event("evt_1", "customer.updated", "test", MANUAL_START, b"{}")
    setup.dispatcher.add(setup.delivery(1), event)
    setup.dispatcher.add_after("msg_0001", setup.delivery(2), event)
    setup.dispatcher.add_after("msg_0001", setup.delivery(3), event)
    await setup.dispatcher.settle()
    assert [delivery.id for delivery, _ in setup.records] == [
        "msg_0001",
        "msg_0002",
        "msg_0003",
    ]


@dataclass
class BlockedNetwork:
    """A network that answers once it is opened."""

    sending: asyncio.Event = field(default_factory=asyncio.Event)
    opened: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, request: Request) -> Outcome:
        self.sending.set()
        await self.opened.wait()
        return OK


async def test_a_following_delivery_is_cancelled_with_its_endpoint() -> None:
    network = BlockedNetwork()
    setup = Setup(send=network)
    event = Event("evt_1", "customer.updated", "test", MANUAL_START, b"{}")
    setup.dispatcher.add(setup.delivery(1), event)
    setup.dispatcher.add_after("msg_0001", setup.delivery(2), event)
    await network.sending.wait()
    await setup.dispatcher.cancel("ep_a")
    network.opened.set()
    await setup.dispatcher.settle()
    assert [delivery.status for delivery, _ in setup.records] == ["delivered", "cancelled"]


async def test_close_leaves_a_following_delivery_open() -> None:
    network = BlockedNetwork()
    setup = Setup(send=network)
    event = Event("evt_1", "customer.updated", "test", MANUAL_START, b"{}")
    setup.dispatcher.add(setup.delivery(1), event)
    setup.dispatcher.add_after("msg_0001", setup.delivery(2), event)
    await network.sending.wait()
    network.sending.clear()
    await setup.dispatcher.close()
    assert setup.records == []
    assert not network.sending.is_set()


async def test_a_delivery_cancelled_in_flight_is_not_duplicated() -> None:
    network = BlockedNetwork()
    setup = Setup(send=network)
    setup.dispatcher.add(setup.delivery(1, fault="duplicate"))
    await network.sending.wait()
    await setup.dispatcher.cancel("ep_a")
    network.opened.set()
    await setup.dispatcher.settle()
    [(delivery, _)] = setup.records
    assert (delivery.status, delivery.attempt_count) == ("delivered", 1)


async def test_a_verbatim_replay_of_an_unknown_delivery_is_cancelled() -> None:
    setup = Setup()
    setup.dispatcher.add(setup.delivery(1, fault="verbatim", replay_of="msg_0000"))
    await setup.dispatcher.settle()
    [(delivery, attempt)] = setup.records
    assert (delivery.status, attempt) == ("cancelled", None)


async def test_an_attempt_is_noted_before_it_is_sent_until_it_is_recorded() -> None:
    noted: list[list[tuple[str, int]]] = []

    async def send(request: Request) -> Outcome:
        noted.append(list(setup.notes))
        return OK

    setup = Setup(send=send)
    setup.dispatcher.add(setup.delivery(1))
    await setup.dispatcher.settle()
    setup.dispatcher.add(setup.delivery(2, fault="duplicate"))
    await setup.dispatcher.settle()
    assert noted == [
        [("msg_0001", 1)],
        [("msg_0001", 1), ("msg_0002", 1)],
        [("msg_0001", 1), ("msg_0002", 1), ("msg_0002", 2)],
    ]
    assert setup.ended_notes == [(1, 1), (2, 3), (3, 3)]
