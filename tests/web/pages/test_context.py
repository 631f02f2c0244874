"""Links, forms, errors, and the token that links carry."""

from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from tests.web.pages.conftest import Look, Page

from pivotal_sandbox.web.server import Running, Settings, serve

PATHS = (
    *("/", "/deliveries", "/endpoints", "/send", "/world", "/captures", "/clock", "/chaos"),
    "/check",
)
TOKEN = "a/token with=signs&more"


@pytest.fixture
async def guarded() -> AsyncIterator[Running]:
    """A sandbox beyond loopback, with a token."""
    async with serve(Settings(host="0.0.0.0", port=0, token=TOKEN, speed=0)) as running:
        await running.sandbox.dispatcher.settle()
        yield running


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("mode", ["test", "live"])
async def test_each_page_opens_in_both_modes_and_keeps_the_mode(
    look: Look, path: str, mode: str
) -> None:
    page = await look(path, mode=mode)
    assert page.find("html").attributes["data-mode"] == mode
    for link in page.all("a"):
        address = urlsplit(link.attributes["href"])
        if address.path.startswith("/") and link.text not in ("Test", "Live"):
            assert parse_qs(address.query).get("mode", ["test"]) == [mode], link


@pytest.mark.parametrize("path", PATHS)
async def test_each_page_says_what_it_is(look: Look, path: str) -> None:
    page = await look(path)
    assert page.find("html").attributes["lang"] == "en"
    assert len(page.all("h1")) == 1
    assert page.all("title")[0].text.endswith("Pivotal sandbox")
    assert page.all("a", class_="skip")[0].attributes["href"] == "#main"


@pytest.mark.parametrize("path", PATHS)
async def test_nothing_on_a_page_is_inline(look: Look, path: str) -> None:
    page = await look(path)
    assert page.all("style") == []
    for tag in page.tags:
        assert "style" not in tag.attributes, tag
        assert not [name for name in tag.attributes if name.startswith("on")], tag
    for script in page.all("script"):
        assert script.text == ""
        assert script.attributes["src"].startswith("/static/")
    policy = page.answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy


@pytest.mark.parametrize("path", PATHS)
async def test_each_field_has_a_name_and_each_id_is_there_once(look: Look, path: str) -> None:
    page = await look(path)
    ids = [tag.attributes["id"] for tag in page.tags if "id" in tag.attributes]
    assert len(ids) == len(set(ids))
    labelled = {tag.attributes.get("for") for tag in page.all("label")}
    for tag in page.all("a"):
        assert tag.text or tag.attributes.get("aria-label"), tag
    for target in labelled - {None}:
        assert target in ids


async def test_a_browser_may_say_that_a_form_is_our_own(look: Look) -> None:
    assert (await look("/")).answer.headers["referrer-policy"] == "same-origin"


async def test_a_form_of_another_page_changes_nothing(client: httpx.AsyncClient) -> None:
    foreign = {"origin": "http://evil.example"}
    answer = await client.post("/clock/advance", data={"by": "1h"}, headers=foreign)
    assert answer.status_code == 403


async def test_what_is_wrong_is_said_on_a_page_with_its_status(look: Look) -> None:
    page = await look("/deliveries/msg_nothing", code=404)
    [problem] = page.with_class("problem")
    assert problem.text == "There is no delivery msg_nothing."
    page = await look("/deliveries", code=422, status_code="x")
    assert page.with_class("problem")[0].attributes["data-field"] == "status_code"


async def test_an_error_shows_what_was_asked_for_as_text(look: Look) -> None:
    page = await look("/deliveries/<script>alert(1)", code=404)
    assert len(page.all("script")) == 2


async def test_with_a_token_every_link_and_file_carries_it(guarded: Running) -> None:
    async with httpx.AsyncClient(base_url=guarded.url, verify=False) as client:
        assert (await client.get("/")).status_code == 401
        for path in PATHS:
            page = Page(await client.get(path, params={"token": TOKEN}))
            addresses = [tag.attributes["href"] for tag in page.all("a") + page.all("link")]
            addresses += [tag.attributes["src"] for tag in page.all("script")]
            for address in addresses:
                if address.startswith("/"):
                    assert parse_qs(urlsplit(address).query)["token"] == [TOKEN], address
                    assert (await client.get(address)).status_code in (200, 404), address
            assert page.find("html").attributes["data-token"] == TOKEN
            for form in page.all("form", class_="search"):
                assert form is not None


async def test_a_form_is_sent_with_the_token_as_a_header(guarded: Running) -> None:
    async with httpx.AsyncClient(base_url=guarded.url, verify=False) as client:
        data = {"endpoint": guarded.endpoint.id}
        link = await client.post("/ping", data=data, params={"token": TOKEN})
        assert link.status_code == 401
        bearer = {"authorization": f"Bearer {TOKEN}"}
        answer = await client.post("/ping", data=data, headers=bearer)
        assert answer.status_code == 303
        assert parse_qs(urlsplit(answer.headers["location"]).query)["token"] == [TOKEN]


async def test_no_page_sets_a_cookie(look: Look) -> None:
    for path in PATHS:
        assert "set-cookie" not in (await look(path)).answer.headers
