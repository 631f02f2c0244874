"""How long a page of deliveries takes among a thousand and among a million, and what memory.

Each case is a page of 50 by one filter, by several, or by a text; the medians of `--rounds` are
compared. The logs are filled first, and the payloads indexed, which takes minutes for a million;
`--folder` keeps them for the next time.
"""

import argparse
import asyncio
import json
import resource
import statistics
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from time import perf_counter

from tests.benchmarks.filler import DAYS_90, fill

from pivotal_sandbox.clock import MANUAL_START
from pivotal_sandbox.core.model import Delivery
from pivotal_sandbox.store import search
from pivotal_sandbox.store.database import Database
from pivotal_sandbox.store.deliveries import Deliveries, DeliveryFilter

FEW = 1000


def cases(delivery: Delivery, name: str) -> dict[str, DeliveryFilter]:
    """Return what to ask for; `delivery` is one in the middle, about somebody of that name."""
    endpoint, type = delivery.endpoint_id, "customer.churned"
    since, until = MANUAL_START + DAYS_90 // 9, MANUAL_START + DAYS_90 // 3
    return {
        "all": DeliveryFilter(),
        "mode": DeliveryFilter(mode="live"),
        "endpoint": DeliveryFilter(endpoint_id=endpoint),
        "status": DeliveryFilter(status="failed"),
        "event_type": DeliveryFilter(event_type=type),
        "status_code": DeliveryFilter(status_code=503),
        "window": DeliveryFilter(since=since, until=until),
        "window, status": DeliveryFilter(since=since, until=until, status="failed"),
        "endpoint, type": DeliveryFilter(endpoint_id=endpoint, event_type=type),
        "type, status_code": DeliveryFilter(event_type=type, status_code=204),
        "none": DeliveryFilter(status="delivered", status_code=503),
        "q: common": DeliveryFilter(q=type),
        "q: an event": DeliveryFilter(q=delivery.event_id),
        "q: a name": DeliveryFilter(q=name),
        "q: nothing": DeliveryFilter(q="nobody knows"),
        "q: failed": DeliveryFilter(q=name, status="failed"),
    }


async def prepared(path: Path, count: int) -> None:
    """Fill the log, and the index of its payloads."""
    database = Database(path)
    if not (await search.waiting(database))[0]:
        await asyncio.to_thread(fill, path, count)
    while (await search.waiting(database))[1]:
        await search.fill(database)
    await database.close()


async def pages(path: Path, rounds: int) -> dict[str, float]:
    """Return the ms of a page for each case."""
    database = Database(path)
    log = Deliveries(database)
    middle = DeliveryFilter(until=MANUAL_START + DAYS_90 // 2)
    [delivery], _ = await log.page(middle, limit=1)
    name = json.loads((await log.event(delivery.event_id)).body)["data"]["name"]
    found = {}
    for case, wanted in cases(delivery, name).items():
        times = []
        for _ in range(rounds):
            started = perf_counter()
            await log.page(wanted, limit=50)
            times.append((perf_counter() - started) * 1000)
        found[case] = statistics.median(times)
    await database.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="where the logs are, or are made")
    given = parser.parse_args()
    with ExitStack() as stack:
        folder = given.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        counts = (FEW, given.rows)
        paths = [folder / f"{count}.db" for count in counts]
        for path, count in zip(paths, counts, strict=True):
            asyncio.run(prepared(path, count))
        few, many = (asyncio.run(pages(path, given.rounds)) for path in paths)
        size = paths[1].stat().st_size
    print(f"{'':18}{FEW:>12,}{given.rows:>12,} rows", file=sys.stderr)
    for case, ms in few.items():
        ratio = many[case] / ms
        print(f"{case:18}{ms:9.2f} ms{many[case]:9.2f} ms  x{ratio:.1f}", file=sys.stderr)
    result = {
        "benchmark": "listing",
        "rows": [FEW, given.rows],
        "rounds": given.rounds,
        "ms": {case: [round(ms, 2), round(many[case], 2)] for case, ms in few.items()},
        "file_mb": round(size / 1e6),
        "rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
