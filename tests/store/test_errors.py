"""What SQLite's errors mean: a sentence that names the file and what helps."""

import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.store.samples import an_event

from pivotal_sandbox.errors import StoreError
from pivotal_sandbox.store.database import Database
from pivotal_sandbox.store.deliveries import event_row
from pivotal_sandbox.store.errors import failure


async def made(path: Path) -> bytearray:
    """Make a database with an event in it; return the file's bytes."""
    database = Database(path)
    await database.put([event_row(an_event())])
    await database.close()
    return bytearray(path.read_bytes())


@pytest.fixture
def without_privileges() -> Iterator[Path]:
    """A folder open to all, seen by somebody whom the system can refuse something."""
    is_root = os.geteuid() == 0
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)
        yield Path(folder)
        if is_root:
            os.seteuid(0)


def give_up_privileges() -> None:
    if os.geteuid() == 0:
        os.seteuid(65534)


@pytest.mark.parametrize(
    ("prepare", "sentence"),
    [
        (Path.mkdir, "cannot be opened: name a file, in a folder that is writable"),
        (
            lambda path: path.with_name("sandbox.db-owner").mkdir(),
            r"cannot be opened: its folder must exist and be writable \(Is a directory\)",
        ),
        (
            lambda path: path.with_name("sandbox.db-wal").mkdir(),
            "cannot be read or written: its disk fails. Name another with --db",
        ),
        (
            lambda path: path.with_name("sandbox.db-shm").mkdir(),
            "cannot be written: make it writable, or name another with --db",
        ),
        (
            lambda path: path.write_text("Dear diary"),
            "is not a database of the sandbox; name another with --db",
        ),
        (
            lambda path: path.write_text("Dear diary\n" * 1000),
            "is not a database of the sandbox; name another with --db",
        ),
        (
            lambda path: path.symlink_to(path),
            "cannot be opened: name a file, in a folder that is writable",
        ),
    ],
    ids=["folder", "folder for owner", "folder for wal", "folder for shm", "note", "text", "loop"],
)
async def test_what_cannot_be_opened_says_why(
    tmp_path: Path, prepare: Callable[[Path], object], sentence: str
) -> None:
    path = tmp_path / "sandbox.db"
    prepare(path)
    with pytest.raises(StoreError, match=f"^{path} {sentence}"):
        Database(path)


@pytest.mark.parametrize("path", ["nowhere/sandbox.db", "file/sandbox.db"])
async def test_where_no_file_can_be_made_the_folder_is_to_blame(tmp_path: Path, path: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=f"{path} cannot be opened: its folder must exist and be"):
        Database(tmp_path / path)


async def test_a_folder_is_no_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StoreError, match=f"^{tmp_path} cannot be opened: name a file"):
        Database(Path(""))


async def test_a_file_that_may_only_be_read_is_refused_when_it_is_opened(
    without_privileges: Path,
) -> None:
    path = without_privileges / "sandbox.db"
    await made(path)
    path.chmod(0o444)
    path.with_name("sandbox.db-owner").chmod(0o666)
    give_up_privileges()
    with pytest.raises(
        StoreError, match=r"^/.*sandbox\.db cannot be written: make it writable, or"
    ):
        Database(path)


async def test_a_folder_that_may_only_be_read_is_refused_when_it_is_opened(
    without_privileges: Path,
) -> None:
    without_privileges.chmod(0o555)
    give_up_privileges()
    with pytest.raises(StoreError, match=r"folder must exist and be writable \(Permission denied"):
        Database(without_privileges / "sandbox.db")


async def test_a_file_that_was_cut_off_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.db"
    path.write_bytes((await made(path))[:5000])
    with pytest.raises(StoreError, match=f"^{path} is damaged; name another with --db"):
        Database(path)


async def test_damage_that_is_met_later_says_so_too(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.db"
    content = await made(path)
    with closing(sqlite3.connect(path)) as connection:
        roots = "SELECT rootpage FROM sqlite_master WHERE tbl_name = 'events'"
        pages = [page for (page,) in connection.execute(roots)]
    for page in pages:
        content[(page - 1) * 4096 : page * 4096] = b"\xff" * 4096
    path.write_bytes(content)
    database = Database(path)
    with pytest.raises(StoreError, match=f"^{path} is damaged; name another with --db"):
        await database.put([event_row(an_event())])
    with pytest.raises(StoreError, match=f"^{path} is damaged; name another with --db"):
        await database.read(lambda c: c.execute("SELECT * FROM events").fetchall())
    await database.close()


async def test_where_there_is_no_room_the_rest_goes_on(database: Database) -> None:
    def limit(pages: int) -> Callable[[sqlite3.Connection], object]:
        return lambda c: c.execute(f"PRAGMA max_page_count = {pages}").fetchall()

    def count(connection: sqlite3.Connection) -> object:
        return connection.execute("SELECT count(*) FROM events").fetchone()[0]

    await database.transact(limit(60))
    large = event_row(an_event(1, name="x" * 1_000_000))
    small = event_row(an_event(2))
    first, second = database.put([large]), database.put([small])
    with pytest.raises(StoreError, match=r"^(/.*sandbox.db|The database in memory) cannot grow: "):
        await first
    await second
    assert await database.read(count) == 1
    await database.transact(limit(10_000))
    await database.put([large])
    assert await database.read(count) == 2


def test_any_other_error_is_named_with_its_file() -> None:
    error = sqlite3.ProgrammingError("Cannot operate on a closed database")
    path = Path("/tmp/a.db")
    told = str(failure(error, path))
    assert told == "/tmp/a.db refused what it was asked: Cannot operate on a closed database."
    assert str(failure(error, None)).startswith("The database in memory refused what")
