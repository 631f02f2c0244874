"""Shared by the sender tests: both event loops, and scripted servers."""

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping

import pytest
from tests.sender.loops import LOOPS, LoopFactory
from tests.sender.peer import ScriptedServers, Serve


def pytest_asyncio_loop_factories(item: pytest.Function) -> Mapping[str, LoopFactory]:
    """Run modules with `BOTH_LOOPS = True` on every loop, and others on that of asyncio."""
    if getattr(item.module, "BOTH_LOOPS", False):
        return LOOPS
    return {"asyncio": asyncio.new_event_loop}


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Start servers that run a script. An exception in the script fails the test."""
    servers = ScriptedServers()
    yield servers.serve
    await servers.close()


@pytest.fixture
def closed_port() -> int:
    """A port of this machine that is not in use."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port
