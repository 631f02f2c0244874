"""What is alike in all that a filter asks is a run; a list reads no more of them than it shows."""

import sqlite3
from contextlib import closing

import pytest
from tests.store.samples import NOW, a_delivery, an_event

from pivotal_sandbox.domain.models import Status
from pivotal_sandbox.store.database import Database
from pivotal_sandbox.store.deliveries import Deliveries, DeliveryFilter, delivery_row
from pivotal_sandbox.store.delivery_queries import open_kinds

STATUSES: tuple[Status, ...] = ("delivered", "failed", "retrying", "pending")
FILTERS = [
    DeliveryFilter(),
    DeliveryFilter(mode="test"),
    DeliveryFilter(endpoint_id="ep_1"),
    DeliveryFilter(status="failed"),
    DeliveryFilter(event_type="task.overdue"),
    DeliveryFilter(status_code=503),
    DeliveryFilter(since=NOW, until=NOW + 10**9),
    DeliveryFilter(endpoint_id="ep_1", status="failed", since=NOW),
    DeliveryFilter(mode="test", status="delivered", event_type="task.overdue", status_code=503),
    DeliveryFilter(mode="live", endpoint_id="ep_1"),
]


async def steps(database: Database, wanted: DeliveryFilter) -> int:
    """Return how many steps SQLite's machine takes for a page, in hundreds."""
    taken = 0

    def step() -> int:
        nonlocal taken
        taken += 1
        return 0

    await database.read(lambda c: c.set_progress_handler(step, 100))
    await Deliveries(database).page(wanted, limit=20)
    await database.read(lambda c: c.set_progress_handler(None, 0))
    return taken


async def filled(count: int) -> Database:
    database = Database()
    rows = []
    for number in range(count):
        event = an_event(number, NOW + number)
        delivery = a_delivery(
            event,
            number,
            endpoint_id=f"ep_{number % 3}",
            status=STATUSES[number % 4],
            event_type=("customer.at_risk", "task.overdue")[number % 2],
            last_status_code=(None, 200, 503, None, 404)[number % 5],
        )
        rows.append(delivery_row(delivery))
    await database.put(rows)
    return database


async def test_a_page_of_many_costs_no_more_than_one_of_few() -> None:
    few, many = await filled(600), await filled(12_000)
    for wanted in FILTERS:
        assert await steps(many, wanted) <= 2 * await steps(few, wanted) + 5, wanted
    await few.close()
    await many.close()


@pytest.mark.parametrize("wanted", [*FILTERS, DeliveryFilter(q="task.overdue", mode="test")])
async def test_what_is_counted_is_what_would_be_listed(wanted: DeliveryFilter) -> None:
    database = await filled(600)
    log = Deliveries(database)
    listed = await log.matching(wanted)
    assert await log.count(wanted) == len(listed)
    found, _ = await log.page(wanted, limit=600)
    moments = [(delivery.created_at, delivery.status) for delivery in found]
    assert await log.started_since(wanted, 601) == (moments, None)
    some, back_to = await log.started_since(wanted, 50)
    if back_to is not None:
        assert some == [moment for moment in moments if moment[0] >= back_to]
    await database.close()


async def test_an_event_type_may_have_spaces(database: Database) -> None:
    delivery = a_delivery(an_event(), event_type="a b  c", last_status_code=200)
    other = a_delivery(an_event(), 1, event_type="a b")
    await database.put([delivery_row(delivery), delivery_row(other)])
    log = Deliveries(database)
    assert await log.matching(DeliveryFilter(event_type="a b  c")) == [delivery.id]
    assert await log.matching(DeliveryFilter(event_type="a b")) == [other.id]
    assert await log.matching(DeliveryFilter(event_type="a")) == []


async def test_what_is_open_is_found_by_its_kind(database: Database) -> None:
    rows = [a_delivery(an_event(), n, status=status) for n, status in enumerate(STATUSES)]
    await database.put(list(map(delivery_row, rows)))
    kinds = await database.read(open_kinds)
    assert sorted(kinds) == ["test pending  customer.at_risk", "test retrying  customer.at_risk"]


def test_sqlite_knows_what_the_schema_needs() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE VIRTUAL TABLE t USING fts5(a, tokenize='trigram')")
