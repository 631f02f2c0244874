"""How much real time 24 hours of retries take on a manual clock: 15 attempts, kept in memory."""

import argparse
import asyncio
import json
import statistics
from time import perf_counter

import httpx

from pivotal_sandbox.clock import Clock
from pivotal_sandbox.common.durations import HOUR
from pivotal_sandbox.sandbox.sandbox import Sandbox


async def retries() -> float:
    """Return the ms from the trigger of one event until its delivery has failed for good."""
    down = httpx.MockTransport(lambda request: httpx.Response(503))
    async with Sandbox(clock=Clock.manual(), transport=down) as sandbox:
        endpoint = await sandbox.add_endpoint("http://127.0.0.1:1/", event_types=["task.created"])
        await sandbox.advance(48 * HOUR)
        started = perf_counter()
        triggered = await sandbox.trigger("task.created", endpoint_id=endpoint.id)
        made = await sandbox.advance(24 * HOUR)
        elapsed = (perf_counter() - started) * 1000
        assert len(made) == 15
        assert (await sandbox.deliveries.get(triggered.deliveries[0].id)).status == "failed"
        return elapsed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    given = parser.parse_args()
    times = [asyncio.run(retries()) for _ in range(given.rounds)]
    ms = round(statistics.median(times), 1)
    print(json.dumps({"benchmark": "retries", "rounds": given.rounds, "attempts": 15, "ms": ms}))


if __name__ == "__main__":
    main()
