"""Expired deliveries are deleted, and a store error does not stop the sandbox."""

import asyncio
import logging

import pytest

from pivotal_sandbox.clock import MANUAL_START, Clock
from pivotal_sandbox.common.durations import DAY
from pivotal_sandbox.domain.models import Delivery, Event
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
    log = Deliveries(database)
    await database.put([event_row(EVENT), delivery_row(DELIVERY)])
    retention = Retention(Clock.manual(), log, Captures(database), keep=DAY)
    assert len((await log.page(DeliveryFilter(), limit=5))[0]) == 1
    retention.start()
    while (await log.page(DeliveryFilter(), limit=5))[0]:
        await asyncio.wait_for(_turn(), 5)
    retention.stop()
    await database.close()


async def test_recent_deliveries_are_not_deleted() -> None:
    database = Database()
    log = Deliveries(database)
    await database.put([event_row(EVENT), delivery_row(DELIVERY)])
    retention = Retention(Clock.manual(), log, Captures(database), keep=MANUAL_START + 1)
    assert await retention.prune() == 0
    await database.close()


async def test_a_store_error_while_pruning_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    database = Database()
    retention = Retention(Clock.manual(), Deliveries(database), Captures(database))
    await database.close()
    with caplog.at_level(logging.ERROR):
        retention.start()
        while not caplog.text:
            await asyncio.wait_for(_turn(), 5)
    assert "not dropped yet" in caplog.text
    retention.stop()


async def _turn() -> None:
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    loop.call_soon(future.set_result, None)
    await future
