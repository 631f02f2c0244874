"""A browser, a sandbox to look at, and tabs that notice what a browser complains about."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright

from pivotal_sandbox.web.server import Running, Settings, serve

FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
PATIENCE = 15_000  # ms for what is to appear
_WATCH = """
window.complaints = [];
addEventListener("securitypolicyviolation", (event) =>
  complaints.push(`${event.violatedDirective}: ${event.blockedURI}`));
"""


@dataclass
class Tab:
    """A page of the inspector in a browser, and what the browser said of it."""

    page: Page
    url: str
    said: list[str] = field(default_factory=list)

    async def open(self, path: str) -> Page:
        """Open a page of the inspector."""
        await self.page.goto(self.url + path)
        return self.page

    async def complaints(self) -> list[str]:
        """Return what was written to the console, and what the policy forbade."""
        return self.said + list(await self.page.evaluate("window.complaints || []"))


Open = Callable[..., Awaitable[Tab]]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Debian's Chromium."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=[*FLAGS]
        )
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def looked_at(tmp_path: Path) -> AsyncIterator[Running]:
    """A sandbox of the test's own, its clock standing still."""
    settings = Settings(port=0, db=tmp_path / "sandbox.db", speed=0, seed=7, grace_s=0.05)
    async with serve(settings) as running:
        await running.sandbox.dispatcher.settle()
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def api(looked_at: Running) -> AsyncIterator[httpx.AsyncClient]:
    """A client of its API."""
    async with httpx.AsyncClient(base_url=looked_at.url, timeout=30) as client:
        yield client


@pytest_asyncio.fixture(loop_scope="session")
async def tab(browser: Browser, looked_at: Running) -> AsyncIterator[Open]:
    """Open tabs; at the end of the test the browser has complained of none of them."""
    tabs: list[Tab] = []
    async with AsyncExitStack() as stack:

        async def open_tab(url: str | None = None, **settings: Any) -> Tab:
            size = settings.pop("viewport", {"width": 1280, "height": 800})
            context = await browser.new_context(viewport=size, **settings)
            context.set_default_timeout(PATIENCE)
            stack.push_async_callback(context.close)
            await context.add_init_script(_WATCH)
            page = await context.new_page()
            opened = Tab(page, url or looked_at.url)
            page.on("console", lambda message: _note(opened, message.type, message.text))
            page.on("pageerror", lambda error: opened.said.append(str(error)))
            page.on("dialog", lambda dialog: asyncio.ensure_future(_answer(opened, dialog)))
            tabs.append(opened)
            return opened

        yield open_tab
        complaints = [await opened.complaints() for opened in tabs if not opened.page.is_closed()]
    assert not any(complaints), complaints


def _note(tab: Tab, kind: str, text: str) -> None:
    if kind in ("error", "warning"):
        tab.said.append(text)


async def _answer(tab: Tab, dialog: Any) -> None:
    if dialog.type == "alert":  # what was posted by a stranger ran
        tab.said.append(f"alert: {dialog.message}")
    await dialog.accept()


@pytest.fixture
def axe() -> str:
    """Give the script that judges pages, from npm."""
    script = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
    if not script.is_file():
        reason = "axe-core is not installed: npm install --prefix tests/browser"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    return script.read_text()
