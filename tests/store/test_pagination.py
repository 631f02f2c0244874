"""Pages by keyset: all that matches, newest first, once each, also while new rows arrive."""

import asyncio
from dataclasses import dataclass
from typing import get_args

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.store.samples import NOW, a_delivery, an_event

from pivotal_sandbox.common.ids import lower_bound
from pivotal_sandbox.domain.models import Delivery, Event, Mode, Status
from pivotal_sandbox.errors import InputError
from pivotal_sandbox.store.database import Database
from pivotal_sandbox.store.deliveries import (
    Deliveries,
    DeliveryFilter,
    delivery_row,
    event_row,
)

TYPES = st.sampled_from(["customer.at_risk", "task.overdue"])
MODES: st.SearchStrategy[Mode] = st.sampled_from(get_args(Mode))
STATUSES: st.SearchStrategy[Status] = st.sampled_from(get_args(Status))
CODES = st.sampled_from([200, 503])
ENDPOINTS = st.sampled_from(["ep_a", "ep_b"])
MOMENTS = st.integers(NOW - 2, NOW + 3)


@dataclass(frozen=True)
class Made:
    """What is drawn of a delivery."""

    created_at: int
    mode: Mode
    endpoint_id: str
    status: Status
    event_type: str
    status_code: int | None


MADE = st.lists(
    st.builds(Made, MOMENTS, MODES, ENDPOINTS, STATUSES, TYPES, st.none() | CODES), max_size=12
)
FILTERS = st.builds(
    DeliveryFilter,
    mode=st.none() | MODES,
    endpoint_id=st.none() | ENDPOINTS,
    status=st.none() | STATUSES,
    event_type=st.none() | TYPES,
    status_code=st.none() | CODES,
    since=st.none() | MOMENTS,
    until=st.none() | MOMENTS,
)


def deliveries_of(made: list[Made]) -> list[Delivery]:
    return [
        a_delivery(
            an_event(0, row.created_at),
            number,
            mode=row.mode,
            endpoint_id=row.endpoint_id,
            status=row.status,
            event_type=row.event_type,
            last_status_code=row.status_code,
        )
        for number, row in enumerate(made)
    ]


def lets_through(wanted: DeliveryFilter, delivery: Delivery) -> bool:
    return (
        wanted.mode in (None, delivery.mode)
        and wanted.endpoint_id in (None, delivery.endpoint_id)
        and wanted.status in (None, delivery.status)
        and wanted.event_type in (None, delivery.event_type)
        and wanted.status_code in (None, delivery.last_status_code)
        and (wanted.since is None or wanted.since <= delivery.created_at)
        and (wanted.until is None or delivery.created_at < wanted.until)
    )


async def paged(
    deliveries: list[Delivery], arriving: list[Delivery], wanted: DeliveryFilter, limit: int
) -> list[Delivery]:
    """Return all pages, one after the other, while a delivery arrives after each."""
    database = Database()
    log = Deliveries(database)
    await database.put(list(map(delivery_row, deliveries)))
    arriving = list(arriving)
    found, cursor = await log.page(wanted, limit=limit)
    while cursor is not None:
        assert found[-1].id == cursor
        await database.put([delivery_row(arriving.pop())] if arriving else [])
        items, cursor = await log.page(wanted, limit=limit, cursor=cursor)
        assert 0 < len(items) <= limit
        found += items
    await database.close()
    return found


@settings(deadline=None)
@given(MADE, FILTERS, st.integers(1, 5))
@example([], DeliveryFilter(), 1)
def test_the_pages_together_are_all_that_matches_newest_first(
    made: list[Made], wanted: DeliveryFilter, limit: int
) -> None:
    deliveries = deliveries_of(made)
    matching = [delivery for delivery in deliveries if lets_through(wanted, delivery)]
    matching.sort(key=lambda delivery: delivery.id, reverse=True)
    assert asyncio.run(paged(deliveries, [], wanted, limit)) == matching


@settings(deadline=None)
@given(MADE, st.integers(1, 3))
def test_what_arrives_meanwhile_moves_no_page(made: list[Made], limit: int) -> None:
    deliveries = deliveries_of(made)
    event = an_event(0, NOW + 10)
    arriving = [a_delivery(event, number) for number in range(12)]
    found = asyncio.run(paged(deliveries, arriving, DeliveryFilter(), limit))
    assert found == sorted(deliveries, key=lambda delivery: delivery.id, reverse=True)


async def test_a_page_that_is_just_full_is_the_last(database: Database) -> None:
    deliveries = [a_delivery(an_event(), number) for number in range(4)]
    await database.put(list(map(delivery_row, deliveries)))
    log = Deliveries(database)
    assert await log.page(DeliveryFilter(), limit=4) == (deliveries[::-1], None)
    assert await log.page(DeliveryFilter(), limit=3) == (deliveries[:0:-1], deliveries[1].id)


