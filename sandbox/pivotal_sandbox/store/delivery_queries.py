"""Deliveries newest first, by what a filter asks: runs in an index, merged as far as one reads."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import islice
from typing import Any

from pivotal_sandbox.common.ids import DELIVERY, lower_bound
from pivotal_sandbox.domain.models import OPEN, Mode, Status
from pivotal_sandbox.store.pagination import Where

_FIRST, _GROWTH, _MOST = 4, 4, 256  # ids that are read of one run at a time
_ROWS = 64  # rows that are read at a time

# The kinds that there were have a table, and the newest id of each is found in one step.
_TOPS = """
    SELECT kind, (SELECT max(id) FROM deliveries WHERE {one} AND id >= ? AND id < ?) AS top
    FROM kinds{where} AND top IS NOT NULL
"""
# What a filter asks, in the order of how few rows that leaves as a rule.
_SELECTIVE = ("status", "event_type", "endpoint_id", "last_status_code", "mode")
_COUNT = """
    SELECT total((SELECT count(*) FROM deliveries WHERE {one} AND id >= ? AND id < ?))
    FROM kinds{where}
"""


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


def conditions(wanted: DeliveryFilter) -> Where:
    """Return what `wanted` asks of a row, but for `q`."""
    where = Where()
    where.equal(endpoint_id=wanted.endpoint_id, **_kind(wanted))
    where.window(DELIVERY, wanted.since, wanted.until)
    return where


def newest(
    connection: sqlite3.Connection,
    columns: str,
    selected: Sequence[str],
    wanted: DeliveryFilter,
    below: str | None,
) -> Iterator[tuple[Any, ...]]:
    """Yield the rows that `wanted` lets through, but for `q`, with an id less than `below`.

    `columns` are what to select, and `selected` their parameters.
    """
    query = (
        f"SELECT {columns} FROM (SELECT value AS this FROM json_each(?))"
        " CROSS JOIN deliveries ON id = this"
    )
    ids = _ids(connection, wanted, below)
    while some := list(islice(ids, _ROWS)):
        yield from connection.execute(query, (*selected, json.dumps(some)))


def count(connection: sqlite3.Connection, wanted: DeliveryFilter) -> int:
    """Return how many rows `wanted` lets through, but for `q`."""
    asked = [wanted.endpoint_id, *_kind(wanted).values()]
    if sum(value is not None for value in asked) <= 1:  # then an index alone tells
        where = conditions(wanted)
        query, values = f"SELECT count(*) FROM deliveries{where}", where.values
    else:
        kind_clause, of_one, kinds = _of_kinds(wanted)
        query = _COUNT.format(one=kind_clause, where=kinds)
        values = [*of_one, *_bounds(wanted, None), *kinds.values]
    return int(connection.execute(query, values).fetchone()[0])


def started_since(
    connection: sqlite3.Connection, wanted: DeliveryFilter, most: int
) -> tuple[list[tuple[int, Status]], int | None]:
    """Return when (ms) each row that `wanted` lets through, but for `q`, began, and its status.

    It looks at `most` rows at most, the newest; then it says the moment that these go back to, else
    None. All of them are in one index, so that the rows of one kind need not be merged.
    """
    asked = {"endpoint_id": wanted.endpoint_id, **_kind(wanted)}
    given = [name for name in _SELECTIVE if asked[name] is not None]
    if wanted.status == "delivered":  # as most are
        given.sort(key="status".__eq__)
    walked, rest = Where(), Where()
    for name in given[:1]:
        walked.equal(**{name: asked[name]})
    rest.equal(**{name: asked[name] for name in given[1:]})
    walked.window(DELIVERY, wanted.since, wanted.until)
    holds = " AND ".join(rest.conditions) or "true"
    rows = connection.execute(
        f"SELECT created_at, status, {holds} FROM deliveries{walked} ORDER BY id DESC LIMIT ?",
        (*rest.values, *walked.values, most),
    ).fetchall()
    found = [(moment, status) for moment, status, holding in rows if holding]
    return found, rows[-1][0] if len(rows) == most else None


def open_kinds(connection: sqlite3.Connection) -> list[str]:
    """Return the kinds of what is still to be delivered."""
    kinds = connection.execute("SELECT kind, status FROM kinds WHERE endpoint_id = ''")
    return [kind for kind, status in kinds if status in OPEN]


def _ids(
    connection: sqlite3.Connection, wanted: DeliveryFilter, below: str | None
) -> Iterator[str]:
    since, below = _bounds(wanted, below)

    def run(condition: str, values: Sequence[str], end: str) -> Iterator[str]:
        query = (
            f"SELECT id FROM deliveries WHERE {condition} AND id >= ? AND id < ?"
            " ORDER BY id DESC LIMIT ?"
        )
        size = _FIRST
        while True:
            rows = connection.execute(query, (*values, since, end, size)).fetchall()
            yield from [id for (id,) in rows]
            if len(rows) < size:
                return
            end, size = rows[-1][0], min(size * _GROWTH, _MOST)

    def from_top(condition: str, values: Sequence[str], top: str) -> Iterator[str]:
        yield top
        yield from run(condition, values, top)

    asked = Where()
    asked.equal(endpoint_id=wanted.endpoint_id, **_kind(wanted))
    if not asked.conditions:
        yield from run("true", (), below)
        return
    if len(asked.conditions) == 1:
        yield from run(asked.conditions[0], asked.values, below)
        return
    kind_clause, values, asked = _of_kinds(wanted)
    tops = connection.execute(
        _TOPS.format(one=kind_clause, where=asked), (*values, since, below, *asked.values)
    )
    condition = kind_clause.replace("kinds.kind", "?")
    runs = [from_top(condition, (*values, kind), top) for kind, top in tops]
    yield from merge(*runs, reverse=True)


def _bounds(wanted: DeliveryFilter, below: str | None) -> tuple[str, str]:
    """Return the least id of the window, and the one that it ends before."""
    since = DELIVERY if wanted.since is None else lower_bound(DELIVERY, wanted.since)
    below = below or DELIVERY + "~"  # which is greater than any id
    if wanted.until is not None:
        below = min(below, lower_bound(DELIVERY, wanted.until))
    return since, below


def _of_kinds(wanted: DeliveryFilter) -> tuple[str, list[str], Where]:
    """Return what holds of deliveries of one kind, its values, and which kinds are asked for."""
    kind_clause, asked = "deliveries.kind = kinds.kind", Where()
    asked.equal(endpoint_id=wanted.endpoint_id or "", **_kind(wanted))
    if not wanted.endpoint_id:
        return kind_clause, [], asked
    return f"deliveries.endpoint_id = ? AND {kind_clause}", [wanted.endpoint_id], asked


def _kind(wanted: DeliveryFilter) -> dict[str, object]:
    return {
        "mode": wanted.mode,
        "status": wanted.status,
        "event_type": wanted.event_type,
        "last_status_code": wanted.status_code,
    }
