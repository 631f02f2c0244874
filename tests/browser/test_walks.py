"""The inspector as a user walks through it."""

import re
from contextlib import suppress

import httpx
import pytest
from playwright.async_api import Page, expect
from tests.browser.conftest import Open

from pivotal_sandbox.web.server import Running, Settings, serve

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.asyncio(loop_scope="session")]


async def settled(running: Running) -> None:
    await running.sandbox.dispatcher.settle()


async def bin_answers(api: httpx.AsyncClient, *steps: int) -> None:
    await api.put("/api/bins/demo", json={"behaviour": [*steps]})


async def send(api: httpx.AsyncClient, type: str, times: int = 1) -> None:
    for _ in range(times):
        assert (await api.post("/api/events", json={"type": type})).status_code == 202


async def is_live(page: Page) -> None:
    await expect(page.locator(".connection .word")).to_have_text("live")


async def test_the_first_event_is_one_click(tab: Open) -> None:
    page = await (await tab()).open("/")
    await expect(page.locator("#results li")).to_have_count(1)
    await page.get_by_role("button", name="Send webhook.ping").click()
    await expect(page.locator("#results li")).to_have_count(2)
    await expect(page.locator("#results li.sent .pill")).to_have_text("200")
    await expect(page.locator("#results li.sent .verdict")).to_contain_text("Signature valid")
    await page.get_by_text("Reveal").click()
    await expect(page.locator(".secret code")).to_contain_text("whsec_")


async def test_an_outage_is_found_and_all_of_it_replayed(
    tab: Open, api: httpx.AsyncClient, looked_at: Running
) -> None:
    await send(api, "task.completed", 2)
    await bin_answers(api, 404)
    await send(api, "customer.at_risk", 3)
    await settled(looked_at)
    await bin_answers(api, 200)
    page = await (await tab()).open("/deliveries")
    await page.get_by_label("Status", exact=True).select_option("failed")
    await expect(page.locator("tbody tr")).to_have_count(3)
    assert "status=failed" in page.url
    await page.locator("tbody input").first.check()
    await expect(page.locator(".selected")).to_have_text("1 selected")
    await page.get_by_role("button", name="Select all 3 of this filter").click()
    await expect(page.locator(".selected")).to_have_text("3 selected")
    await page.get_by_role("button", name="Replay").click()
    await expect(page.locator(".done")).to_have_text("3 deliveries sent again.")
    await settled(looked_at)
    await expect(page.locator("tbody .pill.good")).to_have_count(6)


async def test_the_clock_jumps_through_the_retries(
    tab: Open, api: httpx.AsyncClient, looked_at: Running
) -> None:
    await bin_answers(api, 503)
    await send(api, "task.completed")
    await settled(looked_at)
    page = await (await tab()).open("/deliveries")
    await page.get_by_role("link", name="task.completed").click()
    await expect(page.locator(".timeline .planned")).to_have_count(14)
    await page.locator(".rail").get_by_role("button", name="+24 h").click()
    await expect(page.locator(".rail .ticking")).to_have_text("2026-01-02 00:00:00")
    await page.locator(".rail").get_by_role("link", name="Sandbox time").click()
    await page.locator("main").get_by_role("button", name="+1 h").click()
    await expect(page.locator(".done")).to_contain_text("Moved by 1h")
    await page.locator(".rail").get_by_role("link", name="Deliveries").click()
    await expect(page.locator("tbody").get_by_text("Failed after 24 h")).to_be_visible()


async def test_a_delivery_is_edited_and_sent_again(
    tab: Open, api: httpx.AsyncClient, looked_at: Running
) -> None:
    await send(api, "customer.at_risk")
    await settled(looked_at)
    page = await (await tab()).open("/deliveries")
    await page.get_by_role("link", name="customer.at_risk").click()
    await page.get_by_text("Edit and resend").click()
    body = page.get_by_label("The event's body")
    text = await body.input_value()
    await body.fill(text[:-1])
    await expect(page.locator("[data-json-problem]").first).not_to_be_empty()
    await body.fill(re.sub(r'"name": "[^"]*"', '"name": "Edited"', text, count=1))
    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(page.locator(".pane .pill").first).to_have_text("200")
    await expect(page.locator(".pane pre.json").first).to_contain_text('"name": "Edited"')
    await expect(page.locator(".pane")).to_contain_text("Replay of")


