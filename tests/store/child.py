"""Other processes beside the tests: `-m tests.store.child WHAT PATH`. Each says when it began."""

import asyncio
import sqlite3
import sys
from pathlib import Path

from tests.store.samples import NOW, a_delivery, an_event

from pivotal_sandbox.store.database import Database
from pivotal_sandbox.store.deliveries import delivery_row, event_row


def say(line: object) -> None:
    """Print at once: whoever started us acts on it."""
    print(line, flush=True)


def lock(path: Path) -> None:
    """Hold the file until nobody listens any more."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    say("locked")
    sys.stdin.read()


async def own(path: Path) -> None:
    """Hold the sandbox's database until killed."""
    Database(path)
    say("open")
    await asyncio.get_running_loop().create_future()


async def write(path: Path) -> None:
    """Put events with a delivery each, naming each one that is acknowledged, until killed."""
    database = Database(path)

    async def put(first: int) -> None:
        for number in range(first, 10**9, 16):
            event = an_event(number, NOW)
            await database.put([event_row(event), delivery_row(a_delivery(event, number))])
            say(event.id)

    await asyncio.gather(*map(put, range(16)))


async def leave(path: Path) -> None:
    """Put one event, read it, and end without closing anything."""
    database = Database(path)
    await database.put([event_row(an_event())])
    say(await database.read(lambda c: c.execute("SELECT count(*) FROM events").fetchone()[0]))


if __name__ == "__main__":
    what, path = sys.argv[1], Path(sys.argv[2])
    if what == "lock":
        lock(path)
    else:
        asyncio.run({"own": own, "write": write, "leave": leave}[what](path))
