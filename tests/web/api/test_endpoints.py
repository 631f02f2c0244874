"""Endpoints over REST."""

import httpx

from pivotal_sandbox.web.server import Running


async def test_adding_one_answers_with_its_secret_and_pings_it(
    client: httpx.AsyncClient, running: Running
) -> None:
    answer = await client.post(
        "/api/endpoints",
        json={
            "url": f"{running.url}/in/other",
            "mode": "live",
            "event_types": ["task.created"],
            "field_filter": ["status"],
            "description": "second",
        },
    )
    assert answer.status_code == 201
    endpoint = answer.json()
    assert endpoint["id"].startswith("ep_")
    assert endpoint["secret"].startswith("whsec_")
    assert (endpoint["mode"], endpoint["enabled"]) == ("live", True)
    deliveries = (
        await client.get("/api/deliveries", params={"endpoint_id": endpoint["id"]})
    ).json()["items"]
    assert [delivery["event_type"] for delivery in deliveries] == ["webhook.ping"]


async def test_the_secret_is_shown_for_one_and_not_in_lists(
    client: httpx.AsyncClient, running: Running
) -> None:
    endpoint = (await client.get(f"/api/endpoints/{running.endpoint.id}")).json()
    assert endpoint["secret"] == running.endpoint.secret
    listed = await client.get("/api/endpoints")
    assert running.endpoint.secret not in listed.text
    assert [item["id"] for item in listed.json()["items"]] == [running.endpoint.id]


async def test_the_list_is_newest_first_by_mode_and_in_pages(
    client: httpx.AsyncClient, running: Running
) -> None:
    ids = [running.endpoint.id]
    for mode in ("test", "live"):
        body = {"url": f"{running.url}/in/x", "mode": mode}
        ids.append((await client.post("/api/endpoints", json=body)).json()["id"])
    page = (await client.get("/api/endpoints", params={"limit": 2})).json()
    assert [item["id"] for item in page["items"]] == [ids[2], ids[1]]
    rest = (await client.get("/api/endpoints", params={"cursor": page["next_cursor"]})).json()
    assert [item["id"] for item in rest["items"]] == [ids[0]]
    assert rest["next_cursor"] is None
    live = (await client.get("/api/endpoints", params={"mode": "live"})).json()
    assert [item["id"] for item in live["items"]] == [ids[2]]


async def test_what_can_be_patched_is_patched(client: httpx.AsyncClient, running: Running) -> None:
    path = f"/api/endpoints/{running.endpoint.id}"
    changes = {"event_types": ["task.created"], "field_filter": ["status"], "enabled": False}
    answer = (await client.patch(path, json=changes)).json()
    assert {name: answer[name] for name in changes} == changes
    refused = await client.patch(path, json={"mode": "live"})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/mode"


async def test_ping_rotate_and_delete(client: httpx.AsyncClient, running: Running) -> None:
    path = f"/api/endpoints/{running.endpoint.id}"
    pinged = await client.post(f"{path}/ping")
    assert (pinged.status_code, pinged.json()["event"]["type"]) == (202, "webhook.ping")
    rotated = (await client.post(f"{path}/rotate-secret", json={"overlap": "1h"})).json()
    assert rotated["secret"] != running.endpoint.secret
    assert rotated["previous_secret_expires_at"] == "2026-01-01T01:00:00.000Z"
    assert (await client.delete(path)).status_code == 204
    assert (await client.get(path)).status_code == 404