async def test_an_endpoint_is_added_and_its_secret_rotated(tab: Open, looked_at: Running) -> None:
    page = await (await tab()).open("/endpoints")
    await page.get_by_text("Add a test endpoint").click()
    await page.get_by_label("URL", exact=True).fill(f"{looked_at.url}/in/mine")
    await page.locator(".use", has_text="Alerting").get_by_role("button", name="Pick these").click()
    await page.get_by_role("button", name="Add, and ping it").click()
    await expect(page.locator("#results li .pill")).to_have_text("200")
    before = looked_at.sandbox.endpoints.all()[-1].secret
    await page.get_by_role("button", name="Rotate the secret").click()
    await expect(page.locator("main")).to_contain_text("The secret before it signs too")
    assert looked_at.sandbox.endpoints.all()[-1].secret != before
    await page.get_by_role("button", name="Send webhook.ping").click()
    await expect(page.locator("#results li")).to_have_count(2)
    await page.get_by_label("Field filter").fill("helth")
    await expect(page.locator("#preview")).to_contain_text('Did you mean "health"?')


async def test_a_bin_is_told_how_to_behave(
    tab: Open, api: httpx.AsyncClient, looked_at: Running
) -> None:
    page = await (await tab()).open("/captures")
    await page.locator(".bins").get_by_text("Behaviour").click()
    await page.get_by_role("button", name="fails twice, then 200").click()
    await expect(page.locator(".bins")).to_contain_text("fails twice, then 200")
    assert [(await api.post("/in/demo")).status_code for _ in range(3)] == [503, 503, 200]
    await is_live(page)
    await expect(page.locator("tbody tr")).to_have_count(4)
    await page.locator("tbody input").nth(0).check()
    await page.locator("tbody input").nth(1).check()
    await page.get_by_role("button", name="Compare two").click()
    await expect(page.locator("#compare")).to_contain_text("Compared with")


async def test_an_event_is_made_of_a_form(tab: Open, looked_at: Running) -> None:
    page = await (await tab()).open("/send")
    await page.get_by_role("link", name="customer.updated").click()
    # The page before has such a field, too, and without its script no page looks at what is typed.
    await expect(page).to_have_url(re.compile("type=customer.updated"))
    await is_live(page)
    await page.get_by_label("health_score").fill("many")
    await expect(page.locator("#preview .problem")).to_contain_text('"health_score" is "many"')
    await expect(page.get_by_label("health_score")).to_have_attribute("aria-invalid", "true")
    await page.get_by_label("health_score").fill("12")
    await expect(page.locator("#preview pre.json")).to_contain_text('"health_score": 12')
    await page.get_by_label("Fault").select_option("stale-timestamp")
    await expect(page.locator("#fault-help")).to_contain_text("ten minutes ago")
    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(page.locator("#sent .verdict")).to_contain_text("too_old")


async def test_a_record_says_what_it_fires(tab: Open) -> None:
    page = await (await tab()).open("/world")
    await page.get_by_role("button", name="New customer").click()
    await expect(page.locator(".done")).to_contain_text("Fired customer.created")
    await is_live(page)
    now = await page.get_by_label("health", exact=True).input_value()
    await page.get_by_label("health", exact=True).select_option(
        "churned" if now != "churned" else "healthy"
    )
    await expect(page.locator("#preview")).to_contain_text("This will fire customer.updated and")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator(".done")).to_contain_text("Saved. Fired customer.updated")


async def test_a_receiver_is_checked(tab: Open) -> None:
    page = await (await tab()).open("/check")
    await page.get_by_text("Another address, a probe").click()
    await page.get_by_label("authenticity").check()
    await page.get_by_role("button", name="Run").click()
    await expect(page.locator(".grade")).to_have_text("F", timeout=40_000)
    await expect(page.locator(".finding").first).to_contain_text("Why it bites")


