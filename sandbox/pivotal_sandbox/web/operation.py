"""One call of the API as data: the types that read it, answer it and describe it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Generic, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pivotal_sandbox.sandbox.sandbox import Sandbox
from pivotal_sandbox.web.problem_details import MEDIA
from pivotal_sandbox.web.request_parsing import read_body, read_query

Q = TypeVar("Q")
B = TypeVar("B")


@dataclass(frozen=True, slots=True)
class Call(Generic[Q, B]):
    """What a handler gets: the sandbox, the path's parameters, and query and body, validated."""

    sandbox: Sandbox
    params: dict[str, str]
    query: Q
    body: B
    request: Request


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer with another status than the operation's first."""

    status: int
    content: Any


@dataclass(frozen=True, slots=True)
class Operation:
    """A call: `answers` gives the type of the content for each status, the usual one first."""

    method: str
    path: str
    handler: Callable[[Any], Awaitable[Any]]
    answers: dict[int, Any]
    query: type[msgspec.Struct] | None = None
    body: type[msgspec.Struct] | None = None
    media: str = "application/json"

    @property
    def summary(self) -> str:
        """The handler's docstring: its first line."""
        return (self.handler.__doc__ or "").partition("\n")[0]

    @property
    def name(self) -> str:
        """The handler's name, which is the operation's id."""
        return self.handler.__name__

    def route(self) -> Route:
        """Return the route that answers this call."""
        status = next(iter(self.answers))

        async def endpoint(request: Request) -> Response:
            call = Call(
                sandbox=request.app.state.sandbox,
                params=request.path_params,
                query=read_query(request, self.query) if self.query else None,
                body=await read_body(request, self.body) if self.body else None,
                request=request,
            )
            content = await self.handler(call)
            if isinstance(content, Response):
                return content
            if isinstance(content, Reply):
                return _answer(content.status, content.content)
            return _answer(status, content)

        return Route(self.path, endpoint, methods=[self.method], name=self.name)


def _answer(status: int, content: Any) -> Response:
    if status == HTTPStatus.NO_CONTENT:
        return Response(status_code=status)
    media = "application/json" if status < HTTPStatus.BAD_REQUEST else MEDIA
    return Response(msgspec.json.encode(content), status, media_type=media)
