"""How soon a page of the inspector is seen: its first contentful paint, in Debian's Chromium.

Of the list of 1,000 deliveries, of Home and of Check: with nothing in the browser's cache, and once
style sheet and script are in it; beside a page of one word, in turn. Medians of `--rounds`.
"""

import argparse
import asyncio
import json
import shutil
import statistics
import tempfile
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright
from tests.benchmarks.filler import fill
from tests.browser.conftest import FLAGS

from pivotal_sandbox.store.database import Database
from pivotal_sandbox.web.server import Settings, serve

PATHS = ("/deliveries", "/", "/check")
EMPTY = "/healthz"
FIRST_PAINT = """new Promise((seen) => new PerformanceObserver((list) => {
  const [first] = list.getEntriesByName("first-contentful-paint");
  if (first) seen(first.startTime);
}).observe({ type: "paint", buffered: true }))"""


async def painted(page: Page, url: str) -> float:
    """Return the ms from asking for the page to its first paint."""
    await page.goto(url)
    return float(await page.evaluate(FIRST_PAINT))


async def cold(browser: Browser, url: str) -> float:
    """Return the same in a browser that has seen nothing yet."""
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    found = await painted(await context.new_page(), url)
    await context.close()
    return found


async def measured(path: Path, rounds: int) -> dict[str, dict[str, float]]:
    """Return the medians by page."""
    await Database(path).close()
    fill(path, 1000)
    found: dict[str, dict[str, list[float]]] = {}
    async with serve(Settings(port=0, db=path, speed=0)) as running, async_playwright() as play:
        await running.sandbox.dispatcher.settle()
        browser = await play.chromium.launch(
            executable_path=shutil.which("chromium"), args=[*FLAGS]
        )
        page = await browser.new_page(viewport={"width": 1280, "height": 800})
        for _ in range(rounds):
            for name in (*PATHS, EMPTY):
                its = found.setdefault(name, {"cold": [], "warm": []})
                its["cold"].append(await cold(browser, running.url + name))
                await page.goto(running.url + name)
                its["warm"].append(await painted(page, running.url + name))
        await browser.close()
    return {
        "one word" if name == EMPTY else name: {
            which: round(statistics.median(ms)) for which, ms in its.items()
        }
        for name, its in found.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    given = parser.parse_known_args()[0]
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(measured(Path(folder) / "log.db", given.rounds))
    print(json.dumps({"benchmark": "paint", **found, "unit": "ms"}))


if __name__ == "__main__":
    main()