async def test_what_is_new_waits_while_one_reads(
    tab: Open, api: httpx.AsyncClient, looked_at: Running
) -> None:
    page = await (await tab()).open("/deliveries")
    await is_live(page)
    await send(api, "task.completed")
    await expect(page.locator("tbody tr")).to_have_count(2)
    await page.locator("tbody input").last.check()
    await send(api, "task.completed", 3)
    news = page.locator(".news")
    await expect(news).to_have_text("3 new")
    await expect(page.locator("tbody tr")).to_have_count(2)
    await page.locator("tbody input").last.uncheck()
    await news.click()
    await expect(page.locator("tbody tr")).to_have_count(5)
    await page.keyboard.press(".")
    await expect(page.locator(".connection .word")).to_have_text("paused")
    await send(api, "task.completed")
    await page.keyboard.press(".")
    await expect(page.locator("tbody tr")).to_have_count(6)


async def test_all_of_it_goes_by_keys(
    tab: Open, api: httpx.AsyncClient, looked_at: Running
) -> None:
    await send(api, "task.completed", 2)
    await settled(looked_at)
    page = await (await tab()).open("/deliveries")
    await is_live(page)
    keys = page.keyboard
    await keys.press("j")
    await keys.press("j")
    await keys.press("x")
    await expect(page.locator(".selected")).to_have_text("1 selected")
    await keys.press("x")
    await keys.press("k")
    await keys.press("Enter")
    await expect(page.locator(".pane h1")).to_have_text("task.completed")
    await keys.press("r")
    await expect(page.locator(".pane")).to_contain_text("Replay of")
    await keys.press("Escape")
    await expect(page.locator(".pane")).to_have_count(0)
    await keys.press("?")
    await expect(page.locator("#keys")).to_be_visible()
    await keys.press("Escape")
    await keys.press("/")
    await expect(page.locator(".search input")).to_be_focused()
    await keys.press("Escape")
    await keys.press("g")
    await keys.press("c")
    await expect(page.locator("h1")).to_have_text("Captures")
    await page.go_back()
    await expect(page.locator("h1")).to_have_text("Deliveries")


async def test_nothing_that_was_posted_runs(tab: Open, api: httpx.AsyncClient) -> None:
    evil = "</pre><script>alert(1)</script><img src=x onerror=alert(1)>\u202e"
    for _ in range(3):
        await api.post(
            f"/in/demo/{evil}", params={"q": evil}, headers={b"x-evil": evil.encode()}, content=evil
        )
    opened = await tab()
    page = await opened.open("/captures")
    await is_live(page)
    await page.locator("tbody a").first.click()
    await expect(page.locator(".pane pre").first).to_contain_text("<script>alert(1)</script>")
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_reading_needs_no_script(
    tab: Open, api: httpx.AsyncClient, looked_at: Running
) -> None:
    await send(api, "task.completed")
    await settled(looked_at)
    page = await (await tab(java_script_enabled=False)).open("/deliveries")
    await page.get_by_role("link", name="task.completed").click()
    await expect(page.locator(".pane pre.json").first).to_contain_text('"type": "task.completed"')
    await page.locator("label", has_text="Hex").first.click()
    await expect(page.locator("pre.hex").first).to_be_visible()
    await page.get_by_role("link", name="Home").click()
    await page.get_by_role("button", name="Send webhook.ping").click()
    await expect(page.locator("#results li.sent")).to_have_count(1)


async def test_beyond_loopback_the_token_goes_along(tab: Open) -> None:
    settings = Settings(host="0.0.0.0", port=0, token="secret token", speed=0, grace_s=0.05)
    async with serve(settings) as running:
        page = await (await tab(running.url)).open("/?token=secret%20token")
        await is_live(page)
        await page.get_by_role("button", name="Send webhook.ping").click()
        await expect(page.locator("#results li.sent .pill")).to_have_text("200")
        await page.get_by_role("link", name="Deliveries").first.click()
        await expect(page.locator("tbody tr")).to_have_count(2)
        await page.reload()
        await expect(page.locator("tbody tr")).to_have_count(2)
        assert await page.context.cookies() == []
        with suppress(Exception):
            await page.close()
