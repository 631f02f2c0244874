"""Which requests go to the capture receiver, and which to the API."""

import httpx

from pivotal_sandbox.sandbox.sandbox import Sandbox
from pivotal_sandbox.web.app import create_app
from pivotal_sandbox.web.sse import Stream


async def test_what_is_below_in_is_captured_and_all_else_is_the_api() -> None:
    async with Sandbox() as sandbox:
        transport = httpx.ASGITransport(app=create_app(sandbox, Stream(sandbox.feed)))
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            assert (await client.post("/in/a/b")).content == b""
            assert (await client.get("/healthz")).json() == {"status": "ok"}
            assert (await client.get("/in")).status_code == 404
            listed = (await client.get("/api/captures")).json()["items"]
    assert [capture["path"] for capture in listed] == ["/in/a/b"]
