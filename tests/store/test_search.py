"""A search finds all there is, be it common or rare, in the index or not yet, and old or new."""

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.store.samples import NOW, a_delivery, an_event

from pivotal_sandbox.domain.models import Delivery, Event, Status
from pivotal_sandbox.store.database import Database
from pivotal_sandbox.store.deliveries import (
    Deliveries,
    DeliveryFilter,
    delivery_row,
    event_row,
)
from pivotal_sandbox.store.search import fill, waiting

COUNT = 2600
LETTERS = 'abcdefghij"\\%_ž🙂'


def made() -> list[tuple[Event, Delivery]]:
    """Return events with a delivery each; one in 700 is about somebody rare."""
    source = random.Random(1)
    things = []
    for number in range(COUNT):
        name = "".join(source.choices(LETTERS, k=6))
        name += " Rarely" if number % 700 == 3 else ""
        name += " Common" if number % 2 else ""
        event = an_event(number, NOW + number, name)
        status: Status = "failed" if number % 3 else "delivered"
        things.append((event, a_delivery(event, number, status=status)))
    return things


MADE = made()


@pytest.fixture(scope="module", params=["none", "some", "all"])
def file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a log of which the index holds none, some, or all."""
    path = tmp_path_factory.mktemp("search") / "sandbox.db"
    waits = {"none": COUNT, "some": 1500, "all": 0}[request.param]

    async def make() -> None:
        database = await filled(path, waits)
        await database.close()

    asyncio.run(make())
    return path


async def filled(path: Path | None, waits: int) -> Database:
    """Return a log of which so many events wait to be taken into the index."""
    database = Database(path)
    await database.put([row for e, d in MADE for row in (event_row(e), delivery_row(d))])
    while (await waiting(database))[1] > waits:
        await fill(database)
    return database


@pytest.fixture
async def searched(file: Path) -> AsyncIterator[Database]:
    """The log, opened."""
    database = Database(file)
    yield database
    await database.close()


def folded(text: str) -> str:
    """Return the text as the search compares it."""
    return "".join(c.lower() if c.isascii() else c for c in text)


SAID = [folded(event.body.decode()) for event, _ in MADE]


def holding(q: str) -> list[Delivery]:
    """Return what a search is to find, newest first."""
    wanted = folded(q)
    return [
        delivery
        for (_, delivery), said in zip(reversed(MADE), reversed(SAID), strict=True)
        if q == delivery.id or wanted in said
    ]


async def pages(database: Database, wanted: DeliveryFilter, limit: int) -> list[Delivery]:
    log = Deliveries(database)
    found, cursor = await log.page(wanted, limit=limit)
    while cursor is not None:
        items, cursor = await log.page(wanted, limit=limit, cursor=cursor)
        found += items
    return found


@pytest.mark.parametrize(
    "q",
    [
        *("common", "RARELY", "rarely common", "customer.at_risk", "nobody", "a", "ž", "ab", '"'),
        *("%", "_", "\\\\", '\\"', "🙂", "ž🙂a", "ABC", "%_", "zzz", "a\0b", "Ž🙂", "x" * 500),
        *(MADE[7][0].id, MADE[7][1].id, MADE[2500][1].id, MADE[3][0].body.decode()),
    ],
)
async def test_all_that_holds_it_is_found(searched: Database, q: str) -> None:
    assert await pages(searched, DeliveryFilter(q=q), 500) == holding(q)


async def test_random_pieces_are_found(searched: Database) -> None:
    source = random.Random(2)
    for _ in range(40):
        body = source.choice(MADE)[0].body.decode()
        start = source.randrange(len(body))
        q = body[start : start + source.randint(1, 9)]
        assert await pages(searched, DeliveryFilter(q=q), 500) == holding(q), q


async def test_a_rare_one_is_found_page_by_page(searched: Database) -> None:
    assert await pages(searched, DeliveryFilter(q="rarely"), 1) == holding("rarely")


async def test_filters_hold_for_what_the_index_names(searched: Database) -> None:
    wanted = DeliveryFilter(q="rarely", status="failed", until=NOW + 2000)
    expected = [d for d in holding("rarely") if d.status == "failed"][-2:]
    assert [d.created_at < NOW + 2000 for d in expected] == [True, True]
    assert await pages(searched, wanted, 5) == expected
    wanted = DeliveryFilter(q=MADE[7][1].id, status="delivered")
    assert await pages(searched, wanted, 5) == []


async def test_a_replay_of_an_old_event_is_found_first() -> None:
    database = await filled(None, 0)
    old = MADE[3][0]
    replay = a_delivery(an_event(COUNT, NOW + COUNT), COUNT, event_id=old.id, replay_of="msg_1")
    await database.put([delivery_row(replay)])
    assert (await pages(database, DeliveryFilter(q="rarely"), 500))[0] == replay
    assert await pages(database, DeliveryFilter(q="rarely", until=NOW + 9), 500) == [MADE[3][1]]
    await database.close()


async def test_what_is_dropped_leaves_the_index_and_its_number_is_not_used_again() -> None:
    database = Database()
    log = Deliveries(database)
    event = an_event(1, NOW, "Somebody")
    await database.put([event_row(event), delivery_row(a_delivery(event, 1, status="failed"))])
    await fill(database)
    await fill(database)
    assert await waiting(database) == (1, 0)
    assert await log.prune(NOW + 1) == 2
    named = "SELECT count(*) FROM payloads WHERE payloads MATCH 'ebo'"
    assert await database.read(lambda c: c.execute(named).fetchone()[0]) == 0
    await database.put([event_row(an_event(2, NOW + 2, "Another"))])
    assert await waiting(database) == (2, 1)
    await log.prune(NOW + 3)
    assert await waiting(database) == (0, 0)
    await database.close()


async def test_a_body_that_is_no_utf_8_stops_neither_index_nor_search() -> None:
    database = Database()
    odd = replace(an_event(1, NOW), body=b"\xff\xfe no text")
    plain = an_event(2, NOW, "Somebody")
    things = [(odd, a_delivery(odd, 1)), (plain, a_delivery(plain, 2))]
    await database.put([row for e, d in things for row in (event_row(e), delivery_row(d))])
    await fill(database)
    assert (await waiting(database))[1] == 0
    found, _ = await Deliveries(database).page(DeliveryFilter(q="Somebody"), limit=5)
    assert [delivery.event_id for delivery in found] == [plain.id]
    await database.close()


async def test_dropping_what_was_never_indexed_is_no_harm() -> None:
    database = Database()
    await database.put([event_row(an_event(1))])
    await Deliveries(database).prune(NOW + 1)
    check = "INSERT INTO payloads (payloads) VALUES ('integrity-check')"
    await database.transact(lambda c: c.execute(check).rowcount)
    await database.close()
