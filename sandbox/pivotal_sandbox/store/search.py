"""Search in the payloads: an index of three letters in a row, filled when little else is to do."""

import json
import sqlite3
from collections.abc import Iterator
from typing import Any

from pivotal_sandbox.store.database import Database
from pivotal_sandbox.store.delivery_queries import DeliveryFilter, conditions, newest
from pivotal_sandbox.store.pagination import ESCAPE, contains

_LOOKED_AT = 64  # deliveries that are looked at before the index is asked
_AGAIN = 4  # times as many, before it is asked again
_RARE = 200  # one in so many or fewer: sooner found by the index than by looking
_CANDIDATES = (
    8  # events that the index may name for each that was looked at; with more, one looks on
)
_LETTERS = 3
_TRIGRAMS = 6  # that the index is asked for: more of them cost more than to compare what fewer name
_FILLED = 100  # events in one transaction, so that the work beside it is not held up
_MERGED = 100  # pages, likewise

_HOLDS = f"CAST(events.body AS TEXT) LIKE ? {ESCAPE}"
_WAITING = "number > (SELECT number FROM payloads_filled)"


def found(
    connection: sqlite3.Connection, columns: str, wanted: DeliveryFilter, below: str | None
) -> Iterator[tuple[Any, ...]]:
    """Yield all that `wanted` lets through with an id less than `below`, newest first.

    The rows are of `columns`, of which the id comes first. What is common is found by looking at
    one delivery after the other, what is rare by the index.
    """
    q = wanted.q
    if not q:
        yield from newest(connection, columns, (), wanted, below)
        return
    pattern = contains(q)
    holds = f"id = ? OR EXISTS (SELECT 1 FROM events WHERE events.id = event_id AND {_HOLDS})"
    rows = newest(connection, f"{columns}, {holds}", (q, pattern), wanted, below)
    hits = 0
    ask_at = _LOOKED_AT
    for looked, (*row, holding) in enumerate(rows, start=1):
        if holding:
            hits += 1
            yield tuple(row)
        if looked == ask_at:
            ask_at *= _AGAIN
            if hits * _RARE >= looked:
                continue
            events = _events(connection, q, pattern, looked * _CANDIDATES)
            if events is not None:
                yield from _deliveries(connection, columns, wanted, row[0], events)
                return


def _events(connection: sqlite3.Connection, q: str, pattern: str, most: int) -> list[str] | None:
    """Return the ids of the events that hold `q`; None where there are more than `most`."""
    trigrams = list({q[at : at + _LETTERS]: None for at in range(len(q) - _LETTERS + 1)})
    if not trigrams or "\0" in q:
        query, values = f"SELECT id FROM events WHERE {_HOLDS} LIMIT ?", [pattern]
    else:
        query = (
            "SELECT id FROM payloads CROSS JOIN events ON number = payloads.rowid"
            f" WHERE payloads MATCH ? AND {_HOLDS}"
            f" UNION ALL SELECT id FROM events WHERE {_WAITING} AND {_HOLDS} LIMIT ?"
        )
        asked = trigrams[:: len(trigrams) // _TRIGRAMS + 1]
        match = " AND ".join('"' + trigram.replace('"', '""') + '"' for trigram in asked)
        values = [match, pattern, pattern]
    events = [id for (id,) in connection.execute(query, (*values, most + 1))]
    return events if len(events) <= most else None


def _deliveries(
    connection: sqlite3.Connection,
    columns: str,
    wanted: DeliveryFilter,
    below: str,
    events: list[str],
) -> Iterator[tuple[Any, ...]]:
    where = conditions(wanted)
    where.add("id < ?", below)
    query = (
        f"SELECT {columns} FROM (SELECT value AS found FROM json_each(?))"
        f" CROSS JOIN deliveries INDEXED BY deliveries_by_event ON event_id = found{where}"
        f" UNION SELECT {columns} FROM deliveries{where} AND id = ? ORDER BY 1 DESC"
    )
    values = [json.dumps(events), *where.values, *where.values, wanted.q]
    return connection.execute(query, values)


async def waiting(database: Database) -> tuple[int, int]:
    """Return the number of the newest event, and how many the index does not hold yet."""
    query = (
        "SELECT newest, newest - number FROM payloads_filled,"
        " (SELECT ifnull(max(number), 0) AS newest FROM events)"
    )
    newest, behind = await database.read(lambda c: c.execute(query).fetchone())
    return newest, max(behind, 0)


async def fill(database: Database) -> None:
    """Take some more events into the index."""
    some = f"SELECT number FROM events WHERE {_WAITING} ORDER BY number LIMIT ?"

    def work(connection: sqlite3.Connection) -> None:
        last = connection.execute(f"SELECT max(number) FROM ({some})", (_FILLED,)).fetchone()[0]
        if last is not None:
            # Without a way through Python: a body need not be UTF-8.
            connection.execute(
                "INSERT INTO payloads (rowid, body) SELECT number, CAST(body AS TEXT) FROM events"
                f" WHERE {_WAITING} AND number <= ? ORDER BY number",
                (last,),
            )
            connection.execute("UPDATE payloads_filled SET number = ?", (last,))

    await database.transact(work)


def forget(connection: sqlite3.Connection, number: int, body: bytes) -> None:
    """Take an event that is being dropped out of the index, if it is in there."""
    connection.execute(
        "INSERT INTO payloads (payloads, rowid, body) SELECT 'delete', ?, CAST(? AS TEXT)"
        " FROM payloads_filled WHERE ? <= number",
        (number, body, number),
    )


def tidy(connection: sqlite3.Connection) -> bool:
    """Merge some of the index; say whether there was anything left to merge."""
    before = connection.total_changes
    connection.execute("INSERT INTO payloads (payloads, rank) VALUES ('merge', ?)", (-_MERGED,))
    return connection.total_changes - before >= 2
