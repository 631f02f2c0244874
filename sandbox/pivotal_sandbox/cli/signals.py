"""Ctrl-C, and SIGTERM, for commands that run an event loop: what is open is closed first."""

import asyncio
import signal
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def run_until_stopped(main: Coroutine[Any, Any, T]) -> T | None:
    """Run to the end and return what came of it; None where it was stopped before."""

    async def stoppable() -> T | None:
        task = asyncio.ensure_future(main)
        on_stop(task.cancel)
        try:
            return await task
        except asyncio.CancelledError:
            return None

    return asyncio.run(stoppable())


def on_stop(call: Callable[[], object]) -> None:
    """Have the running loop call it on Ctrl-C or SIGTERM, of which only the main thread is told."""
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, call)