@pytest.mark.parametrize(
    "cursor", ["", "5", "evt_" + "0" * 26, "msg_" + "0" * 25, "msg_" + "0" * 27, "msg_" + "-" * 26]
)
async def test_a_cursor_that_no_list_gave_is_refused(database: Database, cursor: str) -> None:
    with pytest.raises(InputError, match="not one that this list gave") as caught:
        await Deliveries(database).page(DeliveryFilter(), limit=5, cursor=cursor)
    assert caught.value.pointer == "/cursor"


async def test_the_cursor_of_a_delivery_that_was_dropped_goes_on(database: Database) -> None:
    deliveries = [a_delivery(an_event(), number) for number in (1, 3)]
    await database.put(list(map(delivery_row, deliveries)))
    cursor = a_delivery(an_event(), 2).id
    items, _ = await Deliveries(database).page(DeliveryFilter(), limit=5, cursor=cursor)
    assert items == deliveries[:1]


async def test_the_window_is_from_since_to_before_until(database: Database) -> None:
    deliveries = [a_delivery(an_event(0, NOW + n), n) for n in range(3)]
    await database.put(list(map(delivery_row, deliveries)))
    wanted = DeliveryFilter(since=NOW + 1, until=NOW + 2)
    assert await Deliveries(database).matching(wanted) == [deliveries[1].id]
    assert lower_bound("msg_", NOW + 1) <= deliveries[1].id


# -- search


async def searched(database: Database, events: list[Event], q: str) -> list[str]:
    """Return the ids of the events whose deliveries a search finds."""
    deliveries = [a_delivery(event, number) for number, event in enumerate(events)]
    await database.put([*map(event_row, events), *map(delivery_row, deliveries)])
    items, _ = await Deliveries(database).page(DeliveryFilter(q=q), limit=500)
    return [delivery.event_id for delivery in reversed(items)]


@pytest.mark.parametrize(
    ("q", "names"),
    [
        ("50%", ["50% off"]),
        ("%", ["50% off", "a%b"]),
        ("a_b", ["a_b"]),
        ("a%b", ["a%b"]),
        ("\\", ["c\\d"]),
        ("\\d", ["c\\d"]),
        ("\\%", []),
        ("Žofie", ["Žofie"]),
        ("ofie", ["Žofie"]),
        ("A_B", ["a_b"]),
        ('"name":"500 off"', ["500 off"]),
        ("''", []),
        ("nobody", []),
    ],
)
async def test_what_is_searched_for_is_taken_literally(
    database: Database, q: str, names: list[str]
) -> None:
    given = ["50% off", "500 off", "a_b", "a%b", "axb", "c\\d", "Žofie"]
    events = {name: an_event(number, name=name) for number, name in enumerate(given)}
    found = await searched(database, list(events.values()), q)
    assert found == [events[name].id for name in names]


async def test_ids_are_searched_too(database: Database) -> None:
    events = [an_event(number) for number in range(3)]
    delivery = a_delivery(events[1], 1)
    assert await searched(database, events, delivery.id) == [events[1].id]
    assert await searched(database, events, events[2].id) == [events[2].id]


async def test_a_search_is_combined_with_the_filter(database: Database) -> None:
    event = an_event(name="Acme")
    delivery = a_delivery(event, status="failed")
    await database.put([event_row(event), delivery_row(delivery)])
    log = Deliveries(database)
    assert await log.matching(DeliveryFilter(q="Acme", status="failed")) == [delivery.id]
    assert await log.matching(DeliveryFilter(q="Acme", status="delivered")) == []
    assert await log.matching(DeliveryFilter(q="Bcme", status="failed")) == []


async def test_no_search_is_no_condition(database: Database) -> None:
    assert await searched(database, [an_event()], "") == [an_event().id]


ODD = st.text(st.sampled_from("%_\\*?[]'\"aA žŽ^🙂"), min_size=1, max_size=3)


@settings(deadline=None)
@given(st.lists(ODD, max_size=5), ODD)
def test_any_search_finds_what_contains_it(names: list[str], q: str) -> None:
    events = [an_event(number, name=name) for number, name in enumerate(names)]

    async def found() -> list[str]:
        database = Database()
        ids = await searched(database, events, q)
        await database.close()
        return ids

    def folded(text: str) -> str:  # as SQLite does it: A is a, but Ž is not ž
        return "".join(c.lower() if c.isascii() else c for c in text)

    containing = [event.id for event in events if folded(q) in folded(event.body.decode())]
    assert asyncio.run(found()) == containing


async def test_a_search_for_too_much_is_refused(database: Database) -> None:
    assert await searched(database, [an_event()], "🙂" * 10_000) == []
    with pytest.raises(InputError, match="10000 characters at most") as caught:
        await searched(database, [], "a" * 10_001)
    assert caught.value.pointer == "/q"
