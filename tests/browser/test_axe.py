"""What axe says of each page: in light and dark, wide and narrow, with much and with nothing."""

import json

import httpx
import pytest
from playwright.async_api import Page
from tests.browser.conftest import Open

from pivotal_sandbox.web.server import Running

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.asyncio(loop_scope="session")]

PATHS = (
    *("/", "/deliveries", "/endpoints", "/send?type=customer.updated", "/world", "/captures"),
    *("/clock", "/chaos", "/check", "/deliveries/msg_nothing"),
)
SOME = ("/", "/deliveries", "/captures")  # of which there is then more to see


async def violations(page: Page, axe: str) -> list[str]:
    """Return what is not as WCAG 2.2 AA has it."""
    # By the debugger's way in: the page's policy lets no script of others in.
    await page.evaluate(axe + "; null")
    found = await page.evaluate(
        """() => axe.run(document, {
          runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
          resultTypes: ["violations"],
        })"""
    )
    return [
        f"{rule['id']}: {rule['help']}: {[node['html'][:160] for node in rule['nodes'][:3]]}"
        for rule in found["violations"]
    ]


async def filled(api: httpx.AsyncClient, running: Running) -> list[str]:
    """Make a bit of everything; return where the details of it are."""
    await api.put("/api/bins/demo", json={"behaviour": [200, 503, 404, 503]})
    for type in ("customer.at_risk", "task.completed", "onboarding.delayed"):
        await api.post("/api/events", json={"type": type})
    await api.post("/api/endpoints", json={"url": "http://127.0.0.1:1/", "description": "CRM"})
    await running.sandbox.dispatcher.settle()
    await api.post("/api/clock", json={"advance": "10m"})
    await api.put("/api/chaos", json={"spec": "5xx=10%"})
    retrying = (await api.get("/api/deliveries?status=retrying&status_code=503")).json()["items"][0]
    capture = (await api.get("/api/captures")).json()["items"][0]
    customer = (await api.get("/api/records/customer")).json()["items"][0]
    return [
        f"/deliveries?open={retrying['id']}&diff=1&computed=bm8=",
        f"/deliveries/{retrying['id']}",
        f"/captures?open={capture['id']}",
        f"/endpoints/{running.endpoint.id}?field_filter=health",
        f"/world?object=customer&edit={customer['id']}&set.health=churned",
        "/deliveries?status=failed&q=x&since=1h",
        "/?mode=live",
    ]


@pytest.mark.parametrize(
    ("scheme", "width", "much"),
    [("light", 1280, False), ("dark", 400, True)],
)
async def test_no_page_violates_a_rule(
    tab: Open,
    api: httpx.AsyncClient,
    looked_at: Running,
    axe: str,
    scheme: str,
    width: int,
    much: bool,
) -> None:
    paths = [*PATHS, "/deliveries?mode=live"]
    if much:
        paths = [*SOME, *(await filled(api, looked_at))]
    opened = await tab(viewport={"width": width, "height": 800}, color_scheme=scheme)
    found = {}
    for path in paths:
        page = await opened.open(path)
        if wrong := await violations(page, axe):
            found[path] = wrong
        overflow = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if overflow > 0:
            found.setdefault(path, []).append(f"{overflow} px too wide")
    opened.said = [said for said in opened.said if "404" not in said]  # the page that is not there
    assert found == {}, json.dumps(found, indent=1)[:6000]


async def test_the_help_is_well_made(tab: Open, axe: str) -> None:
    page = await (await tab()).open("/")
    await page.keyboard.press("?")
    assert await violations(page, axe) == []
