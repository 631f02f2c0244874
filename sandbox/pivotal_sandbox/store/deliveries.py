"""The log: events, their deliveries, and the attempts at each."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import msgspec

from pivotal_sandbox.common.ids import DELIVERY, EVENT, lower_bound
from pivotal_sandbox.domain.models import (
    Attempt,
    Delivery,
    Event,
    Headers,
    Outcome,
    Response,
    Status,
    Timing,
)
from pivotal_sandbox.errors import NotFound
from pivotal_sandbox.store import search
from pivotal_sandbox.store.database import Database, Row, Table
from pivotal_sandbox.store.delivery_queries import DeliveryFilter as DeliveryFilter
from pivotal_sandbox.store.delivery_queries import count, open_kinds, started_since
from pivotal_sandbox.store.pagination import Listing

EVENTS = Table("events", Event.__match_args__, key=["id"])
DELIVERIES = Table(
    "deliveries",
    Delivery.__match_args__,
    key=["id"],
    fixed=["event_id", "event_type", "endpoint_id", "mode", "url", "created_at", "replay_of"],
)
ATTEMPTS = Table(
    "attempts",
    [
        *("delivery_id", "number", "started_at", "request_headers"),
        *("status_code", "response_headers", "response_body", "truncated"),
        *("error", "detail", "total_ms", "connect_ms", "tls_ms", "first_byte_ms"),
        "request_body",
    ],
    key=["delivery_id", "number"],
)
MOVED = Table("moved", ["id", "moment"], key=["id"])

_encode = msgspec.json.Encoder().encode
_decode_headers = msgspec.json.Decoder(Headers).decode
_OPEN = "status IN ('pending', 'retrying')"
_SHRUNK = 250  # pages that are given back in one transaction
_SEARCHED = 100  # hits of a text whose moments are told
_PRUNED = 200  # rows in one transaction, so that the work beside it is not held up


def event_row(event: Event) -> Row:
    """Return the row of an event."""
    changed = _encode(event.changed).decode()
    return Row(EVENTS, (event.id, event.type, event.mode, event.created_at, event.body, changed))


def delivery_row(delivery: Delivery) -> Row:
    """Return the row of a delivery as it now stands."""
    d = delivery
    return Row(
        DELIVERIES,
        (
            *(d.id, d.event_id, d.event_type, d.endpoint_id, d.mode, d.url, d.created_at),
            *(d.status, d.attempt_count, d.next_attempt_at, d.first_failed_at, d.completed_at),
            *(d.replay_of, d.fault, d.last_status_code, d.last_duration_ms),
        ),
    )


def attempt_row(attempt: Attempt) -> Row:
    """Return the row of an attempt."""
    outcome, response, timing = attempt.outcome, attempt.outcome.response, attempt.outcome.timing
    return Row(
        ATTEMPTS,
        (
            *(attempt.delivery_id, attempt.number, attempt.started_at),
            _encode(attempt.request_headers),
            response.status_code if response else None,
            _encode(response.headers) if response else None,
            response.body if response else None,
            response.truncated if response else False,
            *(outcome.error, outcome.detail),
            *(timing.total_ms, timing.connect_ms, timing.tls_ms, timing.first_byte_ms),
            attempt.request_body,
        ),
    )


class Deliveries:
    """Reads the log, and prunes it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, delivery_id: str) -> Delivery:
        """Return the delivery. Raises `NotFound`."""
        try:
            return (await self.get_all([delivery_id]))[0]
        except NotFound as error:
            raise NotFound(str(error)) from None  # there was no list to point into

    async def get_all(self, ids: Sequence[str]) -> list[Delivery]:
        """Return the deliveries in the order of `ids`. Raises `NotFound` if any is not there."""

        def work(connection: sqlite3.Connection) -> list[Delivery]:
            found = []
            for index, delivery_id in enumerate(ids):
                row = connection.execute(f"{_SELECT} WHERE id = ?", (delivery_id,)).fetchone()
                if row is None:
                    raise NotFound(f"There is no delivery {delivery_id}.", pointer=f"/ids/{index}")
                found.append(Delivery(*row))
            return found

        return await self._database.read(work)

    async def event(self, event_id: str) -> Event:
        """Return the event. Raises `NotFound`."""
        query = f"SELECT {', '.join(EVENTS.columns)} FROM events WHERE id = ?"
        row = await self._database.read(lambda c: c.execute(query, (event_id,)).fetchone())
        if row is None:
            raise NotFound(f"There is no event {event_id}.")
        values = dict(zip(EVENTS.columns, row, strict=True))
        return Event(**values | {"changed": tuple(msgspec.json.decode(values["changed"]))})

    async def attempts(self, delivery_id: str) -> list[Attempt]:
        """Return the attempts at a delivery, the first one first."""
        query = f"SELECT {', '.join(ATTEMPTS.columns)} FROM attempts WHERE delivery_id = ?"
        return await self._database.read(
            lambda c: [_attempt(row) for row in c.execute(query, (delivery_id,))]
        )

    async def open(self) -> list[Delivery]:
        """Return what is still to be delivered, the first due first."""
        query = f"{_SELECT} WHERE {_OF_KINDS} ORDER BY next_attempt_at, id"
        return await self._database.read(
            lambda c: [Delivery(*row) for row in c.execute(query, (json.dumps(open_kinds(c)),))]
        )

    async def page(
        self, wanted: DeliveryFilter, *, limit: int, cursor: str | None = None
    ) -> tuple[list[Delivery], str | None]:
        """Return up to `limit` deliveries, newest first, and the cursor of the next page."""

        def rows(connection: sqlite3.Connection, below: str | None) -> Iterator[tuple[Any, ...]]:
            return search.found(connection, _COLUMNS, wanted, below)

        return await _LISTING.page(self._database, rows, limit, cursor)

    async def started_since(
        self, wanted: DeliveryFilter, most: int
    ) -> tuple[list[tuple[int, Status]], int | None]:
        """Return when (ms) each that the filter lets through began, and its status.

        It looks at the newest `most` only; then it says the moment that these go back to, else
        None. A text is looked for in fewer.
        """

        def work(connection: sqlite3.Connection) -> tuple[list[tuple[int, Status]], int | None]:
            if not wanted.q:
                return started_since(connection, wanted, most)
            hits = search.found(connection, "id, created_at, status", wanted, None)
            few = min(most, _SEARCHED)
            found = [(moment, status) for _, moment, status in islice(hits, few)]
            return found, found[-1][0] if len(found) == few else None

        return await self._database.read(work)

    async def count(self, wanted: DeliveryFilter) -> int:
        """Return how many deliveries the filter lets through."""
        if wanted.q:
            return len(await self.matching(wanted))
        return await self._database.read(lambda c: count(c, wanted))

    async def matching(self, wanted: DeliveryFilter) -> list[str]:
        """Return the ids of all deliveries that the filter lets through, oldest first."""
        newest_first = await self._database.read(
            lambda c: [id for (id,) in search.found(c, "id", wanted, None)]
        )
        return newest_first[::-1]

    async def latest(self) -> int | None:
        """Return the latest moment (ms) that the log knows of, to the minute."""
        row = await self._database.read(
            lambda c: c.execute(_LATEST, (json.dumps(open_kinds(c)),)).fetchone()
        )
        return None if row[0] is None else int(row[0])

    async def prune(self, before: int) -> int:
        """Drop deliveries and events from before that moment (ms); return how many.

        What is still open stays, however old, and so does an event that has a younger replay.
        """
        total = 0
        while (dropped := await self._database.transact(lambda c: _prune(c, before))) > 0:
            total += dropped
        return total

    async def shrink(self, dropped: int) -> None:
        """Give the room of so much that was dropped, here and elsewhere, back to the system."""
        count = "SELECT count(*) FROM events"
        left = await self._database.read(lambda c: c.execute(count).fetchone()[0])
        # What the index holds of the dropped goes when it is merged, and that takes all of it.
        while dropped > left and await self._database.transact(search.tidy):
            pass
        while await self._database.transact(_shrink):
            pass

    async def move(self, moment: int) -> None:
        """Keep how far the clock was moved (ms): it does not fall back behind that."""
        await self._database.put([Row(MOVED, (1, moment))])


