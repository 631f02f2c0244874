"""The sandbox's clock."""

import httpx
import pytest
from tests.web.pages.conftest import Look

from pivotal_sandbox.common.durations import DAY, HOUR
from pivotal_sandbox.sandbox.sandbox import Sandbox


@pytest.fixture
async def waiting(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    """A delivery that fails and fails."""
    await client.put("/api/bins/demo", json={"behaviour": [503]})
    await sandbox.trigger("task.completed")
    await sandbox.dispatcher.settle()


@pytest.mark.usefixtures("waiting")
async def test_it_says_what_a_jump_brings(look: Look, sandbox: Sandbox) -> None:
    await sandbox.rotate_secret(sandbox.endpoints.all()[0].id)
    page = await look("/clock")
    hour, day = page.with_class("card")
    assert "1 attempt falls due. If all fail: about 6 attempts in all." in hour.text
    assert "for good" not in hour.text
    assert "about 14 attempts in all, and 1 delivery failed for good" in day.text
    assert "with 2xx: 1 delivery delivered" in day.text
    assert "1 old secret stops signing" in day.text
    [row] = [tag for tag in page.all("tr") if "data-key" in tag.attributes]
    assert row.text.startswith("503task.completedBuilt-in capture bin2in 3")


@pytest.mark.usefixtures("waiting")
async def test_a_jump_makes_what_falls_due(press: Look, sandbox: Sandbox) -> None:
    before = sandbox.clock.now()
    page = await press("/clock/advance", by="24h", **{"from": "/clock"})
    assert sandbox.clock.now() == before + DAY
    assert "Moved by 24h: 14 attempts made." in page.main


async def test_a_jump_from_another_page_leads_back_there(press: Look, sandbox: Sandbox) -> None:
    page = await press("/clock/advance", by="1h", **{"from": "/deliveries"})
    assert page.answer.url.path == "/deliveries"
    assert page.find("section", class_="clock").text.startswith("Sandbox time, UTC")
    for evil in ("//evil.example/x", "https://evil.example/", "javascript:alert(1)", ""):
        page = await press("/clock/advance", by="1s", **{"from": evil})
        assert page.answer.url.host == "127.0.0.1"
    assert sandbox.clock.now() % HOUR == 4000


async def test_its_speed_is_set(press: Look, sandbox: Sandbox) -> None:
    page = await press("/clock/speed", speed="60")
    assert sandbox.clock.speed == 60
    assert "60 times as fast" in page.main
    await press("/clock/speed", speed="0")
    assert sandbox.clock.speed == 0


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/clock/speed", {"speed": "fast"}),
        ("/clock/speed", {"speed": "-1"}),
        ("/clock/speed", {"speed": "nan"}),
        ("/clock/advance", {"by": "soon"}),
    ],
)
async def test_what_is_wrong_is_said(press: Look, path: str, fields: dict[str, str]) -> None:
    assert (await press(path, code=422, **fields)).with_class("problem")[0].text


async def test_where_nothing_waits_it_teaches_how(look: Look) -> None:
    assert "pivotal-sandbox clock advance 24h" in (await look("/clock")).main
