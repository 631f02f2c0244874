"""Metrics over REST."""

import httpx


async def test_they_are_text_as_prometheus_reads_it(client: httpx.AsyncClient) -> None:
    answer = await client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert "# TYPE pivotal_sandbox_events_total counter" in answer.text
