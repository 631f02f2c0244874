"""Records over REST: a change answers with what it fired."""

from typing import Any

import httpx
import pytest


async def create(client: httpx.AsyncClient, object: str, **fields: Any) -> dict[str, Any]:
    answer = await client.post(f"/api/records/{object}", json={"set": fields})
    assert answer.status_code == 201, answer.text
    record: dict[str, Any] = answer.json()["record"]
    return record


def fired(answer: httpx.Response) -> list[str]:
    return [event["event"]["type"] for event in answer.json()["events"]]


async def test_a_record_is_made_shown_changed_and_deleted(client: httpx.AsyncClient) -> None:
    customer = await create(client, "customer", name="Ærø Rederi")
    path = f"/api/records/customer/{customer['id']}"
    assert (await client.get(path)).json() == customer
    changed = await client.patch(path, json={"set": {"health": "at_risk"}})
    assert fired(changed) == ["customer.updated", "customer.at_risk"]
    assert changed.json()["record"]["health"] == "at_risk"
    assert all(event["deliveries"] for event in changed.json()["events"])
    unchanged = await client.patch(path, json={"set": {"health": "at_risk"}})
    assert fired(unchanged) == []
    deleted = await client.delete(path)
    assert (fired(deleted), deleted.json()["record"]) == (["customer.deleted"], None)
    assert (await client.get(path)).status_code == 404


async def test_what_a_record_needs_is_made_with_it(client: httpx.AsyncClient) -> None:
    task = await create(client, "task", title="Kick-off")
    assert task["title"] == "Kick-off"
    onboardings = (await client.get("/api/records/onboarding")).json()["items"]
    assert task["onboarding_id"] in [onboarding["id"] for onboarding in onboardings]


async def test_modes_have_worlds_of_their_own(client: httpx.AsyncClient) -> None:
    customer = await create(client, "customer")
    live = await client.get("/api/records/customer", params={"mode": "live"})
    assert live.json()["items"] == []
    path = f"/api/records/customer/{customer['id']}"
    assert (await client.get(path, params={"mode": "live"})).status_code == 404


async def test_what_a_change_fires_may_go_to_one_endpoint_only(client: httpx.AsyncClient) -> None:
    body = {"url": "http://127.0.0.1:9/x", "event_types": ["customer.deleted"]}
    endpoint = (await client.post("/api/endpoints", json=body)).json()["id"]
    query = {"endpoint_id": endpoint}
    made = await client.post("/api/records/customer", json={}, params=query)
    path = f"/api/records/customer/{made.json()['record']['id']}"
    changed = await client.patch(path, json={"set": {"health": "at_risk"}}, params=query)
    deleted = await client.delete(path, params=query)
    for answer, count in ((made, 1), (changed, 2), (deleted, 1)):
        events = answer.json()["events"]
        reached = [d["endpoint_id"] for event in events for d in event["deliveries"]]
        assert reached == [endpoint] * count
    other = await client.post("/api/records/customer", json={}, params={**query, "mode": "live"})
    assert other.status_code == 409
    assert other.json()["errors"][0]["pointer"] == "/mode"
    unknown = await client.post("/api/records/customer", json={}, params={"endpoint_id": "ep_x"})
    assert unknown.status_code == 404


async def test_lists_are_newest_first_and_in_pages(client: httpx.AsyncClient) -> None:
    made = [(await create(client, "customer"))["id"] for _ in range(3)]
    first = (await client.get("/api/records/customer", params={"limit": 2})).json()
    rest = await client.get("/api/records/customer", params={"cursor": first["next_cursor"]})
    ids = [record["id"] for record in [*first["items"], *rest.json()["items"]]]
    assert ids == made[::-1]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "says"),
    [
        ("POST", "/api/records/custome", {}, 404, "customer"),
        ("POST", "/api/records/customer", {"set": {"helth": 1}}, 422, "health"),
        ("POST", "/api/records/customer", {"set": {"health": "bad"}}, 422, "health"),
        ("PATCH", "/api/records/customer/cus_x", {"set": {"name": "x"}}, 404, "cus_x"),
        ("DELETE", "/api/records/customer/cus_x", None, 404, "cus_x"),
        ("GET", "/api/records/customer?mode=both", None, 422, "both"),
    ],
)
async def test_a_change_that_cannot_be_is_refused(
    client: httpx.AsyncClient, method: str, path: str, body: Any, status: int, says: str
) -> None:
    answer = await client.request(method, path, json=body)
    assert answer.status_code == status
    assert says in str(answer.json())
