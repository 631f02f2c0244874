"""The apps that a sandbox reaches without a socket, each at an address of its own."""

from collections.abc import Awaitable, Callable
from typing import Any

from pivotal_sandbox.errors import InputError
from pivotal_sandbox.sender.sender import Sender
from pivotal_sandbox.testing.app_detection import asgi_app
from pivotal_sandbox.testing.lifespan import Lifespan

_HOST = "testserver"  # what Django and Starlette let pass in tests


class Mounts:
    """Gives each app a URL, and starts and stops it."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._origins: dict[tuple[int, bool], str] = {}
        self._held: list[Any] = []  # an id is unique only as long as what it names is held
        self._closers: list[Callable[[], Awaitable[None]]] = []

    async def url(self, target: Any, path: str, *, lifespan: bool, wire: bool) -> str:
        """Return where a target is reached. Raises `InputError` for what is none."""
        if isinstance(target, str):
            return target
        if not path.startswith("/"):
            raise InputError(f"The path {path!r} does not begin with a /.", pointer="/path")
        key = (id(target), wire)
        if key not in self._origins:
            add = self._served if wire else self._mounted
            self._origins[key] = await add(target, lifespan)
            self._held.append(target)
        return self._origins[key] + path

    async def close(self) -> None:
        """Shut the apps down, the last one first."""
        while self._closers:
            await self._closers.pop()()

    async def _mounted(self, target: Any, lifespan: bool) -> str:
        app = Lifespan(asgi_app(target))
        if lifespan:
            await app.start()
            self._closers.append(app.stop)
        port = f":{8000 + len(self._origins)}" if self._origins else ""
        origin = f"http://{_HOST}{port}"
        self._sender.mount(origin, app)
        return origin

    async def _served(self, target: Any, lifespan: bool) -> str:
        from pivotal_sandbox.testing.app_server import Serving

        serving = Serving(asgi_app(target, threads=True), lifespan=lifespan)
        await serving.start()
        self._closers.append(serving.stop)
        return serving.url
