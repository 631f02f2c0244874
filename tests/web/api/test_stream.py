"""The stream over REST: it resumes by the header that browsers send."""

import asyncio

import httpx


async def test_last_event_id_resumes(client: httpx.AsyncClient) -> None:
    async with client.stream("GET", "/api/stream") as answer:
        frames = answer.aiter_text()
        await anext(frames)
        await client.post("/in/a")
        first = await asyncio.wait_for(anext(frames), 10)
    id = first.split("id: ")[1].split("\n")[0]
    await client.post("/in/b")
    async with client.stream("GET", "/api/stream", headers={"last-event-id": id}) as answer:
        text = ""
        async for part in answer.aiter_text():
            text += part
            if "/in/b" in text:
                break
    assert "/in/a" not in text
