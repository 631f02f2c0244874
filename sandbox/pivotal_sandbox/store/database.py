"""One SQLite file: opened, migrated, written by one thread in groups, read beside it.

A write is acknowledged once the transaction that holds it is committed. All rows that arrive while
one transaction is being committed share the next, and rows of one table share one statement, so
that the writer seldom needs the interpreter's lock and the event loop goes on.
"""

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

from pivotal_sandbox.errors import StoreError
from pivotal_sandbox.store import migrations
from pivotal_sandbox.store.ownership import Ownership

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], Any]

_BUSY_TIMEOUT = 5.0  # seconds that another program may hold the file
_GROUP = 1000  # writes that share a transaction at most
_PARAMETERS = 900  # in one statement: below the least limit SQLite is built with
_READERS = 2


class Table:
    """Where rows are put. A row whose key is there already takes its place."""

    def __init__(self, name: str, columns: Sequence[str], key: Sequence[str]) -> None:
        self.name = name
        self.columns = tuple(columns)
        self.most = _PARAMETERS // len(self.columns)
        updates = ", ".join(f"{c} = excluded.{c}" for c in columns if c not in key)
        self._head = f"INSERT INTO {name} ({', '.join(columns)}) VALUES "
        self._row = f"({', '.join('?' * len(self.columns))})"
        self._tail = f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {updates}"

    def insert(self, rows: int) -> str:
        """Return the statement that puts that many rows."""
        return self._head + ", ".join([self._row] * rows) + self._tail


@dataclass(frozen=True, slots=True)
class Row:
    """A row to put: its values in the order of the table's columns."""

    table: Table
    values: tuple[Any, ...]


@dataclass(slots=True)
class _Write:
    """One call's rows or work, and whom to tell."""

    rows: Sequence[Row]
    work: Work | None
    future: "asyncio.Future[Any]"
    result: Any = None
    error: Exception | None = None


