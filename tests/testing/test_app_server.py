"""Apps on a free port."""

import asyncio

import httpx
import pytest
from tests.testing.receivers import Answering, wsgi_app
from tests.testing.test_lifespan import App

from pivotal_sandbox.sender.asgi import Receive, Scope, Send
from pivotal_sandbox.testing.app_server import Serving, served
from pivotal_sandbox.testing.lifespan import Lifespan


async def post(url: str, body: bytes = b"{}") -> httpx.Response:
    async with httpx.AsyncClient(verify=False) as client:
        return await client.post(url, content=body)


async def test_an_app_is_served_for_a_while() -> None:
    app = Answering(202)
    async with served(app, "/hooks") as url:
        assert url.startswith("http://127.0.0.1:")
        assert url.endswith("/hooks")
        assert (await post(url)).status_code == 202
        assert app.scopes[0]["path"] == "/hooks"
    with pytest.raises(httpx.ConnectError):
        await post(url)


async def test_a_wsgi_app_is_served_too() -> None:
    async with served(wsgi_app, "/") as url:
        assert (await post(url, b"abc")).content == b"abc"


async def test_a_url_is_served_already() -> None:
    async with served("http://127.0.0.1:9/hooks", "/elsewhere") as url:
        assert url == "http://127.0.0.1:9/hooks"


@pytest.mark.parametrize("lifespan", [True, False])
async def test_the_lifespan_is_run_if_it_is_wanted(lifespan: bool) -> None:
    app = App()
    serving = Serving(app, lifespan=lifespan)
    await serving.start()
    await serving.stop()
    assert app.told == (["startup", "shutdown"] if lifespan else [])


async def test_a_request_that_hangs_is_given_up_at_the_end() -> None:
    begun = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            begun.set()
            await asyncio.Event().wait()

    serving = Serving(app, grace=0.01)
    await serving.start()
    request = asyncio.create_task(post(serving.url))
    await begun.wait()
    await serving.stop()
    with pytest.raises(httpx.TransportError):
        await request


async def test_one_that_never_started_can_be_stopped() -> None:
    serving = Serving(Lifespan(Answering()))
    await serving.stop()
    assert serving.url == ""
