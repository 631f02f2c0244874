"""What these tests share: a sandbox in the test's own loop, and the thread of the captures."""

from collections.abc import AsyncIterator, Iterator

import pytest

from pivotal_sandbox.testing.async_pivotal import AsyncPivotal
from pivotal_sandbox.testing.background import Background
from pivotal_sandbox.testing.options import Options


@pytest.fixture(scope="session")
def background() -> Iterator[Background]:
    """The thread."""
    background = Background()
    yield background
    background.close()


@pytest.fixture
async def opened(background: Background) -> AsyncIterator[AsyncPivotal]:
    """A sandbox that is the same in every run."""
    sandbox = AsyncPivotal(Options("a test", seed=7), lambda: background)
    yield sandbox
    await sandbox.aclose()
