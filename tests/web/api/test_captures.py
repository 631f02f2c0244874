"""Captures and bins over REST."""

from typing import Any

import httpx
import pytest

from pivotal_sandbox.clock import wall_time
from pivotal_sandbox.signature import sign
from pivotal_sandbox.web.server import Running


async def test_one_is_shown_and_deleted(client: httpx.AsyncClient) -> None:
    await client.post("/in/mine", content=b"hello")
    [capture] = (await client.get("/api/captures", params={"bin": "mine"})).json()["items"]
    path = f"/api/captures/{capture['id']}"
    assert (await client.get(path)).json() == capture
    assert (await client.delete(path)).status_code == 204
    assert (await client.get(path)).status_code == 404
    assert (await client.delete(path)).status_code == 404


async def test_filters_and_clearing(client: httpx.AsyncClient) -> None:
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


async def test_what_another_endpoint_s_secret_signed_is_told_by_its_verdict(
    client: httpx.AsyncClient, running: Running
) -> None:
    live = await running.sandbox.add_endpoint("http://127.0.0.1:1/", mode="live")
    header = sign(b"{}", live.secret, timestamp=int(wall_time()))
    await client.post("/in/demo", content=b"{}", headers={"pivotal-signature": header})
    [capture] = (await client.get("/api/captures", params={"verified": "false"})).json()["items"]
    assert capture["reason"] == "no_match"
    assert f"keyed with the secret of the live endpoint {live.id}." in capture["verdict"]


async def test_a_behaviour_is_shown_as_it_was_understood(
    client: httpx.AsyncClient, running: Running
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
    client: httpx.AsyncClient, body: dict[str, Any], pointer: str
) -> None:
    before = (await client.get("/api/bins/demo")).json()
    answer = await client.put("/api/bins/demo", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert (await client.get("/api/bins/demo")).json() == before
