"""What tests of the API share: the two calls that nearly all of them make."""

import json
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import httpx
import pytest


@pytest.fixture
def trigger(client: httpx.AsyncClient) -> Callable[..., Awaitable[dict[str, Any]]]:
    """Trigger an event; give the event and its deliveries."""

    async def call(**body: Any) -> dict[str, Any]:
        answer = await client.post("/api/events", json=body)
        assert answer.status_code == 202, answer.text
        triggered: dict[str, Any] = answer.json()
        return triggered

    return call


@pytest.fixture
def attempted(client: httpx.AsyncClient) -> Callable[[str], Awaitable[dict[str, Any]]]:
    """Give a delivery once it was attempted."""

    async def call(delivery_id: str) -> dict[str, Any]:
        answer = await client.get(f"/api/deliveries/{delivery_id}", params={"wait": "10s"})
        delivery: dict[str, Any] = answer.json()
        return delivery

    return call


@pytest.fixture(scope="module")
def up_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A sandbox in a process of its own."""
    folder = tmp_path_factory.mktemp("up")
    ready = folder / "ready.json"
    flags = ["--port", "0", "--ephemeral", "--json", "--speed", "0", "--ready-file", str(ready)]
    process = subprocess.Popen(
        [sys.executable, "-m", "pivotal_sandbox", "up", *flags],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=folder,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline()
        yield json.loads(ready.read_text())["url"]
        assert process.poll() is None  # whatever came, it still runs
    finally:
        process.terminate()
        process.communicate(timeout=60)
