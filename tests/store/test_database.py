"""The database: accepted means kept, groups are committed at once, and one write harms no other."""

import asyncio
import os
import sqlite3
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.store.conftest import Child

from pivotal_sandbox.clock import sleep
from pivotal_sandbox.errors import NotFound, StoreError
from pivotal_sandbox.store.database import Database, Row, Table

THINGS = Table("things", ["id", "value"], key=["id"])
OTHERS = Table("others", ["a", "b", "c"], key=["a", "b"])
SCHEMA = """
CREATE TABLE things (id INTEGER PRIMARY KEY, value NOT NULL);
CREATE TABLE others (a, b, c, PRIMARY KEY (a, b));
"""


@pytest.fixture(scope="session")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the schema of a database of things."""
    folder = tmp_path_factory.mktemp("schema")
    (folder / "0001_things.sql").write_text(SCHEMA)
    return folder


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a database of things may be."""
    return tmp_path / "things.db"


@pytest.fixture(params=["file", "memory"])
async def database(
    request: pytest.FixtureRequest, path: Path, schema: Path
) -> AsyncIterator[Database]:
    """An empty database of things, in a file and in memory."""
    database = Database(path if request.param == "file" else None, schema=schema)
    yield database
    await database.close()


@pytest.fixture
async def filed(path: Path, schema: Path) -> AsyncIterator[Database]:
    """An empty database of things in a file, which waits little for a lock."""
    database = Database(path, schema=schema, busy_timeout=0.2)
    yield database
    await database.close()


def thing(id: int, value: object = "") -> Row:
    return Row(THINGS, (id, value))


async def things(database: Database) -> dict[int, Any]:
    """Return what is there: id -> value."""
    return dict(await database.read(lambda c: c.execute("SELECT * FROM things").fetchall()))


def fails(_: sqlite3.Connection) -> None:
    raise NotFound("There is no such thing.")


async def test_what_was_acknowledged_is_read(database: Database) -> None:
    for number in range(50):
        await database.put([thing(number, "a")])
        assert len(await things(database)) == number + 1


async def test_a_row_takes_the_place_of_the_one_with_its_key(database: Database) -> None:
    await database.put([thing(1, "a"), thing(2, "a")])
    await database.put([thing(1, "b")])
    assert await things(database) == {1: "b", 2: "a"}


async def test_of_two_rows_with_one_key_the_later_wins(database: Database) -> None:
    await asyncio.gather(
        database.put([thing(1, "a"), thing(2, "a"), thing(1, "b")]),
        database.put([thing(2, "b")]),
    )
    assert await things(database) == {1: "b", 2: "b"}


async def test_a_key_may_be_of_several_columns(database: Database) -> None:
    await database.put([Row(OTHERS, values) for values in [(1, 1, "a"), (1, 2, "b"), (1, 1, "c")]])
    rows = await database.read(lambda c: c.execute("SELECT * FROM others").fetchall())
    assert sorted(rows) == [(1, 1, "c"), (1, 2, "b")]


async def test_nothing_may_be_put(database: Database) -> None:
    await database.put([])
    assert await things(database) == {}


@pytest.mark.parametrize("count", [1, 2, 3, 7, 255, 256, 257, 449, 450, 451, 899, 1000, 20_000])
async def test_any_number_of_rows_is_put_at_once(database: Database, count: int) -> None:
    await database.put([thing(number, -number) for number in range(count)])
    assert await things(database) == {number: -number for number in range(count)}


async def test_rows_of_several_tables_are_put_together(database: Database) -> None:
    await database.put([thing(1), Row(OTHERS, (1, 2, 3)), thing(2), Row(OTHERS, (2, 3, 4))])
    counts = "SELECT (SELECT count(*) FROM things), (SELECT count(*) FROM others)"
    assert await database.read(lambda c: c.execute(counts).fetchone()) == (2, 2)


async def test_all_rows_of_a_put_are_kept_or_none(database: Database) -> None:
    with pytest.raises(StoreError, match="NOT NULL"):
        await database.put([thing(1), Row(OTHERS, (1, 2, 3)), thing(2, None)])
    assert await things(database) == {}
    assert not await database.read(lambda c: c.execute("SELECT * FROM others").fetchall())


async def test_a_row_that_sqlite_cannot_hold_is_refused(database: Database) -> None:
    with pytest.raises(StoreError, match=r"(things\.db|memory) refused .* type 'object'"):
        await database.put([thing(1, object())])


async def test_many_put_at_once(database: Database) -> None:
    async def put(first: int) -> None:
        for number in range(first, 3200, 32):
            await database.put([thing(number)])

    await asyncio.gather(*map(put, range(32)))
    assert len(await things(database)) == 3200


