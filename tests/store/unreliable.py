"""A database that fails on purpose, and a sandbox that uses it."""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from typing import TypeVar

from pivotal_sandbox.errors import StoreError
from pivotal_sandbox.sandbox.sandbox import Sandbox
from pivotal_sandbox.store.database import Database, Row

T = TypeVar("T")


class UnreliableDatabase(Database):
    """Raise `error` from every read and write while it is set."""

    error: StoreError | None = None

    def put(self, rows: Sequence[Row]) -> "asyncio.Future[None]":
        return super().put(rows) if self.error is None else _failed(self.error)

    def transact(self, work: Callable[[sqlite3.Connection], T]) -> "asyncio.Future[T]":
        return super().transact(work) if self.error is None else _failed(self.error)

    async def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        if self.error is not None:
            raise self.error
        return await super().read(work)


class UnreliableSandbox(Sandbox):
    """A sandbox in memory; set `database.error` to make its store fail."""

    database: UnreliableDatabase

    def open_database(self) -> Database:
        self.database = UnreliableDatabase()
        return self.database


def _failed(error: StoreError) -> "asyncio.Future[T]":
    future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
    future.set_exception(error)
    return future
