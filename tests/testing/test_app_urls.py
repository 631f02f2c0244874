"""Apps that are reached without a socket."""

from typing import Any

import pytest
from tests.testing.receivers import Answering
from tests.testing.test_lifespan import App

from pivotal_sandbox.errors import InputError
from pivotal_sandbox.sender.egress import AddressGuard
from pivotal_sandbox.sender.sender import Sender
from pivotal_sandbox.testing.app_urls import Mounts


async def url_of(mounts: Mounts, target: Any, path: str = "/hooks", **options: bool) -> str:
    return await mounts.url(target, path, **{"lifespan": True, "wire": False} | options)


async def test_each_app_has_an_address_and_keeps_it() -> None:
    mounts = Mounts(Sender(guard=AddressGuard()))
    first, second = Answering(), Answering()
    assert await url_of(mounts, first) == "http://testserver/hooks"
    assert await url_of(mounts, second) == "http://testserver:8001/hooks"
    assert await url_of(mounts, first, "/other") == "http://testserver/other"
    assert await url_of(mounts, "http://127.0.0.1:8000/x") == "http://127.0.0.1:8000/x"
    await mounts.close()


@pytest.mark.parametrize("wire", [True, False])
@pytest.mark.parametrize("lifespan", [True, False])
async def test_an_app_lives_as_long_as_its_mount(lifespan: bool, wire: bool) -> None:
    mounts, app = Mounts(Sender(guard=AddressGuard())), App()
    await url_of(mounts, app, lifespan=lifespan, wire=wire)
    assert app.told == (["startup"] if lifespan else [])
    await mounts.close()
    assert app.told == (["startup", "shutdown"] if lifespan else [])


async def test_over_the_wire_it_has_another_address() -> None:
    mounts, app = Mounts(Sender(guard=AddressGuard())), Answering()
    assert await url_of(mounts, app) == "http://testserver/hooks"
    assert (await url_of(mounts, app, wire=True)).startswith("http://127.0.0.1:")
    await mounts.close()


async def test_a_path_that_is_none_is_refused() -> None:
    with pytest.raises(InputError, match="The path 'hooks' does not begin with a /"):
        await url_of(Mounts(Sender(guard=AddressGuard())), Answering(), "hooks")
