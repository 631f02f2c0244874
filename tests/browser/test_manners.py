"""What is the same on every page: keys, times, selections, its weight, how soon it is seen."""

import json
from collections.abc import Awaitable, Callable

import httpx
import pytest
from playwright.async_api import Page, expect
from tests.browser.conftest import Open

from pivotal_sandbox.common.durations import HOUR, MINUTE
from pivotal_sandbox.web.server import Running

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.asyncio(loop_scope="session")]

WEIGHT = "performance.getEntriesByType('navigation')[0].decodedBodySize"
WAITED_FOR = """performance.getEntriesByType("resource")
  .filter((one) => one.renderBlockingStatus === "blocking")
  .map((one) => one.name.split("/").pop())"""
Sent = Callable[..., Awaitable[None]]


@pytest.fixture
def sent(api: httpx.AsyncClient, looked_at: Running) -> Sent:
    """Send events, each a minute after the one before, and let them be delivered."""

    async def call(*types: str) -> None:
        for type in types:
            await api.post("/api/events", json={"type": type})
            await looked_at.sandbox.dispatcher.settle()
            await looked_at.sandbox.advance(MINUTE)

    return call


async def opened(tab: Open, path: str, **settings: object) -> Page:
    page = await (await tab(**settings)).open(path)
    await expect(page.locator(".connection .word")).to_have_text("live")
    return page


async def test_the_exact_time_is_shown_where_the_focus_is(tab: Open, sent: Sent) -> None:
    await sent("task.completed")
    page = await opened(tab, "/deliveries", timezone_id="Asia/Kathmandu", locale="en-GB")
    tip = page.locator("#tip")
    await page.keyboard.press("j")
    await expect(tip).to_be_visible()
    await expect(tip).to_contain_text("2026-01-01 00:00:00.000 UTC")
    await expect(tip).to_contain_text("1 Jan 2026, 05:45:00 GMT+5:45, your time")
    await page.keyboard.press("Enter")
    created = page.locator(".facts time")
    await created.focus()
    await expect(tip).to_contain_text("00:00:00.000 UTC")
    await expect(created).to_have_attribute("aria-describedby", "tip")
    await page.keyboard.press("Escape")
    await expect(tip).to_be_hidden()
    await page.locator("tbody time").first.hover()
    await expect(tip).to_be_visible()


async def test_a_value_is_changed_in_its_cell(tab: Open, looked_at: Running) -> None:
    await looked_at.sandbox.change(
        "test", lambda world, now: world.create("customer", {"health": "healthy"}, now)
    )
    page = await opened(tab, "/world")
    await page.get_by_role("link", name="health: healthy").focus()
    await page.keyboard.press("Enter")
    field = page.get_by_label("health", exact=True)
    await expect(field).to_be_focused()
    await field.select_option("at_risk")
    fires = page.locator("form.cell .preview")
    await expect(fires).to_contain_text("This will fire customer.updated and customer.at_risk.")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("link", name="health: healthy")).to_be_focused()
    score = page.locator('a.cell[data-field="health_score"]')
    await score.click()
    await page.get_by_role("textbox", name="health_score").fill("many")
    await expect(fires).to_contain_text('"health_score" is "many"')
    await page.get_by_role("textbox", name="health_score").fill("7")
    await expect(fires).to_contain_text("This will fire customer.updated.")
    await page.keyboard.press("Enter")
    await expect(page.locator(".done")).to_have_text("Saved. Fired customer.updated.")
    await expect(score).to_have_text("7")
    await expect(score).to_be_focused()


