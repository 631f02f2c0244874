"""One SQLite file: opened, migrated, written by one thread in groups, read beside it.

A write is acknowledged once the transaction that holds it is committed. All rows that arrive while
one transaction is being committed share the next, and rows of one table share one statement, so
that the writer seldom needs the interpreter's lock and the event loop goes on.
"""

import asyncio
import os
import sqlite3
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from queue import SimpleQueue
from typing import Any, NamedTuple, TypeVar

from pivotal_sandbox.errors import StoreError
from pivotal_sandbox.store import in_memory, migrations
from pivotal_sandbox.store.errors import display_path, failure
from pivotal_sandbox.store.file_lock import FileLock

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], Any]

_GROUP = 1000  # writes that share a transaction at most
_PARAMETERS = 900  # in one statement: below the least limit SQLite is built with
_READERS = 2
_CHECKPOINT = 4000  # pages (16 MiB): the pages that every group changes are copied back less often
_MAPPED = 1 << 30  # bytes of the file that are read without copying: a search jumps about


class Table:
    """Where rows are put. A row whose key is there already takes its place, but for `fixed`."""

    def __init__(
        self, name: str, columns: Sequence[str], key: Sequence[str], fixed: Sequence[str] = ()
    ) -> None:
        self.columns = tuple(columns)
        # An index of columns that are not named here is left alone.
        changing = [c for c in columns if c not in key and c not in fixed]
        updates = ", ".join(f"{c} = excluded.{c}" for c in changing)
        head = f"INSERT INTO {name} ({', '.join(columns)}) VALUES "
        row = f"({', '.join('?' * len(columns))})"
        tail = f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {updates}"
        # One statement for each size of group: between two of them the writer has to wait for the
        # interpreter's lock, which costs more than what the statement does.
        most = _PARAMETERS // len(columns)
        self._statements = [head + ", ".join([row] * count) + tail for count in range(1, most + 1)]

    def insert(self, rows: int) -> tuple[str, int]:
        """Return a statement that puts up to `rows` rows, and how many it does put."""
        count = min(rows, len(self._statements))
        return self._statements[count - 1], count


