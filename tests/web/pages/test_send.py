"""An event, edited and seen before it goes out."""

import json

import pytest
from tests.web.pages.conftest import Look

from pivotal_sandbox.sandbox.sandbox import Sandbox
from pivotal_sandbox.store.deliveries import DeliveryFilter


async def sent(sandbox: Sandbox) -> list[str]:
    await sandbox.dispatcher.settle()
    found, _ = await sandbox.deliveries.page(DeliveryFilter(), limit=500)
    return [delivery.event_type for delivery in found if delivery.event_type != "webhook.ping"]


async def test_the_catalog_and_a_field_for_each_property(look: Look, sandbox: Sandbox) -> None:
    page = await look("/send", type="task.completed")
    catalog = page.find("nav", class_="catalog").text
    for event_type in sandbox.catalog:
        assert event_type.name in catalog
    names = {tag.attributes.get("name") for tag in page.tags}
    properties = set(sandbox.catalog.get("task.completed").schema["properties"])
    assert {f"set.{name}" for name in properties - {"id", "created_at", "updated_at"}} <= names


async def test_what_will_go_out_is_shown_and_nothing_is_sent(look: Look, sandbox: Sandbox) -> None:
    query = {"type": "customer.at_risk", "set.name": "Acme", "set.health_score": "12"}
    page = await look("/send", **query)
    preview = next(tag for tag in page.tags if tag.attributes.get("id") == "preview")
    assert '"name": "Acme"' in preview.text
    assert '"health_score": 12' in preview.text
    assert "pivotal-signature" in preview.text
    assert await sent(sandbox) == []
    assert not await sandbox.records("test", "customer")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"set.health_score": "many"}, "health_score"),
        ({"set.arr": "-5"}, "arr"),
        ({"data": '{"nme": 1}'}, "nme"),
        ({"data": "{"}, "data"),
        ({"data": "[]"}, "data"),
        ({"count": "0"}, "count"),
        ({"count": "101"}, "count"),
        ({"count": "x"}, "count"),
    ],
)
async def test_what_is_wrong_is_told_at_its_field(
    look: Look, press: Look, sandbox: Sandbox, query: dict[str, str], field: str
) -> None:
    page = await look("/send", type="customer.updated", **query)
    preview = next(tag for tag in page.tags if tag.attributes.get("id") == "preview")
    assert preview.attributes["data-field"] == field
    assert [tag for tag in page.with_class("problem") if tag.text]
    await press("/send", code=422, type="customer.updated", **query)
    assert await sent(sandbox) == []


async def test_it_is_sent_and_the_result_is_beside_it(press: Look, sandbox: Sandbox) -> None:
    page = await press("/send", type="customer.at_risk", count="2", **{"set.name": "Acme"})
    assert await sent(sandbox) == ["customer.at_risk"] * 2
    assert len(page.all("li", **{"data-key": page.answer.url.params.get_list("sent")[0]})) == 1
    assert page.find("input", name="set.name").attributes["value"] == "Acme"


async def test_json_and_a_fault_go_with_it(press: Look, sandbox: Sandbox) -> None:
    page = await press(
        "/send", type="task.updated", data=json.dumps({"title": "T"}), fault="wrong-secret"
    )
    assert await sent(sandbox) == ["task.updated"]
    assert "Signed with a secret that nobody knows." in page.main


async def test_what_the_schema_forbids_goes_out_if_one_insists(
    press: Look, sandbox: Sandbox
) -> None:
    await press("/send", type="customer.updated", as_it_is="1", **{"set.health_score": "many"})
    assert await sent(sandbox) == ["customer.updated"]


async def test_a_ping_goes_to_one_endpoint(press: Look, look: Look, sandbox: Sandbox) -> None:
    [endpoint] = sandbox.endpoints.all()
    assert endpoint.id in (await look("/send", type="webhook.ping")).main
    page = await press("/send", type="webhook.ping", endpoint_id=endpoint.id)
    assert "Sent" in page.main


async def test_where_nobody_wants_it_that_is_said(press: Look, look: Look) -> None:
    page = await press("/send", type="task.updated", mode="live")
    assert "Sent to nobody: no live endpoint wants task.updated." in page.main
    assert "There is no live endpoint to send it to." in page.main


async def test_an_unknown_type_has_its_nearest(look: Look) -> None:
    page = await look("/send", code=404, type="customer.at_rsk")
    assert 'Did you mean "customer.at_risk"?' in page.main
