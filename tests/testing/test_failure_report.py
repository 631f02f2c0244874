"""Deliveries as plain data."""

import json

from tests.testing.receivers import Answering

from pivotal_sandbox.testing.async_pivotal import AsyncPivotal
from pivotal_sandbox.testing.failure_report import delivery_text


async def test_a_delivery_is_shown_whole(opened: AsyncPivotal) -> None:
    await opened.endpoint(Answering(204, 503, 401, body=b"no\x1b[31m"))
    delivery = await opened.trigger("customer.created")
    await opened.advance("1m")
    data = delivery_text(delivery)
    assert json.loads(json.dumps(data)) == data
    assert (data["event"], data["status"], data["fault"]) == ("customer.created", "failed", "")
    assert delivery.id in data["ids"]
    assert delivery.event.id in data["ids"]
    first, second = data["attempts"]
    assert (first["came_back"], second["came_back"]) == ("503", "401")
    assert first["when"] == "2026-01-01 00:00:00"
    assert first["request"].startswith("POST http://testserver/webhooks/pivotal\nhost: testserver")
    assert delivery.event.body.decode() in first["request"]
    assert second["response"] == "401\n\nno\\x1b[31m"
    assert first["verdict"].startswith("Signature valid")
    assert "genuine" in second["explanation"]


async def test_a_long_body_is_cut_and_a_missing_answer_is_explained(opened: AsyncPivotal) -> None:
    await opened.endpoint("http://127.0.0.1:9/")
    delivery = await opened.trigger("customer.created", {"name": "x" * 200}, fault="large-body")
    [attempt] = delivery_text(delivery)["attempts"]
    assert attempt["request"].endswith(" bytes more)")
    assert attempt["came_back"] == "connection_refused"
    assert "Nobody listens on 127.0.0.1:9" in attempt["response"]


async def test_what_nobody_wanted_is_shown_too(opened: AsyncPivotal) -> None:
    data = delivery_text(await opened.trigger("customer.created"))
    assert (data["status"], data["attempts"], data["url"]) == ("filtered", [], "")
    assert "there is no test endpoint yet" in data["said"]
