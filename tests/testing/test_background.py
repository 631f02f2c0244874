"""The thread that serves while a test is busy."""

import threading

import httpx
import pytest

from pivotal_sandbox.testing.background import Background


async def where() -> str:
    return threading.current_thread().name


def test_work_is_done_in_a_thread_of_its_own(background: Background) -> None:
    assert background.run(where()) == "pivotal-sandbox"


def test_what_work_raises_is_raised_to_whoever_waits_for_it(background: Background) -> None:
    async def fail() -> None:
        raise ValueError("not this")

    with pytest.raises(ValueError, match="not this"):
        background.run(fail())


def test_its_sandbox_is_started_once_and_ends_with_it() -> None:
    background = Background()
    url = background.served.url
    assert background.served.url == url
    assert httpx.get(f"{url}/healthz", verify=False).status_code == 200
    background.close()
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/healthz", verify=False)


def test_one_that_never_served_ends_too() -> None:
    before = threading.active_count()
    Background().close()
    assert threading.active_count() == before
