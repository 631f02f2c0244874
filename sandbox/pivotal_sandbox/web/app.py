"""The ASGI application: the API and the inspector, and the capture receiver before them."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from pivotal_sandbox.errors import SandboxError, StoreError
from pivotal_sandbox.receiver.capture import PREFIX
from pivotal_sandbox.sandbox.sandbox import Sandbox
from pivotal_sandbox.web.api.operations import OPERATIONS
from pivotal_sandbox.web.assets import ROUTE as ASSETS
from pivotal_sandbox.web.metrics import Metrics
from pivotal_sandbox.web.pages.routes import PAGES
from pivotal_sandbox.web.problem_details import on_bug, on_gone, on_http_error, on_sandbox_error
from pivotal_sandbox.web.sse import Stream

Application = Callable[
    [
        MutableMapping[str, Any],
        Callable[[], Awaitable[MutableMapping[str, Any]]],
        Callable[[MutableMapping[str, Any]], Awaitable[None]],
    ],
    Awaitable[None],
]


def create_app(sandbox: Sandbox, stream: Stream) -> Application:
    """Return the application of an open sandbox."""
    starlette = Starlette(
        routes=[
            *(operation.route() for operation in OPERATIONS),
            *(page.route() for page in PAGES),
            ASSETS,
        ],
        exception_handlers={
            SandboxError: on_sandbox_error,
            HTTPException: on_http_error,
            ClientDisconnect: on_gone,
            Exception: on_bug,
        },
    )
    starlette.state.sandbox = sandbox
    starlette.state.stream = stream
    starlette.state.metrics = Metrics(sandbox)
    receiver = sandbox.receiver

    async def app(
        scope: MutableMapping[str, Any],
        receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
        send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
    ) -> None:
        # What is captured passes no router and no middleware: neither may touch its bytes.
        if scope["type"] == "http" and scope["path"].startswith(PREFIX):
            try:
                await receiver(scope, receive, send)
            except StoreError as error:  # nothing was answered yet: it is kept first
                answer = await on_sandbox_error(Request(scope), error)
                await answer(scope, receive, send)
        else:
            await starlette(scope, receive, send)

    return app
