"""An async receiver and an async test in one event loop, where the app's own pool belongs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pivotal_sandbox.testing import AsyncPivotal


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    app.state.pool = asyncio.Queue[str]()  # a pool of connections, say
    yield


async def receive(request: Request) -> Response:
    await request.app.state.pool.put((await request.json())["type"])
    return Response(status_code=204)


app = Starlette(
    routes=[Route("/webhooks/pivotal", receive, methods=["POST"])],
    lifespan=lifespan,
)


async def test_a_new_contact_reaches_the_pool(apivotal: AsyncPivotal) -> None:
    await apivotal.endpoint(app)
    delivery = await apivotal.trigger("contact.created")
    assert delivery.ok
    assert [await app.state.pool.get() for _ in range(2)] == ["webhook.ping", "contact.created"]
