"""An app's startup and shutdown."""

import pytest

from pivotal_sandbox.errors import SandboxError
from pivotal_sandbox.sender.asgi import Receive, Scope, Send
from pivotal_sandbox.testing.lifespan import Lifespan


class App:
    """Notes what it is told; it fails in the phase `fails`, and raises then if it `raises`."""

    def __init__(self, fails: str = "", *, raises: bool = False) -> None:
        self.fails = fails
        self.raises = raises
        self.told: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        for phase in ("startup", "shutdown"):
            message = await receive()
            assert message["type"] == f"lifespan.{phase}"
            self.told.append(phase)
            scope["state"]["phase"] = phase
            if self.fails == phase:
                await send({"type": f"lifespan.{phase}.failed", "message": "no database"})
                if self.raises:
                    raise ConnectionError("no database")
                return
            await send({"type": f"lifespan.{phase}.complete"})


async def test_an_app_is_started_and_stopped() -> None:
    app = App()
    lifespan = Lifespan(app)
    await lifespan.start()
    assert app.told == ["startup"]
    await lifespan.stop()
    assert app.told == ["startup", "shutdown"]
    await lifespan.stop()
    assert app.told == ["startup", "shutdown"]


async def test_requests_see_the_state_that_the_startup_left() -> None:
    seen: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            scope["state"]["pool"] = "a pool"
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
        else:
            seen.append(scope)

    lifespan = Lifespan(app)
    await lifespan.start()
    await lifespan({"type": "http"}, None, None)  # type: ignore[arg-type]
    await lifespan.stop()
    assert seen == [{"type": "http", "state": {"pool": "a pool"}}]


@pytest.mark.parametrize("phase", ["startup", "shutdown"])
async def test_what_an_app_raises_is_raised_to_the_test(phase: str) -> None:
    lifespan = Lifespan(App(phase, raises=True))
    with pytest.raises(ConnectionError, match="no database"):  # noqa: PT012
        await lifespan.start()
        await lifespan.stop()


@pytest.mark.parametrize("phase", ["startup", "shutdown"])
async def test_what_an_app_only_says_is_raised_too(phase: str) -> None:
    lifespan = Lifespan(App(phase))
    with pytest.raises(SandboxError, match=f"The app's {phase} failed: no database"):  # noqa: PT012
        await lifespan.start()
        await lifespan.stop()


async def test_an_app_without_a_lifespan_is_left_alone() -> None:
    async def raises(scope: Scope, receive: Receive, send: Send) -> None:
        raise ValueError("it can only handle http")

    async def returns(scope: Scope, receive: Receive, send: Send) -> None:
        pass

    for app in (raises, returns):
        lifespan = Lifespan(app)
        await lifespan.start()
        await lifespan.stop()


async def test_a_shutdown_that_breaks_without_a_word_is_raised() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        raise ConnectionError("the pool is gone")

    lifespan = Lifespan(app)
    await lifespan.start()
    with pytest.raises(ConnectionError, match="the pool is gone"):
        await lifespan.stop()
