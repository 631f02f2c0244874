"""The REST API as a whole: problems, and load."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from pivotal_sandbox.web.server import Running

Trigger = Callable[..., Awaitable[dict[str, Any]]]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "pointer", "says"),
    [
        ("POST", "/api/events", {"type": "customer.atrisk"}, 404, "/type", "customer.at_risk"),
        ("POST", "/api/events", {"typ": "x"}, 422, "/typ", '"type"'),
        ("POST", "/api/events", {}, 422, "/type", "missing required field"),
        ("POST", "/api/events", {"type": 7}, 422, "/type", "Expected"),
        (
            *("POST", "/api/events", {"type": "customer.updated", "set": {"arr": "x"}}),
            *(422, "/set/arr", "number"),
        ),
        (
            *("POST", "/api/events", {"type": "customer.updated", "set": {"owner.mail": "x"}}),
            *(422, "/set/owner/mail", "email"),
        ),
        (
            *("POST", "/api/events", {"type": "customer.updated", "data": {"arr": "x"}}),
            *(422, "/data/arr", "number"),
        ),
        ("POST", "/api/records/customer", {"set": {"nam": "x"}}, 422, "/set/nam", '"name"'),
        ("POST", "/api/records/custmer", {"set": {"object": 1}}, 404, "/object", "customer"),
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
    client: httpx.AsyncClient, running: Running, trigger: Trigger
) -> None:
    answers = await asyncio.gather(*(trigger(type="task.created") for _ in range(100)))
    await running.sandbox.dispatcher.settle()
    ids = {answer["event"]["id"] for answer in answers}
    query = {"bin": "demo", "limit": "500", "q": "task.created"}
    captured = (await client.get("/api/captures", params=query)).json()["items"]
    assert len(ids) == len(captured) == 100
    assert {json.loads(capture["body"])["id"] for capture in captured} == ids
