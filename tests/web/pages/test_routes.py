"""Which page answers where, and that it costs nothing until then."""

import subprocess
import sys
from importlib import import_module
from inspect import iscoroutinefunction

import httpx
import pytest

from pivotal_sandbox.web.pages.routes import PAGES, Page


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.method} {page.path}")
def test_each_page_has_its_view(page: Page) -> None:
    module = import_module(f"pivotal_sandbox.web.pages.{page.module}")
    assert iscoroutinefunction(getattr(module, page.view))


def test_starting_loads_no_page() -> None:
    script = (
        "import sys, pivotal_sandbox.web.server; "
        "print([name for name in sys.modules if name.startswith('jinja2')"
        " or name.startswith('pivotal_sandbox.web.pages.') and not name.endswith('routes')])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


async def test_a_page_is_read_by_get_and_changes_nothing_by_it(client: httpx.AsyncClient) -> None:
    for page in PAGES:
        if (
            page.method == "POST"
            and "{" not in page.path
            and page.path not in {p.path for p in PAGES if p.method == "GET"}
        ):
            assert (await client.get(page.path)).status_code in (404, 405), page.path
