"""The log over REST, and replay from it."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from pivotal_sandbox.web.server import Running

Trigger = Callable[..., Awaitable[dict[str, Any]]]
Attempted = Callable[[str], Awaitable[dict[str, Any]]]


async def test_each_filter_narrows_the_list(
    client: httpx.AsyncClient, running: Running, trigger: Trigger, attempted: Attempted
) -> None:
    await client.put("/api/bins/demo", json={"behaviour": [400]})
    triggered = await trigger(type="task.created", set={"title": "100 % æ_ready"})
    delivery = triggered["deliveries"][0]
    await attempted(delivery["id"])
    for query in (
        {"status": "failed"},
        {"event_type": "task.created"},
        {"status_code": "400"},
        {"q": "100 % æ_"},
        {"q": delivery["id"]},
        {"mode": "test", "endpoint_id": running.endpoint.id, "status": "failed"},
        {"since": "2026-01-01T00:00:00Z", "event_type": "task.created"},
        {"since": "1h", "event_type": "task.created"},
    ):
        items = (await client.get("/api/deliveries", params=query)).json()["items"]
        assert [item["id"] for item in items] == [delivery["id"]], query
    for query in (
        {"mode": "live"},
        {"q": "100_% æ"},
        {"until": "2026-01-01T00:00:00Z"},
        {"status": "cancelled"},
    ):
        items = (await client.get("/api/deliveries", params=query)).json()["items"]
        assert items == [], query


async def test_pages_follow_each_other(client: httpx.AsyncClient, trigger: Trigger) -> None:
    made = [(await trigger(type="task.created"))["deliveries"][0]["id"] for _ in "abc"]
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        query = {"limit": "2", "event_type": "task.created", **cursor}
        page = (await client.get("/api/deliveries", params=query)).json()
        seen += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert seen == made[::-1]


async def test_replay_by_ids_by_filter_and_dry(
    client: httpx.AsyncClient, trigger: Trigger, attempted: Attempted
) -> None:
    old = (await trigger(type="task.created"))["deliveries"][0]
    await attempted(old["id"])
    dry = await client.post(
        "/api/deliveries/replay",
        json={"filter": {"event_type": "task.created"}, "dry_run": True},
    )
    assert (dry.status_code, dry.json()) == (200, {"items": [], "count": 1})
    by_id = await client.post("/api/deliveries/replay", json={"ids": [old["id"]]})
    assert by_id.status_code == 202
    [new] = by_id.json()["items"]
    assert (new["replay_of"], new["event_id"]) == (old["id"], old["event_id"])
    by_filter = await client.post(
        "/api/deliveries/replay", json={"filter": {"event_type": "task.created"}}
    )
    assert by_filter.json()["count"] == 2


async def test_replaying_nothing_in_particular_is_refused(client: httpx.AsyncClient) -> None:
    bodies: tuple[dict[str, Any], ...] = ({}, {"ids": [], "filter": {}})
    for body in bodies:
        answer = await client.post("/api/deliveries/replay", json=body)
        assert answer.status_code == 422
    missing = await client.post("/api/deliveries/replay", json={"ids": ["msg_x"]})
    assert missing.status_code == 404


async def test_waiting_ends_when_the_time_is_over(
    client: httpx.AsyncClient, trigger: Trigger
) -> None:
    await client.put("/api/bins/demo", json={"behaviour": [{"hang": True}]})
    delivery = (await trigger(type="task.created"))["deliveries"][0]
    answer = await client.get(f"/api/deliveries/{delivery['id']}", params={"wait": "50ms"})
    assert answer.json()["status"] == "pending"


async def test_replay_verbatim_edited_and_at_a_rate(
    client: httpx.AsyncClient, trigger: Trigger, attempted: Attempted
) -> None:
    old = await attempted((await trigger(type="task.created"))["deliveries"][0]["id"])

    async def replayed(**how: Any) -> list[dict[str, Any]]:
        body = {"ids": [old["id"], old["id"]], **how}
        answer = await client.post("/api/deliveries/replay", json=body)
        assert answer.status_code == 202, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    first, second = await replayed(verbatim=True, rate="2/s")
    assert [first["fault"], second["fault"]] == ["verbatim", "verbatim"]
    assert second["next_attempt_at"].endswith("500Z")
    again = await attempted(first["id"])
    assert again["attempts"][0]["request"] == old["attempts"][0]["request"]
    first, second = await replayed(set={"data.title": 7}, validate=False)
    assert first["event_id"] == second["event_id"] != old["event_id"]
    edited = await attempted(first["id"])
    assert edited["fault"] == "edited"
    assert edited["event"]["body"]["data"]["title"] == 7


@pytest.mark.parametrize(
    ("how", "pointer"),
    [
        ({"rate": "5"}, "/rate"),
        ({"rate": 5}, "/rate"),
        ({"verbatim": True, "set": {"id": "x"}}, "/verbatim"),
        ({"set": {"data.title": 7}}, "/set/data/title"),
        ({"set": {"title": "x"}}, "/set/title"),
    ],
)
async def test_a_replay_that_cannot_be_is_refused_by_field(
    client: httpx.AsyncClient, trigger: Trigger, how: dict[str, Any], pointer: str
) -> None:
    old = (await trigger(type="task.created"))["deliveries"][0]["id"]
    answer = await client.post("/api/deliveries/replay", json={"ids": [old], **how})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer
    items = (await client.get("/api/deliveries", params={"event_type": "task.created"})).json()
    assert [item["id"] for item in items["items"]] == [old]


@pytest.mark.parametrize("code", ["9" * 22, "99", "600", "-1"])
async def test_a_status_code_that_no_answer_has_is_refused(
    client: httpx.AsyncClient, code: str
) -> None:
    answer = await client.get("/api/deliveries", params={"status_code": code})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/status_code"
    body = {"filter": {"status_code": int(code)}, "dry_run": True}
    assert (await client.post("/api/deliveries/replay", json=body)).status_code == 422


async def test_a_dry_run_refuses_what_the_replay_would_and_says_which_endpoint_is_gone(
    client: httpx.AsyncClient, running: Running, trigger: Trigger
) -> None:
    gone = (await client.post("/api/endpoints", json={"url": f"{running.url}/in/gone"})).json()
    triggered = await trigger(type="task.created", endpoint_id=gone["id"])
    delivery = triggered["deliveries"][0]["id"]
    asked = {"filter": {"event_type": "task.created"}}

    async def refusals() -> set[tuple[int, str, str]]:
        found = set()
        for how in ({}, {"dry_run": True}):
            answer = await client.post("/api/deliveries/replay", json={**asked, **how})
            problem = answer.json()
            found.add((answer.status_code, problem["errors"][0]["pointer"], problem["detail"]))
        return found

    await client.patch(f"/api/endpoints/{gone['id']}", json={"enabled": False})
    [(status, pointer, says)] = await refusals()
    assert (status, pointer) == (409, "/ids/0")
    assert "is disabled" in says
    await client.delete(f"/api/endpoints/{gone['id']}")
    [(status, pointer, says)] = await refusals()
    assert (status, pointer) == (409, "/ids/0")
    assert says.startswith(f"The endpoint {gone['id']} of {delivery} was deleted")


@pytest.mark.parametrize("fault", ["duplicate", "concurrent-duplicate"])
async def test_waiting_goes_on_until_the_duplicate_is_answered_too(
    client: httpx.AsyncClient, trigger: Trigger, attempted: Attempted, fault: str
) -> None:
    await client.put("/api/bins/demo", json={"behaviour": [200, {"delay": "100ms"}]})
    delivery = (await trigger(type="task.created", fault=fault))["deliveries"][0]
    found = await attempted(delivery["id"])
    assert (found["status"], found["attempt_count"]) == ("delivered", 2)
