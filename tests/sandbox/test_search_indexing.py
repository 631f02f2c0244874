"""New events are indexed in the background, and a store error does not stop that."""

import asyncio
import logging

import pytest
from tests.store.samples import an_event
from tests.store.unreliable import UnreliableDatabase

from pivotal_sandbox.clock import sleep
from pivotal_sandbox.errors import StoreError
from pivotal_sandbox.sandbox.search_indexing import SearchIndexing
from pivotal_sandbox.store.database import Database
from pivotal_sandbox.store.deliveries import event_row
from pivotal_sandbox.store.search import waiting


async def test_new_events_are_indexed_when_few_arrive() -> None:
    database = Database()
    await database.put([event_row(an_event(number)) for number in range(250)])
    indexing = SearchIndexing(database, interval_ms=1)
    indexing.start()

    async def filled() -> None:
        while (await waiting(database))[1]:
            await sleep(1)

    await asyncio.wait_for(filled(), 10)
    indexing.stop()
    await database.close()


async def test_many_events_are_indexed_only_beyond_the_limit() -> None:
    database = Database()
    await database.put([event_row(an_event(number)) for number in range(250)])
    await SearchIndexing(database).fill()
    assert await waiting(database) == (250, 250)
    await SearchIndexing(database, max_unindexed=50).fill()
    assert (await waiting(database))[1] < 50
    await database.close()


async def test_a_store_error_while_indexing_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    database = UnreliableDatabase()
    indexing = SearchIndexing(database, interval_ms=1)
    database.error = StoreError("The disk is full.")

    async def logged() -> None:
        while not caplog.text:
            await sleep(1)

    with caplog.at_level(logging.ERROR):
        indexing.start()
        await asyncio.wait_for(logged(), 5)
    assert "not filled yet: The disk is full." in caplog.text
    indexing.stop()
    await database.close()
