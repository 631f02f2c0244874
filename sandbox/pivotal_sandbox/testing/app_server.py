"""An app on a free port of the loopback address."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from pivotal_sandbox.sender.asgi import App
from pivotal_sandbox.testing.app_detection import asgi_app
from pivotal_sandbox.testing.lifespan import Lifespan

_GRACE = 1.0  # seconds for requests that are under way


class Serving:
    """Serves one ASGI app from the running loop: up and down in a millisecond."""

    def __init__(self, app: App, *, lifespan: bool = True, grace: float = _GRACE) -> None:
        self._lifespan = Lifespan(app)
        self._starts = lifespan
        self._grace = grace
        self._state = ServerState()
        self._server: asyncio.Server | None = None
        self.url = ""

    async def start(self) -> None:
        """Start the app up, and listen."""
        if self._starts:
            await self._lifespan.start()
        config = Config(
            self._lifespan,
            http=HttpToolsProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
        )
        config.load()
        # asyncio sends small parts at once only on sockets that say that they are TCP.
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        sock.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{sock.getsockname()[1]}"
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: HttpToolsProtocol(config, self._state, {}), sock=sock
        )

    async def stop(self) -> None:
        """Stop listening, end the connections, and shut the app down."""
        if self._server is not None:
            self._server.close()
        for connection in list(self._state.connections):
            connection.shutdown()
        if self._state.tasks:
            await asyncio.wait(list(self._state.tasks), timeout=self._grace)
        for connection in list(self._state.connections):
            connection.transport.abort()
        for task in list(self._state.tasks):
            task.cancel()
        await asyncio.gather(*self._state.tasks, return_exceptions=True)
        await self._lifespan.stop()


@asynccontextmanager
async def served(target: Any, path: str) -> AsyncIterator[str]:
    """Serve a target at `path` for a while, and yield its URL; a URL is served already."""
    if isinstance(target, str):
        yield target
        return
    serving = Serving(asgi_app(target, threads=True))
    await serving.start()
    try:
        yield serving.url + path
    finally:
        await serving.stop()