async def test_more_than_one_group_may_wait(database: Database) -> None:
    await asyncio.gather(*[database.put([thing(number)]) for number in range(5000)])
    assert len(await things(database)) == 5000


async def test_what_arrives_together_shares_a_transaction(filed: Database) -> None:
    await asyncio.gather(
        filed.transact(lambda c: c.execute("SAVEPOINT here")),
        filed.put([thing(1)]),
        filed.transact(lambda c: c.execute("ROLLBACK TO here")),
    )
    assert await things(filed) == {}


async def test_work_gives_its_result(database: Database) -> None:
    def work(connection: sqlite3.Connection) -> int:
        connection.execute("INSERT INTO things VALUES (1, 'a'), (2, 'b')")
        return connection.execute("DELETE FROM things WHERE id > 0").rowcount

    assert await database.transact(work) == 2
    assert await things(database) == {}


async def test_rows_and_work_keep_their_order(database: Database) -> None:
    def value(connection: sqlite3.Connection) -> Any:
        return connection.execute("SELECT value FROM things").fetchone()[0]

    results = await asyncio.gather(
        database.put([thing(1, "a")]),
        database.transact(value),
        database.transact(lambda c: c.execute("UPDATE things SET value = value || 'b'").rowcount),
        database.transact(value),
        database.put([thing(1, "c")]),
        database.transact(value),
    )
    assert list(results) == [None, "a", 1, "ab", None, "c"]


async def test_one_that_fails_harms_no_other(database: Database) -> None:
    results = await asyncio.gather(
        database.put([thing(1)]),
        database.transact(fails),
        database.put([thing(2), thing(3, None)]),
        database.transact(lambda c: c.execute("INSERT INTO things VALUES (4, '')").rowcount),
        database.transact(lambda c: c.execute("INSERT INTO nowhere VALUES (4)")),
        database.put([thing(5)]),
        return_exceptions=True,
    )
    kinds = [type(result) for result in results]
    assert kinds == [type(None), NotFound, StoreError, int, StoreError, type(None)]
    assert sorted(await things(database)) == [1, 4, 5]