class Row(NamedTuple):
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
    """The open database. With no path it lives in memory, and writes need no thread.

    `busy_timeout` is how many seconds another program may hold the file.
    """

    def __init__(
        self,
        path: Path | None = None,
        *,
        schema: Path = migrations.SCHEMA,
        busy_timeout: float = 5.0,
    ) -> None:
        # The real path: another name of the file is the same file, from another folder too.
        self._path = path and Path(os.path.realpath(path))
        self._busy_timeout = busy_timeout
        self._loop = asyncio.get_running_loop()
        self._gathered: list[_Write] = []
        self._is_writing = False
        self._is_closed = False
        self._queue: SimpleQueue[list[_Write] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._readers: ThreadPoolExecutor | None = None
        self._reader = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._schema = schema
        self._ownership = FileLock(self._path) if self._path else None
        try:
            if self._path:
                _create(self._path)
                self._connection = self._connect()
                migrations.apply(self._connection, schema, self._path)
            else:
                self._connection = in_memory.take(schema)
        except BaseException as error:
            self._release()
            if isinstance(error, sqlite3.Error):
                raise failure(error, self._path) from error
            raise
        if self._path:
            self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="store-reader")
            self._thread = threading.Thread(target=self._write_groups, name="store-writer")
            self._thread.daemon = True  # a crash elsewhere must be able to end the process
            self._thread.start()

    def put(self, rows: Sequence[Row]) -> "asyncio.Future[None]":
        """Keep all of `rows`, or none; done once they are committed. Raises `StoreError`."""
        return self._submit(_Write(rows, None, self._loop.create_future()))

    def transact(self, work: Callable[[sqlite3.Connection], T]) -> "asyncio.Future[T]":
        """Run `work` in the writer's transaction and give its result once that is committed.

        Where the transaction failed for something else that it held, `work` runs a second time.
        """
        return self._submit(_Write((), work, self._loop.create_future()))

    async def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work`, which only reads, off the event loop. Raises `StoreError`."""
        if self._is_closed:
            raise self._closed()
        if self._readers is None:
            return self._read(work)
        return await self._loop.run_in_executor(self._readers, self._read, work)

    async def close(self) -> None:
        """Commit what was put, and close the file."""
        if self._is_closed:
            return
        self._is_closed = True
        if self._thread:
            self._queue.put(self._gathered)
            self._queue.put(None)
            await asyncio.to_thread(self._release)
        else:
            in_memory.give_back(self._connection, self._schema)

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path or ":memory:",
            timeout=self._busy_timeout,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=1024,
        )
        self._connections.append(connection)
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT}")
        return connection

    def _release(self) -> None:
        if self._thread:
            self._thread.join()
        if self._readers:
            self._readers.shutdown()
        for connection in self._connections:
            connection.close()
        if self._ownership:
            self._ownership.release()

    def _closed(self) -> StoreError:
        return StoreError(
            f"{display_path(self._path)} is closed: its sandbox has stopped. Open another."
        )

    # -- reading

    def _read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            if self._path is None:  # nothing is written meanwhile: that is done by this thread too
                return work(self._connection)
            connection = self._reading()
            connection.execute("BEGIN")  # all that it reads is of one moment
            try:
                return work(connection)
            finally:
                connection.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise failure(error, self._path) from error

    def _reading(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._reader, "connection", None)
        if connection is None:
            connection = self._connect()
            connection.execute("PRAGMA query_only = ON")
            connection.execute(f"PRAGMA mmap_size = {_MAPPED}")
            self._reader.connection = connection
        return connection

    # -- writing

    def _submit(self, write: _Write) -> "asyncio.Future[Any]":
        if self._is_closed:
            write.future.set_exception(self._closed())
        elif self._thread is None:
            self._commit([write])
            _resolve([write])
        else:
            self._gathered.append(write)
            if len(self._gathered) == 1 and not self._is_writing:
                self._loop.call_soon(self._start_next_group, 0)
        return write.future

    def _start_next_group(self, seen: int) -> None:
        """Give what is gathered to the writer once a turn of the loop has added nothing to it.

        One group at a time, and the next one gathers meanwhile. To wake the writer costs more than
        to write a row, and both threads then wait for the interpreter's lock: fewer groups are
        worth the turn, in which the loop does what it has to do anyway.
        """
        gathered = len(self._gathered)
        if not gathered or self._is_writing or self._is_closed:
            return
        if seen < gathered < _GROUP:
            self._loop.call_soon(self._start_next_group, gathered)
            return
        self._is_writing = True
        self._queue.put(self._gathered[:_GROUP])
        del self._gathered[:_GROUP]

    def _write_groups(self) -> None:
        while (group := self._queue.get()) is not None:
            self._commit(group)
            with suppress(RuntimeError):  # the loop is gone; the rows are kept
                self._loop.call_soon_threadsafe(self._finish_group, group)

    def _finish_group(self, group: list[_Write]) -> None:
        self._is_writing = False
        _resolve(group)
        self._start_next_group(0)

    def _commit(self, group: list[_Write]) -> None:
        """Commit the whole group; where that fails, each write by itself: one harms no other."""
        try:
            _transaction(self._connection, group)
        except Exception as error:
            if len(group) > 1 and not _is_locked(error):
                for write in group:
                    self._commit([write])
                return
            if isinstance(error, sqlite3.Error):
                error = failure(error, self._path)
            for write in group:
                write.error = error


def _create(path: Path) -> None:
    """Make the file, if it is new, for its owner only: it holds secrets."""
    with suppress(OSError):  # where it is there, or cannot be made, SQLite says so
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def _is_locked(error: Exception) -> bool:
    # Then there is nobody to blame in the group, and each write would wait as long again.
    return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY


def _transaction(connection: sqlite3.Connection, group: list[_Write]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        rows: list[Row] = []
        for write in group:
            rows.extend(write.rows)
            if write.work:
                _put(connection, rows)
                rows.clear()
                write.result = write.work(connection)
        _put(connection, rows)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # some failures end it by themselves
            connection.execute("ROLLBACK")
        raise


def _put(connection: sqlite3.Connection, rows: Iterable[Row]) -> None:
    # Tables do not refer to each other, so only the order within each of them counts.
    tables: defaultdict[Table, list[tuple[Any, ...]]] = defaultdict(list)
    for row in rows:
        tables[row.table].append(row.values)
    for table, values in tables.items():
        start = 0
        while start < len(values):
            statement, count = table.insert(len(values) - start)
            part = values[start : start + count]
            connection.execute(statement, tuple(chain.from_iterable(part)))
            start += count


def _resolve(group: list[_Write]) -> None:
    for write in group:
        if write.future.done():  # whoever asked has gone; the rows are kept all the same
            continue
        if write.error:
            write.future.set_exception(write.error)
        else:
            write.future.set_result(write.result)
