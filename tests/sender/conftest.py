"""What the tests of the engine share: both event loops, and servers that do as a test says."""

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping

import pytest
from tests.sender.loops import LOOPS, LoopFactory
from tests.sender.peer import Serve, Stage


def pytest_asyncio_loop_factories(item: pytest.Function) -> Mapping[str, LoopFactory]:
    """Run the modules that say `BOTH_LOOPS = True` on every loop, and others on asyncio's own."""
    if getattr(item.module, "BOTH_LOOPS", False):
        return LOOPS
    return {"asyncio": asyncio.new_event_loop}


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Start servers that do as a script says: what it raises fails the test."""
    stage = Stage()
    yield stage.serve
    await stage.close()


@pytest.fixture
def nobody() -> int:
    """A port of this machine on which nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port
