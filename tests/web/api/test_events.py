"""Events over REST: kept, sent, verified, logged."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from pivotal_sandbox.faults.registry import FAULTS
from pivotal_sandbox.web.server import Running

Trigger = Callable[..., Awaitable[dict[str, Any]]]
Attempted = Callable[[str], Awaitable[dict[str, Any]]]

DELIVERY_KEYS = {
    *("id", "event_id", "event_type", "endpoint_id", "mode", "url", "status", "attempt_count"),
    *("created_at", "next_attempt_at", "first_failed_at", "completed_at", "replay_of", "fault"),
    *("last_status_code", "last_duration_ms"),
}
ATTEMPT_KEYS = {
    *("number", "started_at", "duration_ms", "connect_ms", "tls_ms", "first_byte_ms"),
    *("status_code", "error", "detail", "request", "response"),
}


async def test_an_event_is_kept_sent_verified_and_logged(
    client: httpx.AsyncClient, running: Running, trigger: Trigger, attempted: Attempted
) -> None:
    triggered = await trigger(type="customer.at_risk")
    [delivery] = triggered["deliveries"]
    assert set(delivery) == DELIVERY_KEYS
    assert delivery["status"] == "pending"
    detail = await attempted(delivery["id"])
    assert detail["status"] == "delivered"
    assert detail["event"] == triggered["event"]
    [attempt] = detail["attempts"]
    assert set(attempt) == ATTEMPT_KEYS
    assert (attempt["number"], attempt["status_code"], attempt["error"]) == (1, 200, None)
    assert attempt["response"]["truncated"] is False
    [capture] = (await client.get("/api/captures", params={"q": delivery["id"]})).json()["items"]
    assert capture["verified"] is True
    assert json.loads(capture["body"]) == triggered["event"]["body"]


async def test_set_and_data_edit_the_record_first(trigger: Trigger) -> None:
    triggered = await trigger(
        type="customer.updated", set={"name": "Ærø"}, data={"health_score": 3}
    )
    data = triggered["event"]["body"]["data"]
    assert (data["name"], data["health_score"]) == ("Ærø", 3)


async def test_without_validation_anything_goes(
    client: httpx.AsyncClient, trigger: Trigger
) -> None:
    refused = await client.post(
        "/api/events", json={"type": "customer.updated", "set": {"name": 7}}
    )
    assert refused.status_code == 422
    assert "name" in refused.json()["errors"][0]["pointer"]
    triggered = await trigger(type="customer.updated", set={"name": 7}, validate=False)
    assert triggered["event"]["body"]["data"]["name"] == 7


async def test_one_endpoint_can_be_named(
    client: httpx.AsyncClient, running: Running, trigger: Trigger
) -> None:
    body = {"url": f"{running.url}/in/x", "event_types": ["task.created"]}
    other = (await client.post("/api/endpoints", json=body)).json()["id"]
    triggered = await trigger(type="customer.created", endpoint_id=other)
    assert [d["endpoint_id"] for d in triggered["deliveries"]] == [other]


async def test_a_fault_spoils_what_is_sent_and_is_named_in_the_log(
    client: httpx.AsyncClient, trigger: Trigger, attempted: Attempted
) -> None:
    triggered = await trigger(type="customer.at_risk", fault="tampered-body")
    detail = await attempted(triggered["deliveries"][0]["id"])
    assert detail["fault"] == "tampered-body"
    request = detail["attempts"][0]["request"]
    [capture] = (await client.get("/api/captures", params={"q": detail["id"]})).json()["items"]
    assert (request["body"], request["body_encoding"]) == (capture["body"], "utf-8")
    assert json.loads(request["body"]) != detail["event"]["body"]
    assert capture["reason"] == "no_match"


async def test_what_was_not_changed_on_the_wire_is_not_shown_twice(
    trigger: Trigger, attempted: Attempted
) -> None:
    triggered = await trigger(type="customer.at_risk", fault="no-signature")
    detail = await attempted(triggered["deliveries"][0]["id"])
    request = detail["attempts"][0]["request"]
    assert (request["body"], request["body_encoding"]) == (None, None)
    assert triggered["event"]["body_encoding"] == "json"


async def test_a_burst_answers_with_the_last_event_and_all_deliveries(trigger: Trigger) -> None:
    triggered = await trigger(type="task.created", fault="burst")
    events = [delivery["event_id"] for delivery in triggered["deliveries"]]
    assert len(set(events)) == 20
    assert triggered["event"]["id"] == events[-1]


async def test_an_unknown_fault_is_refused_with_the_nearest(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/events", json={"type": "task.created", "fault": "duplicates"})
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert error["pointer"] == "/fault"
    assert 'Did you mean "duplicate"?' in error["message"]


async def test_all_faults_are_listed_with_what_is_right(client: httpx.AsyncClient) -> None:
    answer = (await client.get("/api/faults")).json()
    assert answer["next_cursor"] is None
    assert len(answer["items"]) == len(FAULTS)
    assert answer["items"][0] == {
        "name": "no-signature",
        "group": "signature",
        "help": "No pivotal-signature header.",
        "answer": "401, and nothing is done",
        "valid": False,
        "every": True,
    }