async def test_what_failing_work_wrote_is_undone(database: Database) -> None:
    def work(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO things VALUES (1, '')")
        fails(connection)

    with pytest.raises(NotFound):
        await database.transact(work)
    assert await things(database) == {}


async def test_work_that_ended_the_transaction_by_failing_harms_no_other(
    database: Database,
) -> None:
    await database.put([thing(1)])
    failing = "INSERT OR ROLLBACK INTO things VALUES (2, ''), (1, '')"
    results = await asyncio.gather(
        database.put([thing(3)]),
        database.transact(lambda c: c.execute(failing)),
        return_exceptions=True,
    )
    assert results[0] is None
    assert "UNIQUE" in str(results[1])
    assert sorted(await things(database)) == [1, 3]


async def test_what_nobody_waits_for_any_more_is_kept(database: Database) -> None:
    put = database.put([thing(1)])
    work = database.transact(fails)
    put.cancel()
    work.cancel()
    await database.put([thing(2)])
    assert sorted(await things(database)) == [1, 2]


async def test_a_read_gets_the_error_of_its_work(database: Database) -> None:
    with pytest.raises(NotFound):
        await database.read(fails)
    with pytest.raises(StoreError, match=r"(things\.db|in memory) refused .*no such table"):
        await database.read(lambda c: c.execute("SELECT * FROM nowhere"))


async def test_a_read_cannot_write(filed: Database) -> None:
    with pytest.raises(StoreError, match="cannot be written"):
        await filed.read(lambda c: c.execute("INSERT INTO things VALUES (1, '')"))


async def test_close_keeps_what_was_put(path: Path, schema: Path) -> None:
    database = Database(path, schema=schema)
    puts = [database.put([thing(number)]) for number in range(3000)]
    await database.close()
    assert all(put.done() for put in puts)
    database = Database(path, schema=schema)
    assert len(await things(database)) == 3000
    await database.close()


@pytest.mark.parametrize("ask", ["put", "transact", "read"])
async def test_a_closed_database_says_so(database: Database, ask: str) -> None:
    asks: dict[str, Callable[[], Awaitable[None]]] = {
        "put": lambda: database.put([thing(1)]),
        "transact": lambda: database.transact(fails),
        "read": lambda: database.read(fails),
    }
    closing_it = asyncio.create_task(database.close())
    await sleep(0)
    with pytest.raises(StoreError, match=r"(things\.db|in memory) is closed.*Open another"):
        await asks[ask]()
    await closing_it
    with pytest.raises(StoreError, match="is closed"):
        await asks[ask]()


async def test_closing_twice_is_closing_once(database: Database) -> None:
    await asyncio.gather(database.close(), database.close())
    await database.close()


async def test_nothing_is_left_open(path: Path, schema: Path) -> None:
    database = Database(path, schema=schema)
    await database.put([thing(1)])
    await asyncio.gather(*[things(database) for _ in range(8)])
    assert open_files(path)
    await database.close()
    assert open_files(path) == []
    assert [t.name for t in threading.enumerate() if t.name.startswith("store-")] == []
    assert sorted(file.name for file in path.parent.iterdir()) == ["things.db", "things.db-owner"]


@pytest.mark.parametrize("content", [b"this is a text\n" * 100, None])
async def test_nothing_is_left_open_where_opening_failed(
    path: Path, schema: Path, content: bytes | None
) -> None:
    path.mkdir() if content is None else path.write_bytes(content)
    with pytest.raises(StoreError):
        Database(path, schema=schema)
    assert open_files(path) == []


def open_files(path: Path) -> list[str]:
    """Return the open files of this process whose name begins with `path`."""
    descriptors = Path("/proc/self/fd")
    if not descriptors.exists():
        pytest.skip("this system does not tell what is open")
    names = [os.readlink(file) for file in descriptors.iterdir() if file.is_symlink()]
    return [name for name in names if name.startswith(str(path))]


async def test_a_file_is_found_again_from_another_folder(
    path: Path, schema: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(path.parent)
    database = Database(Path(path.name), schema=schema)
    await database.put([thing(1)])
    monkeypatch.chdir("/")
    assert await things(database) == {1: ""}
    await database.close()


async def test_a_name_that_sqlite_takes_for_memory_is_a_file(
    tmp_path: Path, schema: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    database = Database(Path(":memory:"), schema=schema)
    await database.put([thing(1)])
    assert await things(database) == {1: ""}
    await database.close()
    assert (tmp_path / ":memory:").stat().st_size > 0


async def test_while_another_program_holds_the_file_reading_and_the_loop_go_on(
    filed: Database, path: Path
) -> None:
    await filed.put([thing(1)])
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        put = filed.put([thing(2)])
        for _ in range(5):
            await sleep(2)
            assert await things(filed) == {1: ""}
        assert not put.done()
        other.execute("ROLLBACK")
    await put
    assert sorted(await things(filed)) == [1, 2]


async def test_a_lock_fails_the_whole_group_after_one_wait(filed: Database, path: Path) -> None:
    loop = asyncio.get_running_loop()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        began = loop.time()
        puts = [filed.put([thing(number)]) for number in range(100)]
        results = await asyncio.gather(*puts, return_exceptions=True)
        assert loop.time() - began < 5
        assert {str(result) for result in results} == {
            f"{path} is locked by another program; close that, then try again."
        }
        other.execute("ROLLBACK")
    await filed.put([thing(1)])
    assert await things(filed) == {1: ""}


async def test_a_file_that_another_process_holds_cannot_be_opened(
    path: Path, schema: Path, child: Child
) -> None:
    await Database(path, schema=schema).close()
    process = child("lock", path)
    with pytest.raises(StoreError, match=r"things\.db is locked by another program; close that"):
        Database(path, schema=schema, busy_timeout=0.1)
    process.communicate()
    await Database(path, schema=schema).close()


async def test_what_was_acknowledged_survives_kill_9(tmp_path: Path, child: Child) -> None:
    path = tmp_path / "sandbox.db"
    process = child("write", path)
    assert process.stdout
    seen = [process.stdout.readline() for _ in range(2000)]
    process.kill()
    seen += process.stdout.readlines()
    acknowledged = {line.strip() for line in seen if line.endswith("\n")}
    database = Database(path)
    events = await database.read(lambda c: c.execute("SELECT id FROM events").fetchall())
    with_delivery = await database.read(
        lambda c: c.execute("SELECT event_id FROM deliveries").fetchall()
    )
    assert set(events) == set(with_delivery)
    assert acknowledged - {id for (id,) in events} == set()
    check = await database.read(lambda c: c.execute("PRAGMA integrity_check").fetchall())
    assert check == [("ok",)]
    await database.close()


def test_a_process_that_ends_without_closing_is_not_held_up(tmp_path: Path, child: Child) -> None:
    process = child("leave", tmp_path / "sandbox.db")
    assert process.wait(timeout=10) == 0


def test_what_was_handed_over_is_kept_though_the_loop_ends(path: Path, schema: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:

        async def put() -> Database:
            database = Database(path, schema=schema)
            other.execute("BEGIN IMMEDIATE")
            database.put([thing(1)])
            await sleep(1)
            return database

        database = asyncio.run(put())
        other.execute("ROLLBACK")
    asyncio.run(database.close())
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("SELECT * FROM things").fetchall() == [(1, "")]