async def test_a_selection_is_compared_and_exported(tab: Open, sent: Sent) -> None:
    await sent("task.completed", "customer.at_risk", "task.completed")
    page = await opened(tab, "/deliveries")
    await page.locator("tbody input").nth(0).check()
    await page.locator("tbody input").nth(2).check()
    async with page.expect_download() as download:
        await page.get_by_role("button", name="Export").click()
    lines = (await (await download.value).path()).read_text().splitlines()
    assert [json.loads(line)["event_type"] for line in lines] == ["task.completed"] * 2
    await page.get_by_role("button", name="Compare two").click()
    await expect(page.locator("#compare .gone").first).to_contain_text("pivotal-delivery-id")
    await page.locator(".shut").click()
    await page.get_by_label("Select all on this page").check()
    await expect(page.locator(".selected")).to_have_text("4 selected")
    await page.get_by_role("button", name="Select all 4 of this filter").click()
    async with page.expect_download() as download:
        await page.get_by_role("button", name="Export").click()
    assert len((await (await download.value).path()).read_text().splitlines()) == 4


async def test_a_sweep_over_the_chart_sets_the_window(tab: Open, sent: Sent) -> None:
    await sent("task.completed", "task.completed")
    page = await opened(tab, "/deliveries")
    box = await page.locator(".chart svg").bounding_box()
    assert box is not None
    middle = box["y"] + 20
    await page.mouse.move(box["x"] + box["width"] * 0.98, middle)
    await page.mouse.down()
    await page.mouse.move(box["x"] + box["width"] * 0.5, middle, steps=4)
    await page.mouse.up()
    await expect(page.locator(".chips li")).to_have_count(2)
    await expect(page.locator("tbody tr")).to_have_count(2)
    assert "since=" in page.url
    assert "until=" in page.url


async def test_a_bin_is_given_a_secret(tab: Open, api: httpx.AsyncClient) -> None:
    page = await opened(tab, "/captures")
    await page.locator(".bins").get_by_text("Behaviour and secret").click()
    await page.get_by_label("Secret to verify with").fill("whsec_of_its_own")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator(".bins")).to_contain_text("verifies with a secret of its own")
    assert (await api.get("/api/bins/demo")).json()["secret"] == "whsec_of_its_own"
    assert "whsec_of_its_own" not in await page.content()


async def test_the_help_lists_every_key_and_each_does_something(tab: Open, sent: Sent) -> None:
    await sent("task.completed", "task.completed")
    context = {"permissions": ["clipboard-read", "clipboard-write"]}
    page = await opened(tab, "/deliveries", **context)
    keys = page.keyboard
    await keys.press("?")
    listed = await page.locator("#keys kbd").all_inner_texts()
    assert {"j", "k", "enter", "esc", "x", "r", "c", "/", ".", "?", "g"} <= set(listed)
    await keys.press("Escape")
    await keys.press("j")
    await keys.press("c")
    await expect(page.locator("#said")).to_have_text("Copied as curl.")
    assert "curl" in await page.evaluate("navigator.clipboard.readText()")
    await keys.press("x")
    await expect(page.locator(".selected")).to_have_text("1 selected")
    await keys.press("Escape")
    await expect(page.locator(".selected")).to_have_text("0 selected")
    for letter, title in [*zip("deswck", TITLES, strict=True)]:
        await keys.press("g")
        await keys.press(letter)
        await expect(page.locator("h1")).to_have_text(title)
    await page.goto(page.url.rpartition("/")[0] + "/deliveries")
    await page.locator("tbody a").first.click()
    id = page.url.partition("open=")[2]
    await page.goto(f"{page.url.partition('?')[0]}/{id}")
    await keys.press("Escape")
    await expect(page.locator("h1")).to_have_text("Deliveries")


TITLES = ("Deliveries", "Test endpoints", "Send an event", "World", "Captures", "Check a receiver")


async def test_a_page_is_light_and_waits_for_little(tab: Open, looked_at: Running) -> None:
    for _ in range(60):
        await looked_at.sandbox.ping(looked_at.endpoint.id)
    await looked_at.sandbox.advance(HOUR)
    page = await opened(tab, "/deliveries")
    await expect(page.locator("tbody tr")).to_have_count(50)
    assert await page.evaluate(WEIGHT) < 60_000
    assert sorted(await page.evaluate(WAITED_FOR)) == ["first.js", "inspector.css"]
