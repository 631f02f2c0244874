"""The clock over REST, and the health check."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from pivotal_sandbox.clock import MANUAL_START
from pivotal_sandbox.common.durations import HOUR
from pivotal_sandbox.web.server import Running

Trigger = Callable[..., Awaitable[dict[str, Any]]]
Attempted = Callable[[str], Awaitable[dict[str, Any]]]


async def test_the_sandbox_says_that_it_is_ready(client: httpx.AsyncClient) -> None:
    answer = await client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


async def test_it_is_shown_and_moved_and_says_what_happened(
    client: httpx.AsyncClient, trigger: Trigger, attempted: Attempted
) -> None:
    assert (await client.get("/api/clock")).json() == {
        "now": "2026-01-01T00:00:00.000Z",
        "mode": "manual",
        "speed": 0,
        "next_attempt_at": None,
    }
    await client.put("/api/bins/demo", json={"behaviour": [500, 200]})
    delivery = (await trigger(type="task.created"))["deliveries"][0]
    await attempted(delivery["id"])
    moved = (await client.post("/api/clock", json={"advance": "1h"})).json()
    assert moved["now"] == "2026-01-01T01:00:00.000Z"
    [attempt] = moved["attempts"]
    assert (attempt["delivery"]["id"], attempt["number"]) == (delivery["id"], 2)


async def test_speed_and_mode_are_set(client: httpx.AsyncClient, running: Running) -> None:
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
    client: httpx.AsyncClient, body: dict[str, Any]
) -> None:
    answer = await client.post("/api/clock", json=body)
    assert answer.status_code == 422
