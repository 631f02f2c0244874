"""An ASGI app, run as a server would run it."""

import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from pivotal_sandbox.engine.failure import Failure, FailureError

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_log = logging.getLogger(__name__)


def served(app: App) -> App:
    """Return `app` with what happens on a server when it raises, or ends without an answer.

    Before the answer has begun the receiver's client gets a 500; after it has ended, nothing is
    different; in between the connection breaks, for which `FailureError` is raised. The exception
    is logged, as a server would.
    """

    async def run(scope: Scope, receive: Receive, send: Send) -> None:
        begun = ended = False

        async def watched(message: Message) -> None:
            nonlocal begun, ended
            await send(message)
            begun |= message["type"] == "http.response.start"
            ended |= message["type"] == "http.response.body" and not message.get("more_body")

        try:
            await app(scope, receive, watched)
        except Exception:
            _log.exception("The app raised, while it was sent a webhook")
        if not begun:
            await send({"type": "http.response.start", "status": 500, "headers": []})
            await send({"type": "http.response.body"})
        elif not ended:
            detail = "The app began to answer, but did not end: a server breaks the connection."
            raise FailureError(Failure("connection_reset", detail))

    return run
