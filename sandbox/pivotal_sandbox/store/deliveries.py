"""The log: events, their deliveries, and the attempts at each."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from pivotal_sandbox.core.ids import DELIVERY, EVENT, lower_bound
from pivotal_sandbox.core.model import (
    Attempt,
    Delivery,
    Event,
    Headers,
    Mode,
    Outcome,
    Response,
    Status,
    Timing,
)
from pivotal_sandbox.errors import NotFound
from pivotal_sandbox.store.database import Database, Row, Table
from pivotal_sandbox.store.listing import ESCAPE, Listing, Where, contains

EVENTS = Table("events", Event.__match_args__, key=["id"])
DELIVERIES = Table("deliveries", Delivery.__match_args__, key=["id"])
ATTEMPTS = Table(
    "attempts",
    [
        *("delivery_id", "number", "started_at", "request_headers"),
        *("status_code", "response_headers", "response_body", "truncated"),
        *("error", "detail", "total_ms", "connect_ms", "tls_ms", "first_byte_ms"),
    ],
    key=["delivery_id", "number"],
)

_encode = msgspec.json.Encoder().encode
_decode_headers = msgspec.json.Decoder(Headers).decode
_OPEN = "status IN ('pending', 'retrying')"
_PRUNED = 500  # rows in one transaction, so that the work beside it is not held up


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    """What to list: all that is given must hold. Times are ms.

    `q` is searched in the payload, which names the event, or is the delivery's id.
    """

    mode: Mode | None = None
    endpoint_id: str | None = None
    status: Status | None = None
    event_type: str | None = None
    status_code: int | None = None
    since: int | None = None
    until: int | None = None
    q: str | None = None


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
        ),
    )


class Deliveries:
    """Reads the log, and prunes it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, delivery_id: str) -> Delivery:
        """Return the delivery. Raises `NotFound`."""
        return (await self.get_all([delivery_id]))[0]

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
        query = f"{_SELECT} WHERE {_OPEN} ORDER BY next_attempt_at, id"
        return await self._database.read(lambda c: [Delivery(*row) for row in c.execute(query)])

    async def page(
        self, wanted: DeliveryFilter, *, limit: int, cursor: str | None = None
    ) -> tuple[list[Delivery], str | None]:
        """Return up to `limit` deliveries, newest first, and the cursor of the next page."""
        return await _LISTING.page(self._database, _where(wanted), limit, cursor)

    async def matching(self, wanted: DeliveryFilter) -> list[str]:
        """Return the ids of all deliveries that the filter lets through, oldest first."""
        where = _where(wanted)
        query = f"SELECT id FROM deliveries{where} ORDER BY id"
        return await self._database.read(
            lambda c: [row[0] for row in c.execute(query, where.values)]
        )

    async def latest(self) -> int | None:
        """Return the latest moment (ms) that the log knows of, to the minute."""
        row = await self._database.read(lambda c: c.execute(_LATEST).fetchone())
        return None if row[0] is None else int(row[0])

    async def prune(self, before: int) -> int:
        """Drop deliveries and events from before that moment (ms); return how many.

        What is still open stays, however old, and so does an event that has a younger replay.
        """
        total = 0
        while (dropped := await self._database.transact(lambda c: _prune(c, before))) > 0:
            total += dropped
        return total


_SELECT = f"SELECT {', '.join(DELIVERIES.columns)} FROM deliveries"
_LISTING = Listing(_SELECT, DELIVERY, lambda row: Delivery(*row), lambda delivery: delivery.id)

# An id begins with its time: the newest row is found without a search. What ended more than a
# minute after it began has an index, and of what is being retried there is little.
_LATEST = """
    SELECT max(moment) FROM (
        SELECT max(id), created_at AS moment FROM events
        UNION ALL SELECT max(id), created_at FROM deliveries
        UNION ALL SELECT max(id), received_at FROM captures
        UNION ALL SELECT NULL, max(completed_at) FROM deliveries
            WHERE completed_at > created_at + 60000
        UNION ALL SELECT NULL, max(started_at) FROM deliveries
            JOIN attempts ON delivery_id = id WHERE status = 'retrying'
    )
"""


def _where(wanted: DeliveryFilter) -> Where:
    where = Where()
    where.equal(
        mode=wanted.mode,
        endpoint_id=wanted.endpoint_id,
        status=wanted.status,
        event_type=wanted.event_type,
        last_status_code=wanted.status_code,
    )
    where.window(DELIVERY, wanted.since, wanted.until)
    if q := wanted.q:
        payload = f"events.id = event_id AND CAST(body AS TEXT) LIKE ? {ESCAPE}"
        where.add(f"(id = ? OR EXISTS (SELECT 1 FROM events WHERE {payload}))", q, contains(q))
    return where


def _attempt(row: tuple[Any, ...]) -> Attempt:
    delivery_id, number, started_at, request_headers, status_code, *rest = row
    response_headers, response_body, truncated, error, detail, *timing = rest
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
        "DELETE FROM events WHERE id IN (SELECT id FROM events WHERE id < ?"
        f" AND id NOT IN (SELECT event_id FROM deliveries WHERE {_OPEN} AND id < ?)"
        " AND NOT EXISTS (SELECT 1 FROM deliveries"
        " WHERE event_id = events.id AND replay_of IS NOT NULL) LIMIT ?)",
        (lower_bound(EVENT, before), oldest, _PRUNED),
    )
    return orphans.rowcount
