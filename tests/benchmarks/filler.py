"""A log of many deliveries, written straight into the file: what lists are measured on."""

import json
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from pivotal_sandbox.clock import MANUAL_START
from pivotal_sandbox.common.ids import DELIVERY, ENDPOINT, EVENT, Ids
from pivotal_sandbox.domain.catalog_loader import load_catalog
from pivotal_sandbox.domain.models import Delivery, Event, Mode, Status
from pivotal_sandbox.domain.payload import build_body
from pivotal_sandbox.records.sample_data import load_sample_data
from pivotal_sandbox.store.database import Row, Table
from pivotal_sandbox.store.deliveries import DELIVERIES, EVENTS, delivery_row, event_row

DAYS_90 = 90 * 86_400_000
HOUR = 3_600_000
RECENT = 400  # deliveries in the last hour, however many there are: what the inspector charts
ENDPOINTS = 10
_BATCH = 10_000
_ENDS: list[tuple[int, Status, int | None]] = [  # of a thousand deliveries
    *((800, "delivered", 200), (120, "delivered", 204), (20, "failed", 400), (15, "failed", 404)),
    *((10, "failed", 503), (5, "failed", None), (10, "retrying", 503), (5, "retrying", None)),
    *((10, "cancelled", 500), (5, "pending", None)),
]


def fill(path: Path, count: int) -> list[str]:
    """Put `count` events with a delivery each, over 90 days; return the endpoints' ids.

    The last hour has `RECENT` of them. `path` is a database that was opened before. The same count
    gives the same log.
    """
    source = random.Random(count)
    ids = Ids(source)
    endpoints = [ids.new(ENDPOINT, MANUAL_START) for _ in range(ENDPOINTS)]
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -200000")
        rows = _rows(source, ids, endpoints, count)
        for start in range(0, count, _BATCH):
            made = [next(rows) for _ in range(min(_BATCH, count - start))]
            connection.execute("BEGIN")
            _insert(connection, "events", EVENTS, [event for event, _ in made])
            _insert(connection, "deliveries", DELIVERIES, [delivery for _, delivery in made])
            connection.execute("COMMIT")
    return endpoints


def _insert(connection: sqlite3.Connection, name: str, table: Table, rows: list[Row]) -> None:
    marks = ", ".join("?" * len(table.columns))
    connection.executemany(
        f"INSERT INTO {name} ({', '.join(table.columns)}) VALUES ({marks})",
        [row.values for row in rows],
    )


def _rows(
    source: random.Random, ids: Ids, endpoints: list[str], count: int
) -> Iterator[tuple[Row, Row]]:
    types: list[tuple[str, dict[str, Any]]] = [
        (type.name, json.loads(json.dumps(type.example))["data"]) for type in load_catalog(None)
    ]
    names = [company.name for company in load_sample_data().companies]
    weights, ends = [end[0] for end in _ENDS], [end[1:] for end in _ENDS]
    for number in range(count):
        now = MANUAL_START + _moment(number, count)
        type, record = source.choice(types)
        record["id"] = ids.new("rec_", now)
        record["name"] = f"{source.choice(names)} {source.randrange(10**6)}"
        endpoint = source.randrange(ENDPOINTS)
        mode: Mode = "live" if endpoint == 0 else "test"
        event_id = ids.new(EVENT, now)
        event = Event(event_id, type, mode, now, build_body(event_id, type, now, record))
        [(status, code)] = source.choices(ends, weights)
        delivery = Delivery(
            ids.new(DELIVERY, now),
            event_id,
            type,
            endpoints[endpoint],
            mode,
            "http://127.0.0.1:8000/webhooks",
            now,
            status=status,
            attempt_count=1,
            completed_at=now + 12,
            last_status_code=code,
            last_duration_ms=12.5,
        )
        yield event_row(event), delivery_row(delivery)


def _moment(number: int, count: int) -> int:
    before = max(count - RECENT, 0)
    if number < before:
        return number * (DAYS_90 - HOUR) // before
    return DAYS_90 - HOUR + (number - before) * HOUR // RECENT
