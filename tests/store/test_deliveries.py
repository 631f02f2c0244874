"""The log: events, their deliveries and attempts; searched, and pruned with nothing left over."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.store.samples import DAY, NOW, a_capture, a_delivery, an_attempt, an_event

from pivotal_sandbox.domain.models import OPEN, Attempt, Delivery, Event, Status
from pivotal_sandbox.errors import NotFound
from pivotal_sandbox.store.captures import Captures
from pivotal_sandbox.store.database import Database
from pivotal_sandbox.store.deliveries import (
    Deliveries,
    DeliveryFilter,
    attempt_row,
    delivery_row,
    event_row,
)

EVENT = an_event()
FULL = a_delivery(
    EVENT,
    7,
    mode="live",
    status="retrying",
    attempt_count=3,
    next_attempt_at=NOW + 5,
    first_failed_at=NOW + 2,
    completed_at=NOW + 9,
    replay_of="msg_before",
    fault="duplicate",
    last_status_code=503,
    last_duration_ms=12.25,
)


async def keep(
    database: Database,
    events: Sequence[Event] = (),
    deliveries: Sequence[Delivery] = (),
    attempts: Sequence[Attempt] = (),
) -> Deliveries:
    rows = [*map(event_row, events), *map(delivery_row, deliveries), *map(attempt_row, attempts)]
    await database.put(rows)
    return Deliveries(database)


async def test_an_event_is_given_back_as_it_was_kept(database: Database) -> None:
    bare = Event("evt_b", "webhook.ping", "live", NOW, b"\x00\xff")
    log = await keep(database, [EVENT, bare])
    assert await log.event(EVENT.id) == EVENT
    assert await log.event(bare.id) == bare


async def test_deliveries_are_given_back_as_they_stand(database: Database) -> None:
    new = a_delivery(EVENT)
    log = await keep(database, [EVENT], [new, FULL])
    assert await log.get(new.id) == new
    assert await log.get_all([FULL.id, new.id, FULL.id]) == [FULL, new, FULL]
    assert await log.get_all([]) == []


async def test_attempts_are_given_back_first_one_first(database: Database) -> None:
    first, second, other = a_delivery(EVENT, 1), a_delivery(EVENT, 2), a_delivery(EVENT, 3)
    attempts = [
        an_attempt(first, 10, 200),
        an_attempt(first, 2, None),
        replace(an_attempt(first, 1, 503), request_body=b"\x00not the event's"),
        an_attempt(second),
    ]
    log = await keep(database, [EVENT], [first, second, other], attempts)
    assert await log.attempts(first.id) == [attempts[2], attempts[1], attempts[0]]
    assert await log.attempts(second.id) == [attempts[3]]
    assert await log.attempts(other.id) == []


async def test_what_is_unknown_is_not_found(database: Database) -> None:
    log = await keep(database, [EVENT], [FULL])
    with pytest.raises(NotFound, match=r"There is no delivery msg_none\.") as caught:
        await log.get_all([FULL.id, "msg_none"])
    assert caught.value.pointer == "/ids/1"
    with pytest.raises(NotFound, match=r"There is no delivery msg_none\."):
        await log.get("msg_none")
    with pytest.raises(NotFound, match=r"There is no event evt_none\."):
        await log.event("evt_none")


async def test_what_is_open_is_given_the_first_due_first(database: Database) -> None:
    a = a_delivery(EVENT, 1, status="retrying", next_attempt_at=NOW + 20)
    b = a_delivery(EVENT, 2, status="pending", next_attempt_at=NOW + 10)
    c = a_delivery(EVENT, 3, status="pending", next_attempt_at=NOW + 10)
    closed: list[Status] = ["delivered", "failed", "cancelled"]
    done = [a_delivery(EVENT, 4 + n, status=status) for n, status in enumerate(closed)]
    log = await keep(database, [EVENT], [a, c, b, *done])
    assert await log.open() == [b, c, a]


async def test_the_ids_that_match_are_given_oldest_first(database: Database) -> None:
    deliveries = [a_delivery(EVENT, n, status=("failed", "delivered")[n % 2]) for n in range(4)]
    log = await keep(database, [EVENT], deliveries)
    failed = [deliveries[0].id, deliveries[2].id]
    assert await log.matching(DeliveryFilter(status="failed")) == failed
    assert len(await log.matching(DeliveryFilter())) == 4


# -- the latest moment


@pytest.mark.parametrize(
    ("deliveries", "attempts", "latest"),
    [
        ([], [], NOW),
        ([a_delivery(an_event(now=NOW + 5))], [], NOW + 5),
        ([a_delivery(EVENT, status="delivered", completed_at=NOW + DAY)], [], NOW + DAY),
        (
            [
                a_delivery(EVENT, 1, status="failed", completed_at=NOW + DAY),
                a_delivery(EVENT, 2, status="delivered", completed_at=NOW + 100_000),
            ],
            [],
            NOW + DAY,
        ),
        ([FULL], [an_attempt(FULL, 1), an_attempt(FULL, 5_000_000)], NOW + 5_000_000),
    ],
    ids=["event", "delivery", "end of a delivery", "end of an older delivery", "attempt"],
)
async def test_the_latest_moment_is_the_last_that_anything_happened_at(
    database: Database, deliveries: list[Delivery], attempts: list[Attempt], latest: int
) -> None:
    log = await keep(database, [an_event(now=NOW - 9), EVENT], deliveries, attempts)
    assert await log.latest() == latest


async def test_a_capture_is_something_that_happened_too(database: Database) -> None:
    log = await keep(database, [EVENT])
    await Captures(database).put(a_capture(now=NOW + 77))
    assert await log.latest() == NOW + 77


async def test_an_empty_log_knows_no_moment(database: Database) -> None:
    assert await Deliveries(database).latest() is None


# -- what is old


async def left(database: Database) -> tuple[set[str], set[str], set[str]]:
    """Return the ids of the events and deliveries that are there, and whose attempts."""

    async def ids(query: str) -> set[str]:
        return {id for (id,) in await database.read(lambda c: c.execute(query).fetchall())}

    return (
        await ids("SELECT id FROM events"),
        await ids("SELECT id FROM deliveries"),
        await ids("SELECT delivery_id FROM attempts"),
    )


async def test_what_is_old_and_done_is_dropped_with_its_attempts(database: Database) -> None:
    old, new = an_event(1, NOW - 1), an_event(2, NOW)
    gone = a_delivery(old, 1, status="delivered")
    kept = a_delivery(new, 2, status="delivered")
    attempts = [an_attempt(gone, 1, 503), an_attempt(gone, 2), an_attempt(kept)]
    log = await keep(database, [old, new], [gone, kept], attempts)
    assert await log.prune(NOW - DAY) == 0
    assert await log.prune(NOW) == 2
    assert await left(database) == ({new.id}, {kept.id}, {kept.id})


@pytest.mark.parametrize("status", sorted(OPEN))
async def test_what_is_open_stays_however_old(database: Database, status: Status) -> None:
    old = an_event(1, NOW - 100 * DAY)
    open = a_delivery(old, 1, status=status)
    done = a_delivery(old, 2, status="failed")
    log = await keep(database, [old], [open, done], [an_attempt(open), an_attempt(done)])
    assert await log.prune(NOW) == 1
    assert await left(database) == ({old.id}, {open.id}, {open.id})
    assert await log.open() == [open]


async def test_an_event_stays_as_long_as_a_replay_of_it(database: Database) -> None:
    event = an_event(1, NOW - 100 * DAY)
    first = a_delivery(event, 1, status="failed")
    later = a_delivery(
        an_event(2, NOW), 2, event_id=event.id, replay_of=first.id, status="delivered"
    )
    log = await keep(database, [event], [first, later], [an_attempt(first), an_attempt(later)])
    assert await log.prune(NOW) == 1
    assert await left(database) == ({event.id}, {later.id}, {later.id})
    assert await log.prune(NOW + 1) == 2
    assert await left(database) == (set(), set(), set())


async def test_an_old_event_that_nobody_wanted_is_dropped(database: Database) -> None:
    log = await keep(database, [an_event(1, NOW - 1), an_event(2, NOW)])
    assert await log.prune(NOW) == 1
    assert (await left(database))[0] == {an_event(2, NOW).id}


async def test_more_is_dropped_than_one_transaction_takes(database: Database) -> None:
    events = [an_event(number, NOW - 1) for number in range(1203)]
    deliveries = [a_delivery(e, n, status="delivered") for n, e in enumerate(events[:1101])]
    log = await keep(database, events, deliveries, [an_attempt(d) for d in deliveries])
    assert await log.prune(NOW) == 1203 + 1101
    assert await left(database) == (set(), set(), set())


STATUSES = st.sampled_from(["pending", "retrying", "delivered", "failed", "cancelled"])
AGES = st.integers(-2, 2)


@settings(deadline=None)
@given(
    st.lists(st.tuples(AGES, st.lists(STATUSES, max_size=3)), max_size=6),
    st.lists(st.tuples(st.integers(0, 5), AGES, STATUSES), max_size=4),
)
def test_pruning_leaves_all_that_is_young_or_open_and_nothing_without_its_event(
    made: list[tuple[int, list[Status]]], replays: list[tuple[int, int, Status]]
) -> None:
    events = [an_event(number, NOW + age) for number, (age, _) in enumerate(made)]
    deliveries = [
        a_delivery(event, 10 * number + index, status=status)
        for number, (event, (_, statuses)) in enumerate(zip(events, made, strict=True))
        for index, status in enumerate(statuses)
    ]
    for number, (which, age, status) in enumerate(replays):
        if which < len(events):
            event = events[which]
            again = an_event(0, max(NOW + age, event.created_at))
            its = {"event_id": event.id, "status": status, "replay_of": "msg_before"}
            deliveries.append(a_delivery(again, 100 + number, **its))
    kept = {d.id for d in deliveries if d.created_at >= NOW or d.status in OPEN}
    needed = {d.event_id for d in deliveries if d.id in kept}
    young = {event.id for event in events if event.created_at >= NOW}

    async def pruned() -> tuple[set[str], set[str], set[str]]:
        database = Database()
        log = await keep(database, events, deliveries, [an_attempt(d) for d in deliveries])
        await log.prune(NOW)
        found = await left(database)
        await database.close()
        return found

    assert asyncio.run(pruned()) == (needed | young, kept, kept)
