"""What tests of the API share: the two calls that nearly all of them make."""

from collections.abc import Awaitable, Callable
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
