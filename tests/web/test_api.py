"""The REST API, over real sockets, as the contract has it."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from pivotal_sandbox.clock import MANUAL_START
from pivotal_sandbox.core.duration import HOUR
from pivotal_sandbox.web.server import Running

DELIVERY_KEYS = {
    *("id", "event_id", "event_type", "endpoint_id", "mode", "url", "status", "attempt_count"),
    *("created_at", "next_attempt_at", "first_failed_at", "completed_at", "replay_of", "fault"),
    *("last_status_code", "last_duration_ms"),
}
ATTEMPT_KEYS = {
    *("number", "started_at", "duration_ms", "connect_ms", "tls_ms", "first_byte_ms"),
    *("status_code", "error", "detail", "request", "response"),
}


async def trigger(client: httpx.AsyncClient, **body: Any) -> dict[str, Any]:
    answer = await client.post("/api/events", json=body)
    assert answer.status_code == 202, answer.text
    triggered: dict[str, Any] = answer.json()
    return triggered


async def attempted(client: httpx.AsyncClient, delivery_id: str) -> dict[str, Any]:
    answer = await client.get(f"/api/deliveries/{delivery_id}", params={"wait": "10s"})
    delivery: dict[str, Any] = answer.json()
    return delivery


async def test_the_sandbox_says_that_it_is_ready(client: httpx.AsyncClient) -> None:
    answer = await client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


class TestEndpoints:
    async def test_adding_one_answers_with_its_secret_and_pings_it(
        self, client: httpx.AsyncClient, running: Running
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
        self, client: httpx.AsyncClient, running: Running
    ) -> None:
        one = (await client.get(f"/api/endpoints/{running.endpoint.id}")).json()
        assert one["secret"] == running.endpoint.secret
        listed = await client.get("/api/endpoints")
        assert running.endpoint.secret not in listed.text
        assert [item["id"] for item in listed.json()["items"]] == [running.endpoint.id]

    async def test_the_list_is_newest_first_by_mode_and_in_pages(
        self, client: httpx.AsyncClient, running: Running
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

    async def test_what_can_be_patched_is_patched(
        self, client: httpx.AsyncClient, running: Running
    ) -> None:
        path = f"/api/endpoints/{running.endpoint.id}"
        changes = {"event_types": ["task.created"], "field_filter": ["status"], "enabled": False}
        answer = (await client.patch(path, json=changes)).json()
        assert {name: answer[name] for name in changes} == changes
        refused = await client.patch(path, json={"mode": "live"})
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["pointer"] == "/mode"

    async def test_ping_rotate_and_delete(
        self, client: httpx.AsyncClient, running: Running
    ) -> None:
        path = f"/api/endpoints/{running.endpoint.id}"
        pinged = await client.post(f"{path}/ping")
        assert (pinged.status_code, pinged.json()["event"]["type"]) == (202, "webhook.ping")
        rotated = (await client.post(f"{path}/rotate-secret", json={"overlap": "1h"})).json()
        assert rotated["secret"] != running.endpoint.secret
        assert rotated["previous_secret_expires_at"] == "2026-01-01T01:00:00.000Z"
        assert (await client.delete(path)).status_code == 204
        assert (await client.get(path)).status_code == 404


class TestEvents:
    async def test_an_event_is_kept_sent_verified_and_logged(
        self, client: httpx.AsyncClient, running: Running
    ) -> None:
        triggered = await trigger(client, type="customer.at_risk")
        [delivery] = triggered["deliveries"]
        assert set(delivery) == DELIVERY_KEYS
        assert delivery["status"] == "pending"
        detail = await attempted(client, delivery["id"])
        assert detail["status"] == "delivered"
        assert detail["event"] == triggered["event"]
        [attempt] = detail["attempts"]
        assert set(attempt) == ATTEMPT_KEYS
        assert (attempt["number"], attempt["status_code"], attempt["error"]) == (1, 200, None)
        assert attempt["response"]["truncated"] is False
        [capture] = (await client.get("/api/captures", params={"q": delivery["id"]})).json()[
            "items"
        ]
        assert capture["verified"] is True
        assert json.loads(capture["body"]) == triggered["event"]["body"]

    async def test_set_and_data_edit_the_record_first(self, client: httpx.AsyncClient) -> None:
        triggered = await trigger(
            client, type="customer.updated", set={"name": "Ærø"}, data={"health_score": 3}
        )
        data = triggered["event"]["body"]["data"]
        assert (data["name"], data["health_score"]) == ("Ærø", 3)

    async def test_without_validation_anything_goes(self, client: httpx.AsyncClient) -> None:
        refused = await client.post(
            "/api/events", json={"type": "customer.updated", "set": {"name": 7}}
        )
        assert refused.status_code == 422
        assert "name" in refused.json()["errors"][0]["pointer"]
        triggered = await trigger(client, type="customer.updated", set={"name": 7}, validate=False)
        assert triggered["event"]["body"]["data"]["name"] == 7

    async def test_one_endpoint_can_be_named(
        self, client: httpx.AsyncClient, running: Running
    ) -> None:
        body = {"url": f"{running.url}/in/x", "event_types": ["task.created"]}
        other = (await client.post("/api/endpoints", json=body)).json()["id"]
        triggered = await trigger(client, type="customer.created", endpoint_id=other)
        assert [d["endpoint_id"] for d in triggered["deliveries"]] == [other]


class TestDeliveries:
    async def test_each_filter_narrows_the_list(
        self, client: httpx.AsyncClient, running: Running
    ) -> None:
        await client.put("/api/bins/demo", json={"behaviour": [400]})
        triggered = await trigger(client, type="task.created", set={"title": "100 % æ_ready"})
        delivery = triggered["deliveries"][0]
        await attempted(client, delivery["id"])
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

    async def test_pages_follow_each_other(self, client: httpx.AsyncClient) -> None:
        made = [(await trigger(client, type="task.created"))["deliveries"][0]["id"] for _ in "abc"]
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

    async def test_replay_by_ids_by_filter_and_dry(self, client: httpx.AsyncClient) -> None:
        old = (await trigger(client, type="task.created"))["deliveries"][0]
        await attempted(client, old["id"])
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

    async def test_replaying_nothing_in_particular_is_refused(
        self, client: httpx.AsyncClient
    ) -> None:
        bodies: tuple[dict[str, Any], ...] = ({}, {"ids": [], "filter": {}})
        for body in bodies:
            answer = await client.post("/api/deliveries/replay", json=body)
            assert answer.status_code == 422
        missing = await client.post("/api/deliveries/replay", json={"ids": ["msg_x"]})
        assert missing.status_code == 404

    async def test_waiting_ends_when_the_time_is_over(self, client: httpx.AsyncClient) -> None:
        await client.put("/api/bins/demo", json={"behaviour": [{"hang": True}]})
        delivery = (await trigger(client, type="task.created"))["deliveries"][0]
        answer = await client.get(f"/api/deliveries/{delivery['id']}", params={"wait": "50ms"})
        assert answer.json()["status"] == "pending"


class TestCaptures:
    async def test_one_is_shown_and_deleted(self, client: httpx.AsyncClient) -> None:
        await client.post("/in/mine", content=b"hello")
        [capture] = (await client.get("/api/captures", params={"bin": "mine"})).json()["items"]
        path = f"/api/captures/{capture['id']}"
        assert (await client.get(path)).json() == capture
        assert (await client.delete(path)).status_code == 204
        assert (await client.get(path)).status_code == 404
        assert (await client.delete(path)).status_code == 404

    async def test_filters_and_clearing(self, client: httpx.AsyncClient) -> None:
        for bin in ("one", "two"):
            await client.post(f"/in/{bin}?x=1", content=b"in the body", headers={"x-h": "in head"})
        for q in ("in the body", "in head", "/in/two", "x=1"):
            query = {"q": q, "bin": "two"}
            items = (await client.get("/api/captures", params=query)).json()["items"]
            assert [item["bin"] for item in items] == ["two"]
        verified = (await client.get("/api/captures", params={"verified": "true"})).json()
        assert [item["bin"] for item in verified["items"]] == ["demo"]  # the first ping
        cleared = await client.delete("/api/captures", params={"bin": "one"})
        assert cleared.json() == {"deleted": 1}
        left = (await client.get("/api/captures")).json()["items"]
        assert {item["bin"] for item in left} == {"two", "demo"}


class TestBins:
    async def test_a_behaviour_is_shown_as_it_was_understood(
        self, client: httpx.AsyncClient, running: Running
    ) -> None:
        assert (await client.get("/api/bins/new")).json() == {
            "name": "new",
            "url": f"{running.url}/in/new",
            "behaviour": [{"status": 200, "delay": "0s", "headers": {}, "body": ""}],
            "forward_to": None,
            "secret": None,
        }
        steps = [503, {"delay": "2s", "status": 201}, {"hang": True}, {"reset": True}]
        answer = await client.put(
            "/api/bins/new", json={"behaviour": steps, "forward_to": "http://127.0.0.1:1/x"}
        )
        assert answer.json()["behaviour"] == [
            {"status": 503, "delay": "0s", "headers": {}, "body": ""},
            {"status": 201, "delay": "2s", "headers": {}, "body": ""},
            {"hang": True},
            {"reset": True},
        ]
        assert (await client.get("/api/bins/new")).json() == answer.json()

    @pytest.mark.parametrize(
        ("body", "pointer"),
        [
            ({"behaviour": []}, "/behaviour"),
            ({"behaviour": [{"status": 99}]}, "/behaviour/0/status"),
            ({"behaviour": [{"stauts": 200}]}, "/behaviour/0/stauts"),
            ({"forward_to": "nowhere"}, "/forward_to"),
            ({"secret": ""}, "/secret"),
        ],
    )
    async def test_a_bin_that_cannot_be_is_refused_and_stays_as_it_was(
        self, client: httpx.AsyncClient, body: dict[str, Any], pointer: str
    ) -> None:
        before = (await client.get("/api/bins/demo")).json()
        answer = await client.put("/api/bins/demo", json=body)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == pointer
        assert (await client.get("/api/bins/demo")).json() == before


class TestClock:
    async def test_it_is_shown_and_moved_and_says_what_happened(
        self, client: httpx.AsyncClient
    ) -> None:
        assert (await client.get("/api/clock")).json() == {
            "now": "2026-01-01T00:00:00.000Z",
            "mode": "manual",
            "speed": 0,
            "next_attempt_at": None,
        }
        await client.put("/api/bins/demo", json={"behaviour": [500, 200]})
        delivery = (await trigger(client, type="task.created"))["deliveries"][0]
        await attempted(client, delivery["id"])
        moved = (await client.post("/api/clock", json={"advance": "1h"})).json()
        assert moved["now"] == "2026-01-01T01:00:00.000Z"
        [attempt] = moved["attempts"]
        assert (attempt["delivery"]["id"], attempt["number"]) == (delivery["id"], 2)

    async def test_speed_and_mode_are_set(
        self, client: httpx.AsyncClient, running: Running
    ) -> None:
        fast = (await client.post("/api/clock", json={"speed": 100000})).json()
        assert (fast["mode"], fast["speed"]) == ("system", 100000)
        while running.sandbox.clock.now() < MANUAL_START + HOUR:
            await client.get("/healthz")
        still = (await client.post("/api/clock", json={"mode": "manual"})).json()
        assert (still["mode"], still["speed"]) == ("manual", 0)
        real = (await client.post("/api/clock", json={"mode": "system"})).json()
        assert (real["mode"], real["speed"]) == ("system", 1)

    @pytest.mark.parametrize(
        "body",
        [{}, {"advance": "1h", "speed": 2}, {"advance": "soon"}, {"speed": -1}, {"mode": "slow"}],
    )
    async def test_a_change_that_is_none_is_refused(
        self, client: httpx.AsyncClient, body: dict[str, Any]
    ) -> None:
        answer = await client.post("/api/clock", json=body)
        assert answer.status_code == 422


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "pointer", "says"),
    [
        ("POST", "/api/events", {"type": "customer.atrisk"}, 404, "/type", "customer.at_risk"),
        ("POST", "/api/events", {"typ": "x"}, 422, "/typ", '"type"'),
        ("POST", "/api/events", {}, 422, "/type", "missing required field"),
        ("POST", "/api/events", {"type": 7}, 422, "/type", "Expected"),
        ("POST", "/api/events", b"{", 422, "", "not JSON"),
        ("POST", "/api/events", b"\xff", 422, "", "not JSON"),
        ("POST", "/api/endpoints", {"url": "ftp://x"}, 422, "/url", "http or https"),
        ("GET", "/api/deliveries?limit=0", None, 422, "/limit", "1 to 500"),
        ("GET", "/api/deliveries?limit=many", None, 422, "/limit", "int"),
        ("GET", "/api/deliveries?limits=5", None, 422, "/limits", '"limit"'),
        ("GET", "/api/deliveries?status=done", None, 422, "/status", "done"),
        ("GET", "/api/deliveries?status=failed&status=failed", None, 422, "/status", "twice"),
        ("GET", "/api/deliveries?cursor=x", None, 422, "/cursor", "cursor"),
        ("GET", "/api/deliveries?since=noon", None, 422, "/since", "duration"),
        ("GET", "/api/deliveries/msg_x", None, 404, None, "msg_x"),
        ("GET", "/api/captures/cap_x", None, 404, None, "cap_x"),
        ("GET", "/api/endpoints/ep_x", None, 404, None, "ep_x"),
        ("GET", "/api/bins/a.b", None, 404, "/bin", "letters"),
        ("GET", "/api/nothing", None, 404, None, "/api/nothing"),
        ("DELETE", "/api/events", None, 405, None, "DELETE"),
    ],
)
async def test_bad_input_is_a_problem_that_names_the_field(
    client: httpx.AsyncClient,
    method: str,
    path: str,
    body: Any,
    status: int,
    pointer: str | None,
    says: str,
) -> None:
    content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    answer = await client.request(method, path, content=content)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert {"type", "title", "status", "detail"} <= set(problem)
    assert problem["status"] == status
    assert says in problem["detail"]
    if pointer is not None:
        assert problem["errors"] == [{"pointer": pointer, "message": problem["detail"]}]


async def test_a_hundred_triggers_at_once_are_all_delivered_once(
    client: httpx.AsyncClient, running: Running
) -> None:
    answers = await asyncio.gather(*(trigger(client, type="task.created") for _ in range(100)))
    await running.sandbox.dispatcher.settle()
    ids = {answer["event"]["id"] for answer in answers}
    query = {"bin": "demo", "limit": "500", "q": "task.created"}
    captured = (await client.get("/api/captures", params=query)).json()["items"]
    assert len(ids) == len(captured) == 100
    assert {json.loads(capture["body"])["id"] for capture in captured} == ids
