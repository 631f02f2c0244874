"""The lifespan of an ASGI app: what it does before its first request and after its last."""

import asyncio
from typing import Any

from pivotal_sandbox.errors import SandboxError
from pivotal_sandbox.sender.asgi import App, Message, Receive, Scope, Send


class Lifespan:
    """Runs an app between its startup and its shutdown; an app without these is run as it is."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._state: dict[str, Any] = {}
        self._task: asyncio.Task[None] | None = None
        self._phase = "startup"
        self._is_told = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app({**scope, "state": self._state.copy()}, receive, send)

    async def start(self) -> None:
        """Start the app up. What it raises is raised here."""
        loop = asyncio.get_running_loop()
        self._answer: asyncio.Future[Message | None] = loop.create_future()
        self._ending: asyncio.Future[Message] = loop.create_future()
        self._task = loop.create_task(self._run())
        await self._answered()

    async def stop(self) -> None:
        """Shut the app down. What it raises is raised here."""
        if self._task is not None and not self._task.done():
            self._phase = "shutdown"
            self._answer = asyncio.get_running_loop().create_future()
            self._ending.set_result({"type": "lifespan.shutdown"})
            await self._answered()
            await self._task

    async def _run(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": self._state}
        try:
            await self._app(scope, self._receive, self._send)
        except Exception:
            # An app that knows no lifespan may raise, but says nothing before it does.
            if self._phase == "shutdown" or self._answer.done():
                raise
        finally:
            if not self._answer.done():
                self._answer.set_result(None)

    async def _receive(self) -> Message:
        if not self._is_told:
            self._is_told = True
            return {"type": "lifespan.startup"}
        return await self._ending

    async def _send(self, message: Message) -> None:
        if not self._answer.done():
            self._answer.set_result(message)

    async def _answered(self) -> None:
        message = await self._answer
        if message is None or message["type"] == f"lifespan.{self._phase}.complete":
            return
        assert self._task is not None
        await self._task  # what failed is most often raised, too
        why = message.get("message", "")
        raise SandboxError(f"The app's {self._phase} failed: {why or 'it does not say why'}")
