"""The log of deliveries: its filters, its pages, replay."""

import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from tests.web.pages.conftest import Look, Page

from pivotal_sandbox.common.durations import HOUR
from pivotal_sandbox.sandbox.sandbox import Sandbox
from pivotal_sandbox.web.pages.deliveries import PAGE
from pivotal_sandbox.web.server import Running

Trigger = Callable[..., Awaitable[dict[str, Any]]]


def rows(page: Page) -> list[str]:
    return [tag.text for tag in page.all("tr") if "data-key" in tag.attributes]


async def test_a_row_has_status_event_endpoint_attempts_and_time(look: Look) -> None:
    [row] = rows(await look("/deliveries"))
    assert row.startswith("200webhook.pingBuilt-in capture bin1")
    assert row.endswith("now")


async def test_filters_are_in_the_address_and_on_the_page(
    look: Look, trigger: Trigger, sandbox: Sandbox, running: Running
) -> None:
    event = (await trigger(type="customer.at_risk"))["event"]
    await sandbox.dispatcher.settle()
    name = event["body"]["data"]["id"]
    for query in (
        {"event_type": "customer.at_risk"},
        {"q": name},
        {"since": "1h", "q": "at_risk"},
        {"status": "delivered", "status_code": "200", "event_type": "customer.at_risk"},
    ):
        page = await look("/deliveries", **query)
        assert len(rows(page)) == 1, query
        chips = page.find("ul", class_="chips").text
        for value in query.values():
            assert value in chips
    page = await look("/deliveries", endpoint_id=running.endpoint.id)
    assert "endpoint: Built-in capture bin" in page.find("ul", class_="chips").text
    assert len(rows(page)) == 2


async def test_a_chip_takes_its_filter_away(look: Look) -> None:
    page = await look("/deliveries", status="failed", q="x")
    links = [a for a in page.all("a") if a.attributes.get("title") == "Take this filter away"]
    queries = [parse_qs(urlsplit(link.attributes["href"]).query) for link in links]
    assert queries == [{"q": ["x"]}, {"status": ["failed"]}]
    assert "Nothing matches." in page.main


async def test_an_unknown_status_is_told_what_there_is(client: httpx.AsyncClient) -> None:
    page = Page(await client.get("/deliveries", params={"status": "gone"}))
    assert page.answer.status_code == 404
    assert "there are pending, retrying" in page.with_class("problem")[0].text


async def test_pages_follow_each_other_without_a_gap(look: Look, sandbox: Sandbox) -> None:
    for _ in range(PAGE + 5):
        await sandbox.ping(sandbox.endpoints.all()[0].id)
    await sandbox.dispatcher.settle()
    first = await look("/deliveries")
    [older] = [a for a in first.all("a") if a.attributes.get("rel") == "next"]
    second = await look(older.attributes["href"])
    keys = [
        t.attributes["data-key"]
        for p in (first, second)
        for t in p.all("tr")
        if "data-key" in t.attributes
    ]
    assert len(keys) == len(set(keys)) == PAGE + 6
    assert keys == sorted(keys, reverse=True)
    assert len(first.answer.content) < 60_000
    [newest] = [a for a in second.all("a") if a.text == "Newest"]
    assert newest.attributes["href"] == "/deliveries"


async def test_the_bars_lead_to_their_time(look: Look, sandbox: Sandbox) -> None:
    page = await look("/deliveries")
    [bar] = [a for a in page.all("a") if "until" in a.attributes["href"]]
    assert len(rows(await look(bar.attributes["href"]))) == 1
    await sandbox.advance(2 * HOUR)
    assert "none in this time" in (await look("/deliveries")).main


async def test_selected_rows_are_replayed(press: Look, look: Look, sandbox: Sandbox) -> None:
    [box] = (await look("/deliveries")).all("input", name="id")
    page = await press("/deliveries/replay", id=box.attributes["value"])
    assert "1 delivery sent again." in page.main
    assert len(rows(page)) == 2
    assert "replay" in rows(page)[0]


async def test_all_of_a_filter_are_replayed_and_counted_before(
    client: httpx.AsyncClient, press: Look, look: Look, sandbox: Sandbox, trigger: Trigger
) -> None:
    for _ in range(3):
        await trigger(type="task.completed")
    await sandbox.dispatcher.settle()
    page = await look("/deliveries", event_type="task.completed")
    [button] = page.with_class("all")
    assert (await client.get(button.attributes["data-count"])).json() == {"count": 3}
    filter = page.find("input", name="filter").attributes["value"]
    page = await press("/deliveries/replay", all="1", filter=filter)
    assert "3 deliveries sent again." in page.main
    assert len(rows(page)) == 7


async def test_nothing_selected_is_nothing_sent(press: Look, sandbox: Sandbox) -> None:
    page = await press("/deliveries/replay", code=422)
    assert page.with_class("problem")[0].text == "Select what to replay first."


async def test_one_opens_beside_the_list(look: Look) -> None:
    [link] = [
        a for a in (await look("/deliveries")).all("a") if "open=msg_" in a.attributes["href"]
    ]
    page = await look(link.attributes["href"])
    [pane] = page.with_class("pane")
    assert "Request" in pane.text
    assert len(rows(page)) == 1
    [shut] = page.with_class("shut")
    assert shut.attributes["href"] == "/deliveries"


async def test_a_mode_without_deliveries_teaches_the_next_step(look: Look) -> None:
    page = await look("/deliveries", mode="live")
    assert "No live deliveries yet." in page.main
    assert "pivotal-sandbox trigger customer.at_risk --mode live" in page.main


async def test_with_very_many_the_bars_show_the_newest(
    look: Look, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pivotal_sandbox.web.pages.deliveries.CHARTED", 5)
    endpoint = sandbox.endpoints.all()[0].id
    for _ in range(5):
        await sandbox.ping(endpoint)
    await sandbox.dispatcher.settle()
    assert "the newest 5" in (await look("/deliveries")).main


async def test_a_selection_and_all_of_a_filter_are_exported(
    client: httpx.AsyncClient, look: Look, sandbox: Sandbox, trigger: Trigger
) -> None:
    for _ in range(3):
        await trigger(type="task.completed")
    await sandbox.dispatcher.settle()
    page = await look("/deliveries", event_type="task.completed")
    ids = [box.attributes["value"] for box in page.all("input", name="id")]
    answer = await client.get("/deliveries/export", params={"id": ids[:2], "as": "jsonl"})
    assert answer.headers["content-disposition"] == 'attachment; filename="deliveries.jsonl"'
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert [line["id"] for line in lines] == ids[:2]
    assert lines[0] == (await client.get(f"/api/deliveries/{ids[0]}")).json()
    query = {"all": "1", "filter": page.find("input", name="filter").attributes["value"]}
    text = (await client.get("/deliveries/export", params=query | {"as": "curl"})).text
    assert [id for id in ids[::-1] if id in text] == ids[::-1]
    assert text.count("curl -sS") == 3


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({}, "Select what to export first."),
        ({"id": "msg_x", "as": "xml"}, "There are: scenario, curl"),
        ({"all": "1", "filter": "{"}, "not one that this page made"),
    ],
)
async def test_an_export_of_nothing_says_so(look: Look, query: dict[str, str], says: str) -> None:
    assert says in (await look("/deliveries/export", code=422, **query)).main
