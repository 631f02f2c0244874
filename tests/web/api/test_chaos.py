"""Chaos over REST: shown, set, refused, and at work."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from pivotal_sandbox.common.durations import HOUR
from pivotal_sandbox.feed import Activity, ChaosChanged
from pivotal_sandbox.sandbox.sandbox import Sandbox
from pivotal_sandbox.web.server import Settings, serve

Trigger = Callable[..., Awaitable[dict[str, Any]]]
Attempted = Callable[[str], Awaitable[dict[str, Any]]]


async def test_nothing_goes_wrong_until_it_is_asked_for(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/chaos")).json() == {"spec": "", "rules": []}


async def test_what_is_set_is_shown_until_it_is_ended(
    client: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    told: list[Activity] = []
    sandbox.feed.subscribe(told.append)
    spec = "5xx=10%,delay=200ms..2s,duplicate=5%"
    answer = await client.put("/api/chaos", json={"spec": spec})
    assert answer.status_code == 200
    assert answer.json() == (await client.get("/api/chaos")).json()
    assert answer.json()["spec"] == spec
    rules = [{k: v for k, v in rule.items() if k != "help"} for rule in answer.json()["rules"]]
    assert rules == [
        {"name": "5xx", "rate": 0.1, "from_ms": None, "to_ms": None},
        {"name": "delay", "rate": 1.0, "from_ms": 200, "to_ms": 2000},
        {"name": "duplicate", "rate": 0.05, "from_ms": None, "to_ms": None},
    ]
    assert (await client.put("/api/chaos", json={"spec": ""})).json() == {"spec": "", "rules": []}
    assert told == [ChaosChanged(spec), ChaosChanged("")]


@pytest.mark.parametrize(
    ("body", "pointer", "says"),
    [
        ({"spec": "5xx=80%,timeout=30%"}, "/spec", "110 % together"),
        ({"spec": "duplicat=5%"}, "/spec", 'Did you mean "duplicate"'),
        ({"spec": 5}, "/spec", "str"),
        ({}, "/spec", "spec"),
        ({"rules": []}, "/rules", "rules"),
    ],
)
async def test_what_is_wrong_is_refused_and_what_was_stays(
    client: httpx.AsyncClient, body: dict[str, Any], pointer: str, says: str
) -> None:
    await client.put("/api/chaos", json={"spec": "timeout=1%"})
    answer = await client.put("/api/chaos", json=body)
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert says in answer.json()["detail"] + error["message"]
    assert error["pointer"] in (pointer, "")
    assert (await client.get("/api/chaos")).json()["spec"] == "timeout=1%"


async def test_a_gateway_s_answer_is_in_the_log_and_is_retried(
    client: httpx.AsyncClient, trigger: Trigger, attempted: Attempted, sandbox: Sandbox
) -> None:
    await client.put("/api/chaos", json={"spec": "5xx=100%"})
    delivery = await attempted((await trigger(type="task.created"))["deliveries"][0]["id"])
    [attempt] = delivery["attempts"]
    assert delivery["status"] == "retrying"
    assert attempt["status_code"] in (502, 503)
    assert "the receiver answered 200" in attempt["response"]["body"]
    captured = (await client.get("/api/captures", params={"q": delivery["id"]})).json()["items"]
    assert len(captured) == 1
    await client.put("/api/chaos", json={"spec": ""})
    await sandbox.advance(HOUR)
    assert (await sandbox.deliveries.get(delivery["id"])).status == "delivered"


async def test_a_fault_by_chance_is_named_in_the_log(
    client: httpx.AsyncClient, trigger: Trigger, attempted: Attempted
) -> None:
    await client.put("/api/chaos", json={"spec": "no-signature=100%"})
    delivery = await attempted((await trigger(type="task.created"))["deliveries"][0]["id"])
    assert delivery["fault"] == "no-signature"
    await client.put("/api/chaos", json={"spec": "empty-body=100%"})
    triggered = await trigger(type="task.created")
    assert triggered["deliveries"][0]["fault"] == "empty-body"
    assert (triggered["event"]["body"], triggered["event"]["body_encoding"]) == ("", "utf-8")


async def test_it_may_be_there_from_the_start() -> None:
    settings = Settings(port=0, speed=0, seed=7, chaos="stale-timestamp=100%", grace_s=0.05)
    async with serve(settings) as running:
        await running.sandbox.dispatcher.settle()
        assert running.sandbox.fault_injector.chaos is not None
        assert running.sandbox.fault_injector.chaos.spec == "stale-timestamp=100%"
