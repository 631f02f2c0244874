"""One sandbox per file: the second is told who the first one is, and a killed one holds nothing."""

import os
import stat
from pathlib import Path

import pytest
from tests.store.conftest import Child
from tests.store.samples import an_event

from pivotal_sandbox.errors import StoreError
from pivotal_sandbox.store.database import Database
from pivotal_sandbox.store.deliveries import event_row
from pivotal_sandbox.store.file_lock import FileLock


def test_who_owns_a_file_owns_it_alone(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.db"
    first = FileLock(path)
    with pytest.raises(StoreError) as caught:
        FileLock(path)
    assert str(caught.value) == (
        f"{path} is in use by another sandbox (process {os.getpid()}): stop that one, name "
        "another file with --db, or use --ephemeral."
    )
    other = FileLock(tmp_path / "other.db")
    first.release()
    FileLock(path).release()
    other.release()


def test_where_the_owner_left_no_name_it_is_unknown(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.db"
    owner = FileLock(path)
    os.truncate(f"{path}-owner", 0)
    with pytest.raises(StoreError, match=r"\(process unknown\)"):
        FileLock(path)
    owner.release()


def test_a_shorter_process_id_leaves_nothing_of_a_longer_one(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.db"
    Path(f"{path}-owner").write_text("9" * 19)
    owner = FileLock(path)
    assert Path(f"{path}-owner").read_text() == str(os.getpid())
    owner.release()


@pytest.mark.skipif(os.name != "posix", reason="locks of this kind are POSIX's")
async def test_a_file_of_another_process_is_refused_until_that_is_killed(
    tmp_path: Path, child: Child
) -> None:
    path = tmp_path / "sandbox.db"
    process = child("own", path)
    with pytest.raises(StoreError, match=rf"sandbox\.db is in use .* \(process {process.pid}\)"):
        Database(path)
    process.kill()
    process.wait()
    await Database(path).close()


async def test_another_name_of_the_file_is_the_same_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "sandbox.db"
    database = Database(path)
    link = tmp_path / "link.db"
    link.symlink_to(path)
    monkeypatch.chdir(tmp_path)
    for name in (link, Path("sandbox.db"), Path("../") / tmp_path.name / "sandbox.db"):
        with pytest.raises(StoreError, match="is in use by another sandbox"):
            Database(name)
    await database.close()


async def test_a_file_that_could_not_be_opened_is_free_again(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.db"
    path.write_text("Dear diary")
    with pytest.raises(StoreError, match="not a database"):
        Database(path)
    path.unlink()
    await Database(path).close()


@pytest.mark.skipif(os.name != "posix", reason="permissions of this kind are POSIX's")
async def test_a_new_file_and_those_beside_it_are_readable_by_its_owner_only(
    tmp_path: Path,
) -> None:
    before = os.umask(0)
    try:
        database = Database(tmp_path / "sandbox.db")
        await database.put([event_row(an_event())])
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
        await database.close()
    finally:
        os.umask(before)
    beside = ("", "-owner", "-shm", "-wal")
    assert modes == {f"sandbox.db{suffix}": 0o600 for suffix in beside}


@pytest.mark.skipif(os.name != "posix", reason="permissions of this kind are POSIX's")
async def test_a_file_that_is_there_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.db"
    await Database(path).close()
    path.chmod(0o640)
    await Database(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
