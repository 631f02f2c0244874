"""A store under test, in a file and in memory; and other processes beside it."""

import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from pivotal_sandbox.store.database import Database

ROOT = Path(__file__).parents[2]

Child = Callable[[str, Path], "subprocess.Popen[str]"]


@pytest.fixture(params=["file", "memory"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """An empty database with the program's own tables."""
    database = Database(tmp_path / "sandbox.db" if request.param == "file" else None)
    yield database
    await database.close()


@pytest.fixture
def child() -> Iterator[Child]:
    """Start another process, which is killed in the end, and wait for its first line."""
    started = []

    def start(what: str, path: Path) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.store.child", what, path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        started.append(process)
        assert process.stdout
        assert process.stdout.readline()
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()