_COLUMNS = ", ".join(DELIVERIES.columns)
_SELECT = f"SELECT {_COLUMNS} FROM deliveries"
_OF_KINDS = "kind IN (SELECT value FROM json_each(?))"
_LISTING = Listing(DELIVERY, lambda row: Delivery(*row), lambda delivery: delivery.id)

# An id begins with its time: the newest row is found without a search. What ended more than a
# minute after it began has an index, and of what is being retried there is little.
_LATEST = f"""
    SELECT max(moment) FROM (
        SELECT max(id), created_at AS moment FROM events
        UNION ALL SELECT max(id), created_at FROM deliveries
        UNION ALL SELECT max(id), received_at FROM captures
        UNION ALL SELECT NULL, max(completed_at) FROM deliveries
            WHERE completed_at > created_at + 60000
        UNION ALL SELECT NULL, max(started_at) FROM deliveries
            JOIN attempts ON delivery_id = id WHERE {_OF_KINDS}
        UNION ALL SELECT NULL, moment FROM moved
    )
"""


def _attempt(row: tuple[Any, ...]) -> Attempt:
    delivery_id, number, started_at, request_headers, status_code, *rest = row
    response_headers, response_body, truncated, error, detail, *timing, request_body = rest
    response = None
    if status_code is not None:
        response = Response(
            status_code, _decode_headers(response_headers), response_body, bool(truncated)
        )
    return Attempt(
        delivery_id=delivery_id,
        number=number,
        started_at=started_at,
        request_headers=_decode_headers(request_headers),
        outcome=Outcome(Timing(*timing), response, error, detail),
        request_body=request_body,
    )


