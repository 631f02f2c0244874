"""Databases in memory. One is made by copying another, or taken up again where one was given back.

Both are sooner done than the steps that make a new one: each test of a customer's has a sandbox.
"""

import atexit
import sqlite3
from functools import cache
from pathlib import Path

from pivotal_sandbox.store import migrations

_KEPT = 4  # databases
_PAGES = 100  # of a database that is worth emptying
_UNLIMITED = 0xFFFFFFFE

_spare: list[sqlite3.Connection] = []


def take(schema: Path = migrations.SCHEMA) -> sqlite3.Connection:
    """Return an empty database of the newest version. Raises `StoreError`."""
    if schema == migrations.SCHEMA and _spare:
        return _spare.pop()
    connection = _connect()
    _newest(schema).backup(connection)
    return connection


def give_back(connection: sqlite3.Connection, schema: Path = migrations.SCHEMA) -> None:
    """Close a database, or keep it for the next who needs one."""
    if schema == migrations.SCHEMA and len(_spare) < _KEPT and _emptied(connection):
        _spare.append(connection)
    else:
        connection.close()


def _connect() -> sqlite3.Connection:
    return sqlite3.connect(
        ":memory:", isolation_level=None, check_same_thread=False, cached_statements=1024
    )


@cache
def _newest(schema: Path) -> sqlite3.Connection:
    connection = _connect()
    atexit.register(connection.close)
    migrations.apply(connection, schema, None)
    return connection


@atexit.register
def _close() -> None:
    while _spare:
        _spare.pop().close()


def _emptied(connection: sqlite3.Connection) -> bool:
    """Delete all rows; say whether that was done, and not more work than to make a new one."""
    [pages] = connection.execute("PRAGMA page_count").fetchone()
    [filled] = connection.execute("SELECT number FROM payloads_filled").fetchone()
    if pages > _PAGES or filled:
        return False
    connection.execute("BEGIN")
    for name in _tables():
        connection.execute(f"DELETE FROM {name}")
    connection.execute("COMMIT")
    connection.execute(f"PRAGMA max_page_count = {_UNLIMITED}")
    return True


@cache
def _tables() -> tuple[str, ...]:
    """Return the tables with rows of their own: not those of the index, which is not filled."""
    query = (
        "SELECT name FROM sqlite_master"
        " WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'payloads%'"
    )
    return tuple(name for (name,) in _newest(migrations.SCHEMA).execute(query))
