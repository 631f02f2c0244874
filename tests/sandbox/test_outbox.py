"""The outbox: all or nothing is kept, and nothing is sent that is not kept."""

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import count

import pytest

from pivotal_sandbox.clock import MANUAL_START, Clock
from pivotal_sandbox.common.ids import Ids
from pivotal_sandbox.domain.catalog_loader import load_catalog
from pivotal_sandbox.domain.models import Delivery, Endpoint, Outcome, Request, Response, Timing
from pivotal_sandbox.errors import Conflict, InputError, NotFound, StoreError
from pivotal_sandbox.faults.injector import FaultInjector
from pivotal_sandbox.feed import Activity, DeliveryChanged, Feed, Triggered
from pivotal_sandbox.records.changes import Change, FiredEvent, RecordChange
from pivotal_sandbox.sandbox.outbox import REPLAYED_MOST, Outbox
from pivotal_sandbox.sender.dispatcher import Dispatcher
from pivotal_sandbox.store.database import Database
from pivotal_sandbox.store.deliveries import Deliveries, DeliveryFilter
from pivotal_sandbox.store.endpoints import Endpoints
from pivotal_sandbox.store.records import load_records

CHANGE = Change(
    records=(RecordChange("task", "tsk_1", {"id": "tsk_1"}),),
    events=(
        FiredEvent("task.updated", {"id": "tsk_1"}),
        FiredEvent("task.completed", {"id": "tsk_1"}),
    ),
)


@dataclass
class Desk:
    """An outbox with its store, the requests that went out, and what was told."""

    outbox: Outbox
    database: Database
    endpoints: Endpoints
    log: Deliveries
    dispatcher: Dispatcher
    sent: list[Request]
    told: list[Activity]
    numbers: "count[int]"

    async def endpoint(self, *event_types: str, enabled: bool = True) -> Endpoint:
        id = f"ep_{next(self.numbers):026}"
        endpoint = Endpoint(
            id, "http://a.test/", "test", "whsec_x", MANUAL_START, event_types, enabled=enabled
        )
        await self.database.put([self.endpoints.row(endpoint)])
        self.endpoints.hold(endpoint)
        return endpoint


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    database, clock, feed = Database(), Clock.manual(), Feed()
    endpoints, log = Endpoints(database), Deliveries(database)
    sent: list[Request] = []
    told: list[Activity] = []

    async def send(request: Request) -> Outcome:
        sent.append(request)
        return Outcome(Timing(1.0), Response(200, (), b""))

    async def keep(delivery: Delivery, attempt: object) -> None:
        return None

    mischief = FaultInjector(
        seed="7",
        send=send,
        attempts=log.attempts,
        catalog=load_catalog,
        has_socket=lambda url: True,
    )
    dispatcher = Dispatcher(
        clock=clock,
        seed="7",
        send=send,
        keep=keep,
        event=log.event,
        endpoint=endpoints.find,
        timestamp=lambda: 1,
        on_attempt=lambda delivery, attempt: None,
        mischief=mischief,
    )
    outbox = Outbox(
        database=database,
        endpoints=endpoints,
        deliveries=log,
        dispatcher=dispatcher,
        mischief=mischief,
        ids=Ids(random.Random(7)),
        clock=clock,
        feed=feed,
    )
    feed.subscribe(told.append)
    yield Desk(outbox, database, endpoints, log, dispatcher, sent, told, count())
    await dispatcher.close()
    await database.close()


async def test_each_event_of_a_change_goes_to_those_who_subscribed(desk: Desk) -> None:
    everything, completed = await desk.endpoint("*"), await desk.endpoint("task.completed")
    first, second = await desk.outbox.send("test", CHANGE)
    await desk.dispatcher.settle()
    assert [d.endpoint_id for d in first.deliveries] == [everything.id]
    assert [d.endpoint_id for d in second.deliveries] == [everything.id, completed.id]
    assert len(desk.sent) == 3
    assert desk.told == [first, second]
    assert await load_records(desk.database, "test") == {"task": {"tsk_1": {"id": "tsk_1"}}}


async def test_the_endpoints_that_are_named_get_it_whatever_they_subscribed_to(desk: Desk) -> None:
    other = await desk.endpoint("customer.created")
    await desk.endpoint("*")
    for triggered in await desk.outbox.send("test", CHANGE, [other]):
        assert [d.endpoint_id for d in triggered.deliveries] == [other.id]


async def test_what_cannot_be_kept_is_not_sent_and_not_told(desk: Desk) -> None:
    await desk.endpoint("*")
    await desk.database.close()
    with pytest.raises(StoreError):
        await desk.outbox.send("test", CHANGE)
    await desk.dispatcher.settle()
    assert desk.sent == []
    assert desk.told == []


async def test_a_replay_is_a_new_delivery_of_the_same_event(desk: Desk) -> None:
    await desk.endpoint("*")
    [triggered, _] = await desk.outbox.send("test", CHANGE)
    [old] = triggered.deliveries
    [new] = await desk.outbox.replay([old.id])
    await desk.dispatcher.settle()
    assert (new.event_id, new.replay_of, new.status) == (old.event_id, old.id, "pending")
    assert new.id != old.id
    assert desk.sent[0].body == desk.sent[-1].body
    assert isinstance(desk.told[0], Triggered)
    assert desk.told[-1] == DeliveryChanged(new)


async def test_a_replay_of_anything_unknown_disabled_or_too_much_sends_none(desk: Desk) -> None:
    endpoint = await desk.endpoint("*")
    [triggered, _] = await desk.outbox.send("test", CHANGE)
    [known] = triggered.deliveries
    with pytest.raises(NotFound) as caught:
        await desk.outbox.replay([known.id, "msg_x"])
    assert caught.value.pointer == "/ids/1"
    with pytest.raises(InputError, match=str(REPLAYED_MOST)):
        await desk.outbox.replay([known.id] * (REPLAYED_MOST + 1))
    desk.endpoints.hold(Endpoint(endpoint.id, "http://a/", "test", "s", 0, enabled=False))
    with pytest.raises(Conflict):
        await desk.outbox.replay([known.id])
    page, _ = await desk.log.page(DeliveryFilter(), limit=10)
    assert len(page) == 2