def _prune(connection: sqlite3.Connection, before: int) -> int:
    oldest = lower_bound(DELIVERY, before)
    old = connection.execute(
        f"SELECT id FROM deliveries WHERE id < ? AND NOT {_OPEN} ORDER BY id LIMIT ?",
        (oldest, _PRUNED),
    ).fetchall()
    if old:
        connection.executemany("DELETE FROM attempts WHERE delivery_id = ?", old)
        connection.executemany("DELETE FROM deliveries WHERE id = ?", old)
        return len(old)
    # Of these events only open deliveries are left, and replays, which are younger than the event.
    orphans = connection.execute(
        "SELECT number, body FROM events WHERE id < ?"
        f" AND id NOT IN (SELECT event_id FROM deliveries WHERE {_OPEN} AND id < ?)"
        " AND NOT EXISTS (SELECT 1 FROM deliveries"
        " WHERE event_id = events.id AND replay_of IS NOT NULL) ORDER BY id LIMIT ?",
        (lower_bound(EVENT, before), oldest, _PRUNED),
    ).fetchall()
    for number, body in orphans:
        search.forget(connection, number, body)
        connection.execute("DELETE FROM events WHERE number = ?", (number,))
    return len(orphans)


def _shrink(connection: sqlite3.Connection) -> bool:
    """Give some pages back; say whether there are more."""

    def free() -> int:
        return int(connection.execute("PRAGMA freelist_count").fetchone()[0])

    before = free()
    for _ in range(min(before, _SHRUNK)):
        # The module asks for one row of it and no more, and each row is a page given back.
        connection.execute("PRAGMA incremental_vacuum(1)").close()
    return before > free() > 0
