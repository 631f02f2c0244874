"""What the capture receiver got, and the bins it came to."""

import sqlite3
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any

import msgspec

from pivotal_sandbox.common.ids import CAPTURE, lower_bound
from pivotal_sandbox.domain.bins import Bin, Step
from pivotal_sandbox.domain.models import Capture, Forwarded, Headers
from pivotal_sandbox.errors import NotFound
from pivotal_sandbox.store.database import Database, Row, Table
from pivotal_sandbox.store.pagination import ESCAPE, Listing, Where, contains, selected

CAPTURES = Table("captures", Capture.__match_args__, key=["id"])
BINS = Table("bins", Bin.__match_args__, key=["name"])

_SELECT = f"SELECT {', '.join(CAPTURES.columns)} FROM captures"
_DELETED = 500  # rows in one transaction, so that the work beside it is not held up
_encode = msgspec.json.Encoder().encode
_decode_headers = msgspec.json.Decoder(Headers).decode
_decode_steps = msgspec.json.Decoder(tuple[Step, ...]).decode
_decode_forwarded = msgspec.json.Decoder(Forwarded | None).decode


@dataclass(frozen=True, slots=True)
class CaptureFilter:
    """What to list: all that is given must hold. `q` is searched in path, headers and body."""

    bin: str | None = None
    verified: bool | None = None
    since: int | None = None
    until: int | None = None
    q: str | None = None


class Captures:
    """The captures, and the bins that were given a behaviour."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._bins: dict[str, Bin] = {}

    async def load(self) -> None:
        """Read the bins that the file holds."""
        query = f"SELECT {', '.join(BINS.columns)} FROM bins"
        for name, steps, *rest in await self._database.read(lambda c: c.execute(query).fetchall()):
            self._bins[name] = Bin(name, _decode_steps(steps), *rest)

    def bin(self, name: str) -> Bin:
        """Return the bin; one that was never set up answers 200."""
        return self._bins.get(name) or Bin(name)

    async def set_bin(self, bin: Bin) -> None:
        """Keep the bin's behaviour, then use it."""
        row = Row(BINS, (bin.name, _encode(bin.behaviour), bin.forward_to, bin.secret))
        await self._database.put([row])
        self._bins[bin.name] = bin

    def put(self, capture: Capture) -> Awaitable[None]:
        """Keep the capture, or what became of it since."""
        c = capture
        return self._database.put(
            [
                Row(
                    CAPTURES,
                    (
                        *(c.id, c.bin, c.method, c.path, c.query, _encode(c.headers), c.body),
                        *(c.received_at, c.peer, c.signed, c.verified, c.reason, c.verdict),
                        *(c.status, c.duration_ms, _encode(c.forwarded)),
                    ),
                )
            ]
        )

    async def get(self, capture_id: str) -> Capture:
        """Return the capture. Raises `NotFound`."""
        row = await self._database.read(
            lambda c: c.execute(f"{_SELECT} WHERE id = ?", (capture_id,)).fetchone()
        )
        if row is None:
            raise NotFound(f"There is no capture {capture_id}.")
        return _capture(row)

    async def page(
        self, wanted: CaptureFilter, *, limit: int, cursor: str | None = None
    ) -> tuple[list[Capture], str | None]:
        """Return up to `limit` captures, newest first, and the cursor of the next page."""
        return await _LISTING.page(self._database, selected(_SELECT, _where(wanted)), limit, cursor)

    async def delete(self, capture_id: str) -> None:
        """Forget one capture. Raises `NotFound`."""
        if not await self._delete("id = ?", capture_id):
            raise NotFound(f"There is no capture {capture_id}.")

    async def clear(self, bin: str | None = None) -> int:
        """Forget the captures of one bin, or all; return how many."""
        return await self._delete("true") if bin is None else await self._delete("bin = ?", bin)

    async def prune(self, before: int) -> int:
        """Forget the captures from before that moment (ms); return how many."""
        return await self._delete("id < ?", lower_bound(CAPTURE, before))

    async def _delete(self, where: str, *values: str) -> int:
        some = f"SELECT id FROM captures WHERE {where} LIMIT {_DELETED}"

        def work(connection: sqlite3.Connection) -> int:
            return connection.execute(f"DELETE FROM captures WHERE id IN ({some})", values).rowcount

        total = dropped = await self._database.transact(work)
        while dropped == _DELETED:
            dropped = await self._database.transact(work)
            total += dropped
        return total


def _where(wanted: CaptureFilter) -> Where:
    where = Where()
    where.equal(bin=wanted.bin, verified=wanted.verified)
    where.window(CAPTURE, wanted.since, wanted.until)
    if wanted.q:
        texts = ("path", "query", "CAST(headers AS TEXT)", "CAST(body AS TEXT)")
        condition = " OR ".join(f"{text} LIKE ? {ESCAPE}" for text in texts)
        where.add(f"({condition})", *[contains(wanted.q)] * len(texts))
    return where


def _capture(row: tuple[Any, ...]) -> Capture:
    *values, forwarded = row
    capture = dict(zip(CAPTURES.columns, values, strict=False))
    capture["headers"] = _decode_headers(capture["headers"])
    capture["signed"] = bool(capture["signed"])
    if capture["verified"] is not None:
        capture["verified"] = bool(capture["verified"])
    return Capture(**capture, forwarded=_decode_forwarded(forwarded))


_LISTING = Listing(CAPTURE, _capture, lambda capture: capture.id)
