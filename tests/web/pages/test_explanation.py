"""Why a signature does not hold."""

from tests.web.pages.conftest import Look

from pivotal_sandbox.sandbox.sandbox import Sandbox


async def test_the_secret_of_another_endpoint_is_named(look: Look, sandbox: Sandbox) -> None:
    import base64
    import hashlib
    import hmac

    live = await sandbox.add_endpoint("http://127.0.0.1:1/", mode="live")
    [box] = (await look("/deliveries")).all("input", name="id")
    id = box.attributes["value"]
    [attempt] = await sandbox.deliveries.attempts(id)
    body = (await sandbox.deliveries.event((await sandbox.deliveries.get(id)).event_id)).body
    timestamp = (
        dict(attempt.request_headers)["pivotal-signature"].partition("t=")[2].partition(",")[0]
    )
    mac = hmac.digest(live.secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256)
    page = await look(f"/deliveries/{id}", computed=base64.b64encode(mac).decode())
    [answer] = page.with_class("answer")
    assert f"the live endpoint {live.id}" in answer.text
    assert live.secret not in page.answer.text


async def test_what_was_not_asked_is_not_answered(look: Look) -> None:
    [box] = (await look("/deliveries")).all("input", name="id")
    page = await look(f"/deliveries/{box.attributes['value']}")
    assert page.with_class("answer") == []
