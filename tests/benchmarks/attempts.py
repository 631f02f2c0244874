"""Attempts kept per second: a row each, and its delivery's, committed before it counts."""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import uvloop
from tests.store.samples import NOW, a_delivery, an_attempt, an_event

from pivotal_sandbox.store.database import Database
from pivotal_sandbox.store.deliveries import attempt_row, delivery_row


async def kept(count: int, at_once: int) -> float:
    """Return how many attempts per second are kept, `at_once` being waited for at any time."""
    event = an_event()
    deliveries = [a_delivery(event, number, created_at=NOW + number) for number in range(count)]
    rows = [[delivery_row(d), attempt_row(an_attempt(d))] for d in deliveries]
    with tempfile.TemporaryDirectory() as folder:
        database = Database(Path(folder) / "bench.db")
        started = perf_counter()

        async def put(first: int) -> None:
            for number in range(first, count, at_once):
                await database.put(rows[number])

        await asyncio.gather(*map(put, range(at_once)))
        elapsed = perf_counter() - started
        await database.close()
    return count / elapsed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=30_000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    rates = {}
    for at_once in (32, 128):
        found = [uvloop.run(kept(given.count, at_once)) for _ in range(given.rounds)]
        rates[at_once] = round(statistics.median(found))
        print(f"{at_once:4} at once {rates[at_once]:9,} /s", file=sys.stderr)
    print(json.dumps({"benchmark": "attempts", "rounds": given.rounds, "per_second": rates}))


if __name__ == "__main__":
    main()