class Database:
    """The open database. With no path it lives in memory, and writes need no thread."""

    def __init__(self, path: Path | None = None, *, schema: Path = migrations.SCHEMA) -> None:
        self._path = path
        self._loop = asyncio.get_running_loop()
        self._gathered: list[_Write] = []
        self._is_writing = False
        self._is_closed = False
        self._queue: SimpleQueue[list[_Write] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._readers: ThreadPoolExecutor | None = None
        self._reader = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._ownership = Ownership(path) if path else None
        try:
            self._connection = _open(path)
            try:
                _translated(lambda: migrations.apply(self._connection, schema, path), path)
            except BaseException:
                self._connection.close()
                raise
        except BaseException:
            if self._ownership:
                self._ownership.release()
            raise
        if path:
            self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="store-reader")
            self._thread = threading.Thread(target=self._write_groups, name="store-writer")
            self._thread.daemon = True  # a crash elsewhere must be able to end the process
            self._thread.start()

    def put(self, rows: Sequence[Row]) -> "asyncio.Future[None]":
        """Keep all of `rows`, or none; done once they are committed. Raises `StoreError`."""
        return self._submit(_Write(rows, None, self._loop.create_future()))

    def transact(self, work: Callable[[sqlite3.Connection], T]) -> "asyncio.Future[T]":
        """Run `work` in the writer's transaction and give its result once that is committed."""
        return self._submit(_Write((), work, self._loop.create_future()))

    async def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work`, which only reads, off the event loop."""
        if self._readers is None:
            return _translated(lambda: work(self._connection))
        return await self._loop.run_in_executor(
            self._readers, lambda: _translated(lambda: work(self._reading()))
        )

    async def close(self) -> None:
        """Commit what was put, and close the file."""
        self._is_closed = True
        if self._thread:
            self._queue.put(self._gathered)
            self._queue.put(None)
            self._gathered = []
            await asyncio.to_thread(self._thread.join)
        if self._readers:
            self._readers.shutdown()
        for connection in [*self._opened, self._connection]:
            connection.close()
        if self._ownership:
            self._ownership.release()

    def _reading(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._reader, "connection", None)
        if connection is None:
            connection = self._reader.connection = _open(self._path)
            connection.execute("PRAGMA query_only = ON")
            self._opened.append(connection)
        return connection

    def _submit(self, write: _Write) -> "asyncio.Future[Any]":
        if self._is_closed:
            write.future.set_exception(StoreError("The database is closed."))
        elif self._thread is None:
            _commit(self._connection, [write])
            _resolve([write])
        else:
            self._gathered.append(write)
            if len(self._gathered) == 1:
                self._loop.call_soon(self._hand_over)
        return write.future

    def _hand_over(self) -> None:
        # One group at a time, and the next one gathers meanwhile: waking the writer for each write
        # would have both threads wait for the interpreter's lock more than they work.
        if self._gathered and not self._is_writing:
            self._is_writing = True
            self._queue.put(self._gathered[:_GROUP])
            del self._gathered[:_GROUP]

    def _written(self, group: list[_Write]) -> None:
        self._is_writing = False
        _resolve(group)
        self._hand_over()

    def _write_groups(self) -> None:
        while (group := self._queue.get()) is not None:
            _commit(self._connection, group)
            with contextlib.suppress(RuntimeError):  # the loop is gone; the rows are kept
                self._loop.call_soon_threadsafe(self._written, group)


def _open(path: Path | None) -> sqlite3.Connection:
    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            path or ":memory:",
            timeout=_BUSY_TIMEOUT,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=256,
        )
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection

    return _translated(connect, path)


def _commit(connection: sqlite3.Connection, group: list[_Write]) -> None:
    """Commit the whole group; where that fails, each write by itself: one harms no other."""
    try:
        _transaction(connection, group)
    except Exception:
        for write in group:
            try:
                _transaction(connection, [write])
            except Exception as error:
                write.error = error


def _transaction(connection: sqlite3.Connection, group: list[_Write]) -> None:
    try:
        connection.execute("BEGIN IMMEDIATE")
        rows: list[Row] = []
        for write in group:
            rows.extend(write.rows)
            if write.work:
                _put(connection, rows)
                rows = []
                write.result = write.work(connection)
        _put(connection, rows)
        connection.execute("COMMIT")
    except BaseException as error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        if isinstance(error, sqlite3.Error):
            raise _explained(error) from error
        raise


def _put(connection: sqlite3.Connection, rows: list[Row]) -> None:
    # Tables do not refer to each other, so only the order within each of them counts.
    rows.sort(key=lambda row: row.table.name)
    for _, of_table in groupby(rows, key=lambda row: row.table.name):
        same = list(of_table)
        table = same[0].table
        start = 0
        while start < len(same):
            # Powers of two, so that a handful of prepared statements serves every size of group.
            count = min(1 << ((len(same) - start).bit_length() - 1), table.most)
            values: list[Any] = []
            for row in same[start : start + count]:
                values.extend(row.values)
            connection.execute(table.insert(count), values)
            start += count


def _resolve(group: list[_Write]) -> None:
    for write in group:
        if write.future.done():  # whoever asked has gone; the rows are kept all the same
            continue
        if write.error:
            write.future.set_exception(write.error)
        else:
            write.future.set_result(write.result)


def _translated(work: Callable[[], T], path: Path | None = None) -> T:
    try:
        return work()
    except sqlite3.Error as error:
        raise _explained(error, path) from error


def _explained(error: sqlite3.Error, path: Path | None = None) -> StoreError:
    name = getattr(error, "sqlite_errorname", "") or ""
    file = str(path or "The database")
    for code, sentence in _SENTENCES.items():
        if name.startswith(code):
            return StoreError(sentence.format(file=file))
    return StoreError(f"{file}: {error}")


_SENTENCES = {
    "SQLITE_BUSY": "{file} is locked by another program; close that, then try again.",
    "SQLITE_FULL": "{file} cannot grow: the disk is full. Free some space, then try again.",
    "SQLITE_IOERR": "{file} cannot be read or written: the disk answers with an error.",
    "SQLITE_READONLY": "{file} cannot be written: make it writable, or name another with --db.",
    "SQLITE_CANTOPEN": "{file} cannot be opened: its folder must exist and be writable.",
    "SQLITE_NOTADB": "{file} is not a database of the sandbox; name another with --db.",
    "SQLITE_CORRUPT": "{file} is damaged; name another with --db.",
}
