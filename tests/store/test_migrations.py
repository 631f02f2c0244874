"""Numbered steps from any earlier version to the newest; what is not ours is left alone."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.store.samples import an_event

from pivotal_sandbox.errors import StoreError
from pivotal_sandbox.store.database import Database
from pivotal_sandbox.store.deliveries import Deliveries, event_row
from pivotal_sandbox.store.migrations import SCHEMA

FIRST = (SCHEMA / "0001_initial.sql").read_text("utf-8")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sandbox.db"


@pytest.fixture
def schema(tmp_path: Path) -> Path:
    """A folder of steps with the first of ours."""
    folder = tmp_path / "schema"
    folder.mkdir()
    (folder / "0001_initial.sql").write_text(FIRST)
    return folder


def ask(path: Path, query: str) -> Any:
    """Return the first row that another program sees."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchone()


async def opened(path: Path | None, schema: Path = SCHEMA) -> None:
    await Database(path, schema=schema).close()


async def test_an_empty_place_gets_the_newest_version(path: Path) -> None:
    await opened(path)
    assert ask(path, "PRAGMA user_version") == (len(list(SCHEMA.glob("*.sql"))),)
    assert ask(path, "PRAGMA application_id") == (int.from_bytes(b"PVOT"),)
    assert ask(path, "PRAGMA journal_mode") == ("wal",)


async def test_an_empty_file_does_too(path: Path) -> None:
    path.touch()
    await opened(path)
    assert ask(path, "SELECT count(*) FROM events") == (0,)


async def test_a_database_is_opened_again_with_what_it_holds(path: Path) -> None:
    event = an_event()
    database = Database(path)
    await database.put([event_row(event)])
    await database.close()
    before = path.read_bytes()
    await opened(path)
    assert path.read_bytes() == before
    database = Database(path)
    assert await Deliveries(database).event(event.id) == event
    await database.close()


async def test_an_earlier_version_is_brought_to_the_newest(path: Path, schema: Path) -> None:
    database = Database(path, schema=schema)
    await database.put([event_row(an_event())])
    await database.close()
    (schema / "0003_third.sql").write_text("UPDATE events SET colour = colour || '!';")
    (schema / "0002_second.sql").write_text(
        "ALTER TABLE events ADD COLUMN colour TEXT;\nUPDATE events SET colour = 'červená';", "utf-8"
    )
    (schema / "notes.txt").write_text("no step")
    await opened(path, schema)
    assert ask(path, "PRAGMA user_version") == (3,)
    assert ask(path, "SELECT colour FROM events") == ("červená!",)
    await opened(path, schema)
    assert ask(path, "SELECT colour FROM events") == ("červená!",)


@pytest.mark.parametrize(
    ("failing", "because"),
    [
        ("CREATE TABLE more (a);\nINSERT INTO nowhere VALUES (1);", "no such table: nowhere"),
        ("CREATE TABLE more (a UNIQUE);\nINSERT INTO more VALUES (1), (1);", "UNIQUE"),
        ("CREATE TABLE more (a);\nSELEC;", "syntax error"),
    ],
)
async def test_a_step_that_fails_leaves_the_file_as_it_was(
    path: Path, schema: Path, failing: str, because: str
) -> None:
    (schema / "0002_second.sql").write_text("ALTER TABLE events ADD COLUMN colour TEXT;")
    (schema / "0003_third.sql").write_text(failing)
    with pytest.raises(StoreError) as caught:
        await opened(path, schema)
    sentence = str(caught.value)
    assert sentence.startswith(str(path))
    assert because in sentence
    assert "0003_third.sql was not applied: the file stays at version 2, as it was." in sentence
    assert "Use the pivotal-sandbox that wrote it" in sentence
    assert ask(path, "PRAGMA user_version") == (2,)
    assert ask(path, "SELECT count(*) FROM sqlite_master WHERE name = 'more'") == (0,)
    (schema / "0003_third.sql").write_text("CREATE TABLE more (a);")
    await opened(path, schema)
    assert ask(path, "PRAGMA user_version") == (3,)


async def test_a_newer_version_is_refused_and_left_alone(
    path: Path, schema: Path, tmp_path: Path
) -> None:
    earlier = tmp_path / "earlier"
    shutil.copytree(schema, earlier)
    (schema / "0002_second.sql").write_text("CREATE TABLE more (a);")
    await opened(path, schema)
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"newer pivotal-sandbox .* is 2, .* knows 1.* upgrade"):
        await opened(path, earlier)
    assert path.read_bytes() == before


@pytest.mark.parametrize("mode", ["delete", "wal"])
async def test_a_database_of_another_program_is_refused_and_left_alone(
    path: Path, mode: str
) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA journal_mode = {mode}")
        connection.execute("CREATE TABLE recipes (name)")
    before = path.read_bytes()
    with pytest.raises(StoreError, match=f"^{path} is not a database of the sandbox; name another"):
        await opened(path)
    assert path.read_bytes() == before


async def test_a_database_in_memory_is_made_in_the_same_way(schema: Path) -> None:
    (schema / "0002_second.sql").write_text("CREATE TABLE more (a);")
    database = Database(schema=schema)
    version = await database.read(lambda c: c.execute("PRAGMA user_version").fetchone())
    assert version == (2,)
    await database.close()


async def test_attempts_of_an_earlier_version_had_the_event_s_body(path: Path) -> None:
    steps = path.parent / "steps"
    steps.mkdir()
    for step in sorted(SCHEMA.glob("*.sql"))[:2]:
        shutil.copy(step, steps)
    await opened(path, steps)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "INSERT INTO attempts VALUES ('msg_1', 1, 7, '[]', NULL, NULL, NULL, 0, 'timeout',"
            " 'late', 1.0, NULL, NULL, NULL)"
        )
    database = Database(path)
    [attempt] = await Deliveries(database).attempts("msg_1")
    await database.close()
    assert (attempt.outcome.error, attempt.request_body) == ("timeout", None)
