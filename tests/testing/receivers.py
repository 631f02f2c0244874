"""Receivers for these tests: small ASGI and WSGI apps."""

from collections.abc import Iterable
from typing import Any

from pivotal_sandbox.sender.asgi import Receive, Scope, Send
from pivotal_sandbox.testing.wsgi import StartResponse


class Answering:
    """An ASGI app that answers each request with the next of its statuses; the last repeats."""

    def __init__(self, *statuses: int, body: bytes = b"") -> None:
        self.statuses = list(statuses) or [204]
        self.body = body
        self.bodies: list[bytes] = []
        self.scopes: list[Scope] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http", "it knows no lifespan"
        self.scopes.append(scope)
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        self.bodies.append(body)
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": self.body})


def wsgi_app(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Answer 200 with what was sent."""
    start_response("200 OK", [("Content-Type", "application/json")])
    return [environ["wsgi.input"].read()]
