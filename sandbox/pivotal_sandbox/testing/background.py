"""A thread with an event loop: what has to answer while the test itself is busy runs there."""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from contextlib import AsyncExitStack
from typing import Any, TypeVar

from pivotal_sandbox.web.server import Running, Settings, serve

T = TypeVar("T")

_GRACE = 0.05  # seconds: what a test leaves hanging at its end is not waited for


class Background:
    """The loop of a session, and the sandbox that serves from it."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="pivotal-sandbox")
        self._thread.daemon = True  # a test that hangs must be able to end the process
        self._thread.start()
        self._stack = AsyncExitStack()
        self._running: Running | None = None

    def submit(self, work: Coroutine[Any, Any, T]) -> "Future[T]":
        """Begin some work in the thread's loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do some work in the thread's loop, and wait for it."""
        return self.submit(work).result()

    @property
    def served(self) -> Running:
        """The sandbox that `up` would run, on a free port; started when it is first asked for."""
        if self._running is None:
            settings = Settings(port=0, grace_s=_GRACE)
            self._running = self.run(self._stack.enter_async_context(serve(settings)))
        return self._running

    def close(self) -> None:
        """Stop all of it."""
        self.run(self._stack.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
