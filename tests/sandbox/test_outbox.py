"""The outbox stores all or nothing, and sends nothing that is not stored."""

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import count

import pytest
from tests.store.unreliable import UnreliableDatabase

from pivotal_sandbox.clock import MANUAL_START, Clock
from pivotal_sandbox.common.ids import Ids
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
from pivotal_sandbox.errors import Conflict, InputError, NotFound, StoreError
from pivotal_sandbox.faults.injector import FaultInjector
from pivotal_sandbox.feed import Activity, DeliveryChanged, Feed, Triggered
from pivotal_sandbox.records.changes import Change, FiredEvent, RecordChange
from pivotal_sandbox.sandbox.outbox import MAX_REPLAYED, Outbox
from pivotal_sandbox.sandbox.stores import Stores
from pivotal_sandbox.sender.dispatcher import Dispatcher
from pivotal_sandbox.store.deliveries import DeliveryFilter
from pivotal_sandbox.store.records import load_records
from pivotal_sandbox.store.signing_keys import SigningKeys

CHANGE = Change(
    records=(RecordChange("task", "tsk_1", {"id": "tsk_1"}),),
    events=(
        FiredEvent("task.updated", {"id": "tsk_1"}),
        FiredEvent("task.completed", {"id": "tsk_1"}),
    ),
)


@dataclass
class Setup:
    """An outbox with its stores, the requests that were sent, and what was published."""

    outbox: Outbox
    stores: Stores
    dispatcher: Dispatcher
    requests: list[Request]
    published: list[Activity]
    numbers: "count[int]"

    async def add_endpoint(self, *event_types: str, enabled: bool = True) -> Endpoint:
        id = f"ep_{next(self.numbers):026}"
        endpoint = Endpoint(
            id, "http://a.test/", "test", "whsec_x", MANUAL_START, event_types, enabled=enabled
        )
        await self.stores.database.put([self.stores.endpoints.row(endpoint)])
        self.stores.endpoints.hold(endpoint)
        return endpoint


class UnrecordedLog:
    """A log that reads from the stores and records nothing."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores

    def find_endpoint(self, endpoint_id: str) -> Endpoint | None:
        return self._stores.endpoints.find(endpoint_id)

    async def read_event(self, event_id: str) -> Event:
        return await self._stores.deliveries.event(event_id)

    def note_start(self, delivery_id: str, number: int, started_at: int, headers: Headers) -> int:
        return 0

    def note_end(self, note: int) -> None:
        return None

    async def record(self, delivery: Delivery, attempt: Attempt | None) -> None:
        return None


@pytest.fixture
async def database() -> AsyncIterator[UnreliableDatabase]:
    database = UnreliableDatabase()
    yield database
    await database.close()


@pytest.fixture
async def setup(database: UnreliableDatabase) -> AsyncIterator[Setup]:
    clock, feed = Clock.manual(), Feed()
    stores = await Stores.load(database)
    requests: list[Request] = []
    published: list[Activity] = []

    async def send(request: Request) -> Outcome:
        requests.append(request)
        return Outcome(Timing(1.0), Response(200, (), b""))

    fault_injector = FaultInjector(
        seed="7",
        send=send,
        attempts=stores.deliveries.attempts,
        catalog=load_catalog,
        has_socket=lambda url: True,
    )
    dispatcher = Dispatcher(
        clock=clock,
        seed="7",
        send=send,
        log=UnrecordedLog(stores),
        signing_time=SigningKeys(stores.endpoints, clock, "sandbox"),
        fault_injector=fault_injector,
    )
    outbox = Outbox(
        stores=stores,
        dispatcher=dispatcher,
        fault_injector=fault_injector,
        ids=Ids(random.Random(7)),
        clock=clock,
        feed=feed,
    )
    feed.subscribe(published.append)
    yield Setup(outbox, stores, dispatcher, requests, published, count())
    await dispatcher.close()


async def test_each_event_of_a_change_goes_to_the_endpoints_that_subscribe(
    setup: Setup,
) -> None:
    everything, completed = (
        await setup.add_endpoint("*"),
        await setup.add_endpoint("task.completed"),
    )
    first, second = await setup.outbox.send("test", CHANGE)
    await setup.dispatcher.settle()
    assert [d.endpoint_id for d in first.deliveries] == [everything.id]
    assert [d.endpoint_id for d in second.deliveries] == [everything.id, completed.id]
    assert len(setup.requests) == 3
    assert setup.published == [first, second]
    assert await load_records(setup.stores.database, "test") == {"task": {"tsk_1": {"id": "tsk_1"}}}


async def test_named_endpoints_get_events_whatever_their_subscription(
    setup: Setup,
) -> None:
    other = await setup.add_endpoint("customer.created")
    await setup.add_endpoint("*")
    for triggered in await setup.outbox.send("test", CHANGE, [other]):
        assert [d.endpoint_id for d in triggered.deliveries] == [other.id]


async def test_events_that_are_not_stored_are_neither_sent_nor_published(
    setup: Setup, database: UnreliableDatabase
) -> None:
    await setup.add_endpoint("*")
    database.error = StoreError("the disk is full")
    with pytest.raises(StoreError):
        await setup.outbox.send("test", CHANGE)
    await setup.dispatcher.settle()
    assert setup.requests == []
    assert setup.published == []


async def test_a_replay_is_a_new_delivery_of_the_same_event(setup: Setup) -> None:
    await setup.add_endpoint("*")
    [triggered, _] = await setup.outbox.send("test", CHANGE)
    [original] = triggered.deliveries
    [replay] = await setup.outbox.replay([original.id])
    await setup.dispatcher.settle()
    assert (replay.event_id, replay.replay_of, replay.status) == (
        original.event_id,
        original.id,
        "pending",
    )
    assert replay.id != original.id
    assert setup.requests[0].body == setup.requests[-1].body
    assert isinstance(setup.published[0], Triggered)
    assert setup.published[-1] == DeliveryChanged(replay)


async def test_a_replay_that_names_an_unknown_delivery_or_too_many_sends_none(
    setup: Setup,
) -> None:
    endpoint = await setup.add_endpoint("*")
    [triggered, _] = await setup.outbox.send("test", CHANGE)
    [known] = triggered.deliveries
    with pytest.raises(NotFound) as caught:
        await setup.outbox.replay([known.id, "msg_x"])
    assert caught.value.pointer == "/ids/1"
    with pytest.raises(InputError, match=str(MAX_REPLAYED)):
        await setup.outbox.replay([known.id] * (MAX_REPLAYED + 1))
    setup.stores.endpoints.hold(Endpoint(endpoint.id, "http://a/", "test", "s", 0, enabled=False))
    with pytest.raises(Conflict):
        await setup.outbox.replay([known.id])
    page, _ = await setup.stores.deliveries.page(DeliveryFilter(), limit=10)
    assert len(page) == 2
