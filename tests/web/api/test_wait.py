"""Waiting over REST: it ends when it happened, or says what was seen instead."""

import asyncio
from typing import Any

import httpx
import pytest

from pivotal_sandbox.web.server import Running


async def wait(client: httpx.AsyncClient, **wish: Any) -> httpx.Response:
    return await client.post("/api/wait", json={"type": "task.created"} | wish)


async def test_what_happened_already_counts(client: httpx.AsyncClient, running: Running) -> None:
    await client.post("/api/events", json={"type": "task.created"})
    await running.sandbox.dispatcher.settle()
    answer = await wait(client)
    assert answer.status_code == 200
    assert answer.json()["count"] == 1
    assert answer.json()["matched"][0]["event_type"] == "task.created"


async def test_it_ends_as_soon_as_enough_have_come(client: httpx.AsyncClient) -> None:
    waiting = asyncio.create_task(wait(client, count=2))
    for type in ("task.created", "task.updated", "task.created"):
        await client.post("/api/events", json={"type": type})
    answer = await waiting
    assert [delivery["event_type"] for delivery in answer.json()["matched"]] == ["task.created"] * 2


async def test_where_looks_into_the_delivery_and_the_event(client: httpx.AsyncClient) -> None:
    waiting = asyncio.create_task(
        wait(client, where={"data.title": "Second", "attempt_count": 1, "data.tags.7": None})
    )
    for title in ("First", "Second"):
        await client.post("/api/events", json={"type": "task.created", "set": {"title": title}})
    answer = await waiting
    assert answer.json()["count"] == 1


@pytest.mark.parametrize(
    ("behaviour", "status"), [([400], "failed"), ([500], "retrying"), ([{"hang": True}], "pending")]
)
async def test_any_status_can_be_waited_for(
    client: httpx.AsyncClient, behaviour: list[Any], status: str
) -> None:
    await client.put("/api/bins/demo", json={"behaviour": behaviour})
    waiting = asyncio.create_task(wait(client, status=status))
    await client.post("/api/events", json={"type": "task.created"})
    assert (await waiting).json()["matched"][0]["status"] == status


async def test_a_cancelled_delivery_is_noticed(client: httpx.AsyncClient, running: Running) -> None:
    await client.put("/api/bins/demo", json={"behaviour": [500]})
    await client.post("/api/events", json={"type": "task.created"})
    await running.sandbox.dispatcher.settle()
    waiting = asyncio.create_task(wait(client, status="cancelled"))
    await client.patch(f"/api/endpoints/{running.endpoint.id}", json={"enabled": False})
    assert (await waiting).json()["count"] == 1


async def test_a_wait_in_vain_is_a_408_with_what_was_seen(client: httpx.AsyncClient) -> None:
    await client.put("/api/bins/demo", json={"behaviour": [400]})
    await client.post("/api/events", json={"type": "task.created"})
    answer = await wait(client, timeout="200ms")
    assert answer.status_code == 408
    assert answer.headers["content-type"] == "application/problem+json"
    assert "0 of 1" in answer.json()["detail"]
    assert [delivery["event_type"] for delivery in answer.json()["seen"]] == ["task.created"]


@pytest.mark.parametrize(
    ("wish", "status", "pointer"),
    [
        ({"type": "task.creatd"}, 404, "/type"),
        ({"count": 0}, 422, "/count"),
        ({"timeout": "soon"}, 422, "/timeout"),
        ({"timeout": "1h"}, 422, "/timeout"),
        ({"status": "done"}, 422, "/status"),
    ],
)
async def test_a_wish_that_cannot_be_is_refused(
    client: httpx.AsyncClient, wish: dict[str, Any], status: int, pointer: str
) -> None:
    answer = await wait(client, **wish)
    assert answer.status_code == status
    assert answer.json()["errors"][0]["pointer"] == pointer
