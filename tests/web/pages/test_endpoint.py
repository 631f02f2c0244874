"""One endpoint."""

import pytest
from tests.web.pages.conftest import Look

from pivotal_sandbox.sandbox.sandbox import Sandbox
from pivotal_sandbox.web.server import Running


@pytest.fixture
def path(running: Running) -> str:
    """Where the first endpoint's page is."""
    return f"/endpoints/{running.endpoint.id}"


async def test_it_shows_the_secret_and_the_last_deliveries(
    look: Look, path: str, running: Running
) -> None:
    page = await look(path)
    assert running.endpoint.secret in page.main
    assert "webhook.ping" in page.main
    assert "100% of the last 1" in page.main


async def test_a_filter_is_tried_on_the_last_events(
    look: Look, path: str, sandbox: Sandbox
) -> None:
    for set in ({"health_score": 5}, {"health_score": 6}, {"name": "Acme"}):
        await sandbox.trigger("customer.updated", set=set)
    page = await look(path, field_filter="health_score")
    assert "Would have passed 2 of the last 3 customer.updated" in page.main
    page = await look(path, field_filter="helth")
    assert 'Did you mean "health"?' in page.with_class("problem")[0].text
    assert sandbox.endpoints.all()[0].field_filter == ()


async def test_it_is_changed(press: Look, path: str, sandbox: Sandbox) -> None:
    page = await press(
        path, url="http://127.0.0.1:1/new", description="New", type="task.overdue", field_filter=""
    )
    [endpoint] = sandbox.endpoints.all()
    assert (endpoint.url, endpoint.description) == ("http://127.0.0.1:1/new", "New")
    assert endpoint.event_types == ("task.overdue",)
    assert "Saved." in page.main


async def test_a_new_secret_signs_beside_the_old_one(
    press: Look, path: str, running: Running, sandbox: Sandbox
) -> None:
    page = await press(f"{path}/act", do="rotate", overlap="1h")
    [endpoint] = sandbox.endpoints.all()
    assert endpoint.previous_secret == running.endpoint.secret
    assert endpoint.secret in page.main
    assert "The secret before it signs too, until in 1 h" in page.main
    assert "There is a new secret" in page.main


async def test_it_is_pinged_disabled_enabled_and_deleted(
    press: Look, path: str, sandbox: Sandbox
) -> None:
    await press(f"{path}/act", do="ping")
    await sandbox.dispatcher.settle()
    assert "disabled" in (await press(f"{path}/act", do="disable")).main
    assert not sandbox.endpoints.all()[0].enabled
    assert "disabled" not in (await press(f"{path}/act", do="enable")).main
    await press(f"{path}/act", do="delete")
    assert sandbox.endpoints.all() == []


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"do": "explode"}, 'Nothing is called "explode" here.'),
        ({"do": "rotate", "overlap": "x"}, "is no duration"),
    ],
)
async def test_what_is_wrong_is_said(
    press: Look, path: str, fields: dict[str, str], says: str
) -> None:
    page = await press(f"{path}/act", code=422, **fields)
    assert says in page.with_class("problem")[0].text
