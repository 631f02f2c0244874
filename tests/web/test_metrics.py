"""The metrics count what happened, each thing once."""

import httpx
from prometheus_client.parser import text_string_to_metric_families

from pivotal_sandbox.web.server import Running


async def sample(client: httpx.AsyncClient, name: str, **labels: str) -> float:
    text = (await client.get("/metrics")).text
    found = [
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    ]
    return sum(found)


async def test_events_attempts_captures_and_what_is_open_are_counted(
    client: httpx.AsyncClient, running: Running
) -> None:
    steps = [{"status": 503, "delay": "1ms"}, 200]
    await client.put("/api/bins/demo", json={"behaviour": steps})
    await client.post("/api/events", json={"type": "task.created"})
    await running.sandbox.dispatcher.settle()
    events = await sample(client, "pivotal_sandbox_events_total", type="task.created", mode="test")
    assert events == 1
    attempts = "pivotal_sandbox_attempts_total"
    assert await sample(client, attempts, status="retrying", outcome="503") == 1
    assert await sample(client, attempts, status="delivered", outcome="200") == 1  # the first ping
    assert await sample(client, "pivotal_sandbox_captures_total", verified="true") == 2
    assert await sample(client, "pivotal_sandbox_open_deliveries") == 1
    assert await sample(client, "pivotal_sandbox_attempt_duration_seconds_count") == 2
    assert await sample(client, "pivotal_sandbox_attempt_duration_seconds_sum") > 0
