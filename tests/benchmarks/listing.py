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
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from time import perf_counter

import httpx
from tests.benchmarks.filler import DAYS_90, fill

from pivotal_sandbox.clock import MANUAL_START
from pivotal_sandbox.core.instant import rfc3339
from pivotal_sandbox.core.model import Delivery
from pivotal_sandbox.engine.transport import WireTransport
from pivotal_sandbox.store import search
from pivotal_sandbox.store.database import Database
from pivotal_sandbox.store.deliveries import DeliveryFilter
from pivotal_sandbox.web.server import Settings, serve

FEW = 1000


Query = dict[str, str]


def cases(delivery: Delivery, name: str) -> dict[str, Query]:
    """Return what to ask for; `delivery` is one in the middle, about somebody of that name."""
    endpoint, type = delivery.endpoint_id, "customer.churned"
    since, until = (rfc3339(MANUAL_START + DAYS_90 // part) for part in (9, 3))
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


async def pages(
    path: Path, rounds: int, sizes: Mapping[str, int]
) -> tuple[dict[str, float], dict[str, int]]:
    """Return the ms of a page for each case, and how many items it had.

    `sizes` limits a page to as many items as another log had for it: only the search differs then.
    """
    # The clock stands where the log ends, so that nothing in it is too old to be kept.
    async with (
        serve(Settings(port=0, db=path, speed=0)) as running,
        httpx.AsyncClient(base_url=running.url, transport=WireTransport()) as client,
    ):
        await running.sandbox.dispatcher.settle()
        log = running.sandbox.deliveries
        middle = DeliveryFilter(until=MANUAL_START + DAYS_90 // 2)
        [delivery], _ = await log.page(middle, limit=1)
        name = json.loads((await log.event(delivery.event_id)).body)["data"]["name"]
        found, items = {}, {}
        for case, query in cases(delivery, name).items():
            query["limit"] = str(max(sizes.get(case, 50), 1))
            found[case], answer = await asked(client, "/api/deliveries", query, rounds)
            items[case] = len(answer.json()["items"])
        for case, query in looks(delivery, name).items():
            found[case], answer = await asked(client, "/deliveries", query, rounds)
            items[case] = answer.text.count("<tr data-key")
        return found, items


async def asked(
    client: httpx.AsyncClient, path: str, query: Query, rounds: int
) -> tuple[float, httpx.Response]:
    """Return the median ms of an answer, and the last one."""
    times = []
    for _ in range(rounds):
        started = perf_counter()
        answer = await client.get(path, params=query, timeout=60)
        times.append((perf_counter() - started) * 1000)
        assert answer.status_code == 200, answer.text
    return statistics.median(times), answer


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
        few, sizes = asyncio.run(pages(paths[0], given.rounds, {}))
        many, among = asyncio.run(pages(paths[1], given.rounds, sizes))
        size = paths[1].stat().st_size
    print(f"{'':22}items{'':6}{FEW:>12,}{given.rows:>12,} rows", file=sys.stderr)
    for case, ms in few.items():
        ratio, size_of = many[case] / ms, f"{sizes[case]}/{among[case]}"
        print(
            f"{case:24}{size_of:>7}{ms:9.2f} ms{many[case]:9.2f} ms  x{ratio:.1f}",
            file=sys.stderr,
        )
    result = {
        "benchmark": "listing",
        "rows": [FEW, given.rows],
        "rounds": given.rounds,
        "items": {case: [items, among[case]] for case, items in sizes.items()},
        "ms": {case: [round(ms, 2), round(many[case], 2)] for case, ms in few.items()},
        "file_mb": round(size / 1e6),
        "rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
