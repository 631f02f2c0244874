"""Databases in memory: made by copying, and used again."""

import sqlite3
from pathlib import Path

import pytest
from tests.store.samples import an_event

from pivotal_sandbox.domain.models import Capture
from pivotal_sandbox.store import in_memory
from pivotal_sandbox.store.captures import Captures
from pivotal_sandbox.store.database import Database
from pivotal_sandbox.store.deliveries import event_row
from pivotal_sandbox.store.migrations import SCHEMA
from pivotal_sandbox.store.search import fill


async def rows(database: Database) -> int:
    """Return how many rows there are in all tables that things are kept in."""

    def count(connection: sqlite3.Connection) -> int:
        names = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            " AND name NOT LIKE 'payloads%'"
        ).fetchall()
        return sum(
            connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for (name,) in names
        )

    return await database.read(count)


async def connection_of(database: Database) -> int:
    return await database.read(id)


@pytest.fixture(autouse=True)
def none_to_spare() -> None:
    while in_memory._spare:
        in_memory._spare.pop().close()


async def test_a_database_that_was_closed_is_taken_up_again_empty() -> None:
    first = Database()
    used = await connection_of(first)
    await first.put([event_row(an_event())])
    capture = Capture("cap_1", "a", "GET", "/", "", (), b"", 0, None, False, None, None, "")
    await Captures(first).put(capture)
    assert await rows(first) == 2
    await first.close()
    second = Database()
    assert await connection_of(second) == used
    assert await rows(second) == 0
    await second.put([event_row(an_event())])
    assert await rows(second) == 1
    await second.close()


async def test_two_that_are_open_are_two() -> None:
    first, second = Database(), Database()
    await first.put([event_row(an_event())])
    assert await rows(second) == 0
    await first.close()
    await second.close()


async def test_a_limit_that_was_set_is_not_handed_on() -> None:
    first = Database()
    used = await connection_of(first)
    await first.transact(lambda c: c.execute("PRAGMA max_page_count = 40").fetchall())
    await first.close()
    second = Database()
    assert await connection_of(second) == used
    await second.put([event_row(an_event(1, name="x" * 1_000_000))])
    await second.close()


async def test_one_that_grew_is_not_kept() -> None:
    first = Database()
    await first.put([event_row(an_event(1, name="x" * 1_000_000))])
    await first.close()
    assert in_memory._spare == []


async def test_one_whose_payloads_were_indexed_is_not_kept() -> None:
    first = Database()
    await first.put([event_row(an_event())])
    await fill(first)
    await first.close()
    assert in_memory._spare == []


async def test_few_are_kept() -> None:
    databases = [Database() for _ in range(9)]
    for database in databases:
        await database.close()
    assert len(in_memory._spare) == 4


def test_one_of_another_schema_is_made_for_it_and_not_kept(tmp_path: Path) -> None:
    (tmp_path / "0001_first.sql").write_text("CREATE TABLE things (a);")
    in_memory.give_back(in_memory.take())
    connection = in_memory.take(tmp_path)
    assert connection.execute("SELECT count(*) FROM things").fetchone() == (0,)
    in_memory.give_back(connection, tmp_path)
    assert len(in_memory._spare) == 1
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        connection.execute("SELECT 1")


def test_a_copy_is_as_the_steps_make_it() -> None:
    connection = in_memory.take(SCHEMA)
    [version] = connection.execute("PRAGMA user_version").fetchone()
    assert version == len(list(SCHEMA.glob("[0-9]*.sql")))
    [vacuum] = connection.execute("PRAGMA auto_vacuum").fetchone()
    assert vacuum == 2  # incremental
    connection.close()
