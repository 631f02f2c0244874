"""The bins, and what came in."""

import json

import httpx
import pytest
from tests.web.pages.conftest import Look, Page

from pivotal_sandbox.domain.bins import Step
from pivotal_sandbox.sandbox.sandbox import Sandbox
from pivotal_sandbox.web.pages.captures import PRESETS, describe_behavior


def rows(page: Page) -> list[str]:
    return [tag.text for tag in page.all("tr") if "data-key" in tag.attributes]


async def test_a_row_says_what_came_and_what_its_signature_is_worth(look: Look) -> None:
    [row] = rows(await look("/captures"))
    assert row.startswith("ValidPOST /in/demo200Signature valid, 0 s old.")


@pytest.mark.parametrize(("name", "says", "steps"), PRESETS)
async def test_a_preset_is_set_and_said_in_words(
    press: Look, sandbox: Sandbox, name: str, says: str, steps: tuple[Step, ...]
) -> None:
    page = await press("/bins/demo", preset=name)
    assert sandbox.captures.bin("demo").behaviour == steps
    [card] = [li for li in page.all("li") if li.attributes.get("data-key") == "demo"]
    assert says in card.text
    [pressed] = page.all("button", aria_pressed="true", value=name)
    assert pressed.text == says


async def test_steps_and_where_to_pass_on_are_set(press: Look, sandbox: Sandbox) -> None:
    steps = json.dumps([{"status": 500, "delay": "1s"}, {"hang": True}])
    page = await press("/bins/demo", steps=steps, forward_to="http://127.0.0.1:1/")
    assert "500 after 1s, then hangs, passes on to http://127.0.0.1:1/" in page.main
    assert sandbox.captures.bin("demo").forward_to == "http://127.0.0.1:1/"


async def test_a_bin_gets_a_secret_of_its_own_which_no_page_shows(
    press: Look, look: Look, sandbox: Sandbox
) -> None:
    page = await press("/bins/demo", steps="[200]", secret="whsec_mine")
    assert sandbox.captures.bin("demo").secret == "whsec_mine"
    assert "verifies with a secret of its own" in page.main
    assert "whsec_mine" not in page.answer.text
    for fields in ({"preset": "gone"}, {"steps": "[200]", "secret": ""}):
        await press("/bins/demo", **fields)
        assert sandbox.captures.bin("demo").secret == "whsec_mine"
    page = await press("/bins/demo", steps="[200]", forget="1")
    assert sandbox.captures.bin("demo").secret is None
    assert "secret of its own" not in page.find("ul", class_="bins").text


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"steps": "{"}, "The steps are not JSON"),
        ({"steps": '[{"statsu": 1}]'}, 'Did you mean "status"?'),
        ({"preset": "ok", "forward_to": "x"}, "does not begin with http"),
        ({"preset": "ok", "name": "a b"}, "1 to 64 letters"),
    ],
)
async def test_what_is_wrong_with_a_behaviour_is_said(
    press: Look, sandbox: Sandbox, fields: dict[str, str], says: str
) -> None:
    page = await press("/bins/demo", code=422, **fields)
    assert says in page.with_class("problem")[0].text
    assert sandbox.captures.bin("demo").behaviour == (Step(),)


def test_a_long_behaviour_is_said_in_short() -> None:
    assert describe_behavior((*[Step(500)] * 9, Step())).endswith("… 10 steps, then 200")
    assert describe_behavior((Step(reset=True), Step(204))) == "resets, then 204"


async def test_a_bin_is_made_and_shown_alone(
    press: Look, look: Look, client: httpx.AsyncClient
) -> None:
    await client.post("/in/other", content=b"x")
    page = await press("/bins/new", name="mine", preset="ok", shown="mine")
    assert page.all("a", href="/captures")
    assert rows(page) == []
    assert len(rows(await look("/captures", bin="other"))) == 1
    assert len(rows(await look("/captures"))) == 2


async def test_captures_are_found_by_signature_and_text(
    look: Look, client: httpx.AsyncClient
) -> None:
    await client.post("/in/demo/below?a=1", content=b"needle")
    assert "missing_header" in rows(await look("/captures", verified="false"))[0]
    [row] = rows(await look("/captures", q="needle"))
    assert "POST /in/demo/below?a=1" in row
    assert "Nothing matches." in (await look("/captures", q="nobody")).main


async def test_they_are_exported_and_forgotten(client: httpx.AsyncClient, press: Look) -> None:
    for _ in range(60):
        await client.post("/in/other", content=b"x")
    lines = (await client.get("/captures/export", params={"bin": "other"})).text.splitlines()
    assert len(lines) == 60
    assert json.loads(lines[0])["bin"] == "other"
    page = await press("/captures/clear", bin="other")
    assert len(rows(page)) == 1
    page = await press("/captures/clear")
    assert "Nothing was captured yet." in page.main


async def test_pages_follow_each_other(look: Look, client: httpx.AsyncClient) -> None:
    for _ in range(60):
        await client.post("/in/other", content=b"x")
    first = await look("/captures", bin="other")
    [older] = [a for a in first.all("a") if a.text == "Older"]
    second = await look(older.attributes["href"])
    assert len(rows(first)) + len(rows(second)) == 60
