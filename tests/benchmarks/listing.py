"""How long lists of deliveries take among a thousand and among a million, and what memory.

Each case is a page by one filter, by several, or by a text, asked for over HTTP. Of the API as many
items as the small log has, at most 50; then the inspector's own page, which has 50 rows and the
chart, and is said with the rows that it has among how many. Both logs have the same last hour. The
medians of `--rounds` are compared. The logs are filled first, and the payloads indexed: minutes for
a million. `--folder` keeps them for the next time.
"""

import argparse
import asyncio
import json
import resource
import statistics
import sys
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import httpx
from tests.benchmarks.filler import DAYS_90, fill
from tests.sender.pool_transport import PoolTransport

from pivotal_sandbox.clock import MANUAL_START
from pivotal_sandbox.common.timestamps import format_rfc3339
from pivotal_sandbox.domain.models import Delivery
from pivotal_sandbox.store import search
from pivotal_sandbox.store.database import Database
from pivotal_sandbox.store.deliveries import DeliveryFilter
from pivotal_sandbox.web.server import Settings, serve

FEW = 1000


Query = dict[str, str]
Medians = dict[str, list[float]]
Items = dict[str, list[int]]
_ITEM = '"event_id":'


def cases(delivery: Delivery, name: str) -> dict[str, Query]:
    """Return what to ask for; `delivery` is one in the middle, about somebody of that name."""
    endpoint, type = delivery.endpoint_id, "customer.churned"
    since, until = (format_rfc3339(MANUAL_START + DAYS_90 // part) for part in (9, 3))
    return {
        "all": {},
        "mode": {"mode": "live"},
        "endpoint": {"endpoint_id": endpoint},
        "status": {"status": "failed"},
        "event_type": {"event_type": type},
        "status_code": {"status_code": "503"},
        "window": {"since": since, "until": until},
        "window, status": {"since": since, "until": until, "status": "failed"},
        "endpoint, type": {"endpoint_id": endpoint, "event_type": type},
        "type, status_code": {"event_type": type, "status_code": "204"},
        "none": {"status": "delivered", "status_code": "503"},
        "q: common": {"q": type},
        "q: an event": {"q": delivery.event_id},
        "q: a name": {"q": name},
        "q: nothing": {"q": "nobody knows"},
        "q: failed": {"q": name, "status": "failed"},
    }


def looks(delivery: Delivery, name: str) -> dict[str, Query]:
    """Return what to look at in the inspector; the first ones have 50 rows in both logs."""
    asked = cases(delivery, name)
    window = asked["window"]
    return {
        "page": {},
        "page: delivered": {"status": "delivered"},
        "page: window": window,
        "page: window, delivered": window | {"status": "delivered"},
        "page: week": {"since": "7d"},
        "page: hour, failed": {"since": "1h", "status": "failed"},
        "page: window, failed": asked["window, status"],
        "page: type": asked["event_type"],
        "page: none": asked["none"],
        "page: q common": asked["q: common"],
        "page: q a name": asked["q: a name"],
        "page: q nothing": asked["q: nothing"],
    }


async def prepared(path: Path, count: int) -> None:
    """Fill the log, and the index of its payloads."""
    database = Database(path)
    if not (await search.waiting(database))[0]:
        await asyncio.to_thread(fill, path, count)
    while (await search.waiting(database))[1]:
        await search.fill(database)
    await database.close()


@dataclass(frozen=True, slots=True)
class Side:
    """One of the logs, served: whom to ask, and for which delivery, about somebody of that name."""

    client: httpx.AsyncClient
    delivery: Delivery
    name: str


async def opened(stack: AsyncExitStack, path: Path) -> Side:
    """Serve the log."""
    # The clock stands where the log ends, so that nothing in it is too old to be kept.
    running = await stack.enter_async_context(serve(Settings(port=0, db=path, speed=0)))
    client = httpx.AsyncClient(base_url=running.url, transport=PoolTransport(), timeout=60)
    await stack.enter_async_context(client)
    await running.sandbox.dispatcher.settle()
    log = running.sandbox.deliveries
    [delivery], _ = await log.page(DeliveryFilter(until=MANUAL_START + DAYS_90 // 2), limit=1)
    name = json.loads((await log.event(delivery.event_id)).body)["data"]["name"]
    return Side(client, delivery, name)


async def compared(paths: Sequence[Path], rounds: int) -> tuple[Medians, Items]:
    """Return the ms of each case in both logs, and how many items both had.

    Of the API both are asked for as many as the first one has: only the search differs then. The
    logs are asked in turn, so that what else the machine does meets both.
    """
    medians: Medians = {}
    items: Items = {}
    async with AsyncExitStack() as stack:
        sides = [await opened(stack, path) for path in paths]
        for path, queries in (("/api/deliveries", cases), ("/deliveries", looks)):
            for case in queries(sides[0].delivery, sides[0].name):
                limit = {} if path == "/deliveries" else {"limit": "50"}
                times: list[list[float]] = [[], []]
                for _ in range(rounds):
                    for at, side in enumerate(sides):
                        query = queries(side.delivery, side.name)[case] | limit
                        ms, answer = await asked(side.client, path, query)
                        times[at].append(ms)
                        found = items.setdefault(case, [0, 0])
                        found[at] = answer.text.count("<tr data-key") or answer.text.count(_ITEM)
                        if limit:
                            limit = {"limit": str(max(found[0], 1))}
                medians[case] = [statistics.median(its) for its in times]
    return medians, items


async def asked(client: httpx.AsyncClient, path: str, query: Query) -> tuple[float, httpx.Response]:
    """Return the ms that an answer takes, and the answer."""
    started = perf_counter()
    answer = await client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return (perf_counter() - started) * 1000, answer


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
        medians, items = asyncio.run(compared(paths, given.rounds))
        size = paths[1].stat().st_size
    print(f"{'':22}items{'':6}{FEW:>12,}{given.rows:>12,} rows", file=sys.stderr)
    for case, (few, many) in medians.items():
        print(
            f"{case:24}{'/'.join(map(str, items[case])):>7}{few:9.2f} ms{many:9.2f} ms"
            f"  x{many / few:.1f}",
            file=sys.stderr,
        )
    result = {
        "benchmark": "listing",
        "rows": [FEW, given.rows],
        "rounds": given.rounds,
        "items": items,
        "ms": {case: [round(ms, 2) for ms in its] for case, its in medians.items()},
        "file_mb": round(size / 1e6),
        "rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
