"""The endpoints of a mode."""

import pytest
from tests.web.pages.conftest import Look

from pivotal_sandbox.domain.catalog import Catalog
from pivotal_sandbox.sandbox.sandbox import Sandbox
from pivotal_sandbox.web.pages.endpoints import others_of, paths, uses_of


async def test_a_card_has_url_events_and_how_it_does(look: Look, sandbox: Sandbox) -> None:
    await sandbox.add_endpoint(
        "http://127.0.0.1:1/", event_types=["customer.updated"], field_filter=["health"]
    )
    for _ in range(3):
        await sandbox.ping(sandbox.endpoints.all()[0].id)
    await sandbox.dispatcher.settle()
    own, refused = (await look("/endpoints")).with_class("card")[:2]
    assert "100% of the last 4 delivered" in own.text
    assert "customer.updatedonly health" in refused.text
    assert "0% of the last 1 delivered" in refused.text
    page = await look("/endpoints")
    assert len(page.all("polyline")) == 1
    assert sandbox.endpoints.all()[0].secret not in page.answer.text


async def test_an_endpoint_is_added_and_pinged_at_once(press: Look, sandbox: Sandbox) -> None:
    page = await press(
        "/endpoints",
        url=f"{sandbox.base_url}/in/mine",
        description="Mine",
        type=["customer.at_risk", "task.overdue"],
        field_filter="health, owner.email",
    )
    await sandbox.dispatcher.settle()
    [*_, endpoint] = sandbox.endpoints.all("test")
    assert endpoint.event_types == ("customer.at_risk", "task.overdue")
    assert endpoint.field_filter == ("health", "owner.email")
    assert "Added, and pinged" in page.main
    assert "webhook.ping" in page.main


async def test_live_and_test_are_apart(press: Look, look: Look, sandbox: Sandbox) -> None:
    await press("/endpoints", url="http://127.0.0.1:1/live", mode="live")
    assert [endpoint.mode for endpoint in sandbox.endpoints.all()] == ["test", "live"]
    assert "/live" in (await look("/endpoints", mode="live")).main
    assert "127.0.0.1:1/live" not in (await look("/endpoints")).main
    assert sandbox.endpoints.all("live")[0].event_types == ("*",)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"url": "x"}, "url"),
        ({"url": "http://127.0.0.1/", "type": "customer.updatd"}, "event_types/0"),
        ({"url": "http://127.0.0.1/", "field_filter": "helth"}, "field_filter/0"),
    ],
)
async def test_what_is_wrong_is_said_and_nothing_is_added(
    press: Look, sandbox: Sandbox, fields: dict[str, str], field: str
) -> None:
    page = await press("/endpoints", code=422, **fields)
    assert page.with_class("problem")[0].attributes["data-field"] == field
    assert len(sandbox.endpoints.all()) == 1


def test_uses_and_others_are_the_whole_catalog(sandbox: Sandbox) -> None:
    used = {type_ for use in uses_of(sandbox.catalog) for type_ in use.types}
    known = {event_type.name for event_type in sandbox.catalog} - {"webhook.ping"}
    assert used | set(others_of(sandbox.catalog)) == known


def test_another_catalog_has_its_own_types_only() -> None:
    catalog = Catalog([])
    assert uses_of(catalog) == []
    assert others_of(catalog) == []


def test_paths_are_separated_as_one_likes() -> None:
    assert paths(" a.b, c\nd a.b ") == ("a.b", "c", "d")
