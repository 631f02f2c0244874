"""The battery, from the page."""

import asyncio

import httpx
from tests.web.pages.conftest import Look, Page

from pivotal_sandbox.web.server import Running

DEADLINE = 60  # seconds


async def ended(look: Look, run: str) -> Page:
    async with asyncio.timeout(DEADLINE):
        while True:
            page = await look("/check", run=run)
            if not [tag for tag in page.tags if "data-poll" in tag.attributes]:
                return page


async def test_a_run_fills_and_ends_in_a_grade_with_findings(
    press: Look, look: Look, running: Running, client: httpx.AsyncClient
) -> None:
    page = await press("/check", endpoint=running.endpoint.id, only="authenticity")
    run = page.answer.url.params["run"]
    page = await ended(look, run)
    assert page.with_class("grade")[0].text == "F"
    [first, *_] = page.with_class("finding")
    assert "Why it bites" in first.text
    assert running.endpoint.secret not in page.answer.text
    report = await client.get("/check/report", params={"run": run})
    assert "<!doctype html>" in report.text
    assert report.headers["content-disposition"].startswith("attachment; ")
    assert "sandbox" in report.headers["content-security-policy"]
    assert f"Run {run}: F" in (await look("/check")).main


async def test_every_check_of_a_run_has_its_place_from_the_start(
    press: Look, look: Look, running: Running
) -> None:
    page = await press("/check", endpoint=running.endpoint.id, only="raw-body")
    assert page.find("p", role="status").text.endswith(" of 10 …")  # the control is always run
    before = [li.attributes["data-key"] for li in page.all("li") if "data-key" in li.attributes]
    assert len(before) == 10
    page = await ended(look, page.answer.url.params["run"])
    after = [li.attributes["data-key"] for li in page.all("li") if "data-key" in li.attributes]
    assert after == before
    assert "Not tested" not in page.main


async def test_what_was_not_tested_is_said_for_the_page(
    press: Look, look: Look, running: Running
) -> None:
    page = await press("/check", endpoint=running.endpoint.id, only="idempotency")
    page = await ended(look, page.answer.url.params["run"])
    assert "Without a probe its effects cannot be seen. Give a probe URL above." in page.main


async def test_what_cannot_be_reached_is_said(press: Look, look: Look) -> None:
    page = await press("/check", target="http://127.0.0.1:1/", secret="whsec_x")
    page = await ended(look, page.answer.url.params["run"])
    assert page.with_class("problem")[0].text
    assert page.with_class("grade") == []


async def test_what_is_missing_is_said(press: Look, look: Look) -> None:
    assert "Choose an endpoint" in (await press("/check", code=422)).main
    assert "There is no run" in (await look("/check", code=404, run="9")).main


async def test_before_the_first_run_it_teaches_the_command(look: Look) -> None:
    assert "pivotal-sandbox check http://" in (await look("/check")).main
