"""Edit and resend."""

import json

import pytest
from tests.web.pages.conftest import Look

from pivotal_sandbox.sandbox.sandbox import Sandbox
from pivotal_sandbox.store.deliveries import DeliveryFilter


@pytest.fixture
async def sent(sandbox: Sandbox) -> tuple[str, bytes]:
    """A delivery that arrived, and its body."""
    triggered = await sandbox.trigger("customer.at_risk", set={"name": "Acme"})
    await sandbox.dispatcher.settle()
    return triggered.deliveries[0].id, triggered.event.body


async def newest(sandbox: Sandbox) -> tuple[str | None, bytes, str]:
    """Return what the newest delivery carried, and its signature."""
    await sandbox.dispatcher.settle()
    [delivery], _ = await sandbox.deliveries.page(DeliveryFilter(), limit=1)
    [attempt] = await sandbox.deliveries.attempts(delivery.id)
    event = await sandbox.deliveries.event(delivery.event_id)
    signature = dict(attempt.request_headers)["pivotal-signature"]
    return delivery.replay_of, attempt.request_body or event.body, signature


async def test_an_edited_body_is_an_event_of_its_own(
    press: Look, sandbox: Sandbox, sent: tuple[str, bytes]
) -> None:
    id, body = sent
    edited = json.loads(body)
    edited["data"]["name"] = "Edited"
    page = await press(f"/deliveries/{id}/resend", how="signed", body=json.dumps(edited))
    replay_of, again, _ = await newest(sandbox)
    assert replay_of == id
    assert json.loads(again)["data"]["name"] == "Edited"
    assert json.loads(again)["id"] != edited["id"]
    assert page.answer.url.params["open"].startswith("msg_")


async def test_verbatim_repeats_bytes_and_signature(
    press: Look, sandbox: Sandbox, sent: tuple[str, bytes]
) -> None:
    id, body = sent
    [before] = await sandbox.deliveries.attempts(id)
    await press(f"/deliveries/{id}/resend", how="verbatim", body="{ignored")
    _, again, signature = await newest(sandbox)
    assert again == body
    assert signature == dict(before.request_headers)["pivotal-signature"]


async def test_an_unchanged_body_is_a_replay(
    press: Look, sandbox: Sandbox, sent: tuple[str, bytes]
) -> None:
    id, body = sent
    await press(f"/deliveries/{id}/resend", how="signed", body=body.decode())
    assert (await newest(sandbox))[1] == body


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "The body is not JSON"),
        ("[]", "The body of an event is a JSON object."),
        ("{}", 'The body lacks "id".'),
    ],
)
async def test_what_is_no_event_is_not_sent(
    press: Look, sent: tuple[str, bytes], text: str, says: str
) -> None:
    page = await press(f"/deliveries/{sent[0]}/resend", code=422, how="signed", body=text)
    assert says in page.with_class("problem")[0].text


async def test_the_schema_is_kept_unless_one_insists(
    press: Look, sandbox: Sandbox, sent: tuple[str, bytes]
) -> None:
    id, body = sent
    broken = json.loads(body)
    broken["data"]["health"] = "fine"
    fields = {"how": "signed", "body": json.dumps(broken)}
    await press(f"/deliveries/{id}/resend", code=422, **fields)
    await press(f"/deliveries/{id}/resend", as_it_is="1", **fields)
    assert json.loads((await newest(sandbox))[1])["data"]["health"] == "fine"
