"""Deliveries and captures as files."""

import json

import httpx
import pytest
from tests.web.pages.conftest import Look

from pivotal_sandbox.exports.formats import FORMS
from pivotal_sandbox.sandbox.sandbox import Sandbox
from pivotal_sandbox.store.deliveries import DeliveryFilter
from pivotal_sandbox.web.pages.export import CHOICES


@pytest.fixture
async def two(sandbox: Sandbox) -> list[str]:
    """Two deliveries, sent."""
    for _ in range(2):
        await sandbox.trigger("task.completed")
    await sandbox.dispatcher.settle()
    return await sandbox.deliveries.matching(DeliveryFilter(event_type="task.completed"))


@pytest.mark.parametrize("path", ["/deliveries/export", "/captures/export"])
@pytest.mark.parametrize("form", [name for name, _ in CHOICES])
async def test_each_form_has_all_that_was_chosen(
    client: httpx.AsyncClient, two: list[str], path: str, form: str
) -> None:
    answer = await client.get(path, params={"as": form, "id": two, "bin": "demo"})
    assert answer.status_code == 200, answer.text
    assert "attachment; filename=" in answer.headers["content-disposition"]
    for id in two:
        assert id in answer.text
    assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"


async def test_the_names_are_those_of_the_command() -> None:
    assert [name for name, _ in CHOICES] == ["jsonl", *(form.name for form in FORMS)]


async def test_an_archive_is_in_the_order_of_time(
    client: httpx.AsyncClient, two: list[str]
) -> None:
    answer = await client.get("/deliveries/export", params={"as": "har", "id": two[::-1]})
    entries = json.loads(answer.text)["log"]["entries"]
    assert [entry["comment"] for entry in entries] == [f"{id} task.completed" for id in two]
    assert answer.headers["content-disposition"] == 'attachment; filename="deliveries.har"'


async def test_an_unknown_form_is_told_the_nearest(look: Look, two: list[str]) -> None:
    page = await look("/deliveries/export", code=422, **{"as": "harr", "id": two[0]})
    assert 'Did you mean "har"?' in page.main


async def test_what_was_not_sent_yet_makes_no_commands(
    look: Look, sandbox: Sandbox, two: list[str]
) -> None:
    _, waiting = await sandbox.replay(two, rate=0.001)
    page = await look("/deliveries/export", code=422, **{"as": "curl", "id": waiting.id})
    assert "None of them was sent yet." in page.main


async def test_a_file_that_is_not_written_by_lines_has_its_limit(
    look: Look, two: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pivotal_sandbox.web.pages.export.MOST", 1)
    page = await look("/deliveries/export", code=422, **{"as": "har", "id": two})
    assert "holds 1 requests at most: narrow the filter" in page.main


async def test_a_script_signs_when_it_is_run_where_that_is_asked_for(
    client: httpx.AsyncClient, look: Look, two: list[str]
) -> None:
    query = {"as": "curl", "id": two, "re_sign": "1"}
    script = (await client.get("/deliveries/export", params=query)).text
    assert "PIVOTAL_WEBHOOK_SECRET" in script
    for form in ("jsonl", "har"):
        page = await look("/deliveries/export", code=422, **query | {"as": form})
        assert "anew" in page.with_class("problem")[0].text
