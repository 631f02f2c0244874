"""A page that is open while two hundred deliveries a second arrive."""

import asyncio

import pytest
from playwright.async_api import expect
from tests.browser.conftest import Open

from pivotal_sandbox.web.server import Running

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.asyncio(loop_scope="session")]

RATE = 200  # deliveries a second
SECONDS = 3
LONGEST = 100  # ms of a task, from which a page is felt to hang


async def test_the_list_stays_responsive(tab: Open, looked_at: Running) -> None:
    page = await (await tab()).open("/deliveries")
    await expect(page.locator(".connection .word")).to_have_text("live")
    await page.evaluate(
        """() => {
          window.tasks = [0];
          const note = (list) => tasks.push(...list.getEntries().map((one) => one.duration));
          new PerformanceObserver(note).observe({ type: "longtask" });
        }"""
    )
    loop = asyncio.get_running_loop()
    began = loop.time()
    for number in range(RATE * SECONDS):
        await looked_at.sandbox.ping(looked_at.endpoint.id)
        ahead = began + number / RATE - loop.time()
        if ahead > 0:
            await page.wait_for_timeout(ahead * 1000)
    await expect(page.locator("tbody tr")).to_have_count(50)
    await page.locator("tbody input").first.check()
    await expect(page.locator(".selected")).to_have_text("1 selected")
    tasks = await page.evaluate("tasks")
    assert max(tasks) < LONGEST
