"""Lists by keyset: newest first, and a cursor that stays right while new rows arrive."""

import sqlite3
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any, Generic, TypeVar

from pivotal_sandbox.common.ids import is_id, lower_bound
from pivotal_sandbox.errors import InputError
from pivotal_sandbox.store.database import Database

T = TypeVar("T")
Rows = Callable[[sqlite3.Connection, str | None], Iterable[tuple[Any, ...]]]  # below that id

ESCAPE = "ESCAPE '\\'"

_LONGEST = 10_000  # characters to search for; beyond some more of them SQLite gives up


class Where:
    """Conditions that must all hold, and their values."""

    def __init__(self) -> None:
        self.conditions: list[str] = []
        self.values: list[Any] = []

    def add(self, condition: str, *values: Any) -> None:
        """Demand `condition` too."""
        self.conditions.append(condition)
        self.values += values

    def equal(self, **columns: Any) -> None:
        """Demand that each column has its value; one of None is not asked about."""
        for column, value in columns.items():
            if value is not None:
                self.add(f"{column} = ?", value)

    def window(self, prefix: str, since: int | None, until: int | None) -> None:
        """Demand an id made from `since` on and before `until` (ms): an id begins with its time."""
        for moment, sign in ((since, ">="), (until, "<")):
            if moment is not None:
                self.add(f"id {sign} ?", lower_bound(prefix, moment))

    def __str__(self) -> str:
        return f" WHERE {' AND '.join(self.conditions)}" if self.conditions else ""


class Listing(Generic[T]):
    """Rows as objects, page by page."""

    def __init__(
        self, prefix: str, make: Callable[[tuple[Any, ...]], T], id: Callable[[T], str]
    ) -> None:
        self._prefix = prefix
        self._make = make
        self._id = id

    async def page(
        self, database: Database, rows: Rows, limit: int, cursor: str | None
    ) -> tuple[list[T], str | None]:
        """Return up to `limit` objects and the next page's cursor. Raises `InputError`."""
        if cursor is not None and not is_id(self._prefix, cursor):
            raise InputError("The cursor is not one that this list gave.", pointer="/cursor")

        def work(connection: sqlite3.Connection) -> list[tuple[Any, ...]]:
            return list(islice(rows(connection, cursor), limit + 1))

        found = await database.read(work)
        items = [self._make(row) for row in found[:limit]]
        return items, self._id(items[-1]) if len(found) > limit else None


def selected(select: str, where: Where) -> Rows:
    """Return the rows of one table that `where` lets through, newest first."""

    def rows(connection: sqlite3.Connection, below: str | None) -> Iterable[tuple[Any, ...]]:
        if below is not None:
            where.add("id < ?", below)
        return connection.execute(f"{select}{where} ORDER BY id DESC", where.values)

    return rows


def contains(text: str) -> str:
    """Return the LIKE pattern of what contains `text`, its wildcards taken literally.

    Raises `InputError` for a text that is too long.
    """
    if len(text) > _LONGEST:
        raise InputError(f"Search for {_LONGEST} characters at most.", pointer="/q")
    for special in "\\%_":
        text = text.replace(special, "\\" + special)
    return f"%{text}%"
