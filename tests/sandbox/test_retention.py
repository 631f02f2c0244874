"""Expired deliveries are deleted, and a store error does not stop the sandbox."""

import asyncio
import logging

import pytest
from tests.store.unreliable import UnreliableDatabase

from pivotal_sandbox.clock import MANUAL_START, Clock
from pivotal_sandbox.common.durations import DAY
from pivotal_sandbox.domain.models import Delivery, Event
from pivotal_sandbox.errors import StoreError
from pivotal_sandbox.sandbox.retention import Retention
from pivotal_sandbox.store.captures import Captures
from pivotal_sandbox.store.database import Database
from pivotal_sandbox.store.deliveries import Deliveries, DeliveryFilter, delivery_row, event_row

EVENT = Event("evt_" + "0" * 26, "task.created", "test", 0, b"{}")
DELIVERY = Delivery(
    "msg_" + "0" * 26, EVENT.id, EVENT.type, "ep_1", "test", "http://x/", 0, status="delivered"
)


async def test_start_deletes_expired_deliveries_at_once() -> None:
    database = Database()
    deliveries = Deliveries(database)
    await database.put([event_row(EVENT), delivery_row(DELIVERY)])
    retention = Retention(Clock.manual(), deliveries, Captures(database), keep=DAY)
    assert len((await deliveries.page(DeliveryFilter(), limit=5))[0]) == 1
    retention.start()
    while (await deliveries.page(DeliveryFilter(), limit=5))[0]:
        await asyncio.wait_for(_run_ready_callbacks(), 5)
    retention.stop()
    await database.close()


async def test_recent_deliveries_are_not_deleted() -> None:
    database = Database()
    deliveries = Deliveries(database)
    await database.put([event_row(EVENT), delivery_row(DELIVERY)])
    retention = Retention(Clock.manual(), deliveries, Captures(database), keep=MANUAL_START + 1)
    assert await retention.prune() == 0
    await database.close()


async def test_a_store_error_while_pruning_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    database = UnreliableDatabase()
    retention = Retention(Clock.manual(), Deliveries(database), Captures(database))
    database.error = StoreError("The disk is full.")
    with caplog.at_level(logging.ERROR):
        retention.start()
        while not caplog.text:
            await asyncio.wait_for(_run_ready_callbacks(), 5)
    assert "not dropped yet: The disk is full." in caplog.text
    retention.stop()
    await database.close()


async def _run_ready_callbacks() -> None:
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    loop.call_soon(future.set_result, None)
    await future
