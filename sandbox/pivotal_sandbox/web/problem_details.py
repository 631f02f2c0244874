"""Errors as RFC 9457 problem details: what was wrong, where, and what would be right."""

from http import HTTPStatus
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from pivotal_sandbox.errors import Conflict, InputError, NotFound, SandboxError, StoreError

_STATUS: tuple[tuple[type[SandboxError], int, str], ...] = (
    (NotFound, 404, "Not found"),
    (Conflict, 409, "Conflict"),
    (InputError, 422, "Invalid input"),
    (StoreError, 503, "The database does not take it"),
)

MEDIA = "application/problem+json"


class FieldError(Struct):
    """A field that is wrong, by its JSON pointer."""

    pointer: str
    message: str


class Problem(Struct, omit_defaults=True):
    """What was wrong (RFC 9457); `seen` is what a wait saw instead."""

    title: str
    status: int
    detail: str
    type: str = msgspec.field(default_factory=lambda: "about:blank")
    errors: list[FieldError] = []
    seen: list[Any] | UnsetType = UNSET


def problem(status: int, title: str, detail: str, *, pointer: str | None = None) -> Response:
    """Return the response for an error; `pointer` names the field that is wrong."""
    content = Problem(title, status, detail)
    if pointer is not None:
        content.errors = [FieldError(pointer, detail)]
    return Response(msgspec.json.encode(content), status, media_type=MEDIA)


async def on_sandbox_error(request: Request, error: Exception) -> Response:
    """Answer with what the program raised on purpose."""
    for kind, status, title in _STATUS:
        if isinstance(error, kind):
            pointer = error.pointer if isinstance(error, InputError) else None
            return problem(status, title, str(error), pointer=pointer)
    raise error


async def on_http_error(request: Request, error: Exception) -> Response:
    """Answer for the router, or for whoever refused to read on."""
    assert isinstance(error, HTTPException)
    detail = error.detail
    if error.status_code == 404:
        detail = f"There is nothing at {request.url.path}."
    elif error.status_code == 405:
        detail = f"{request.method} is not possible at {request.url.path}."
    response = problem(error.status_code, HTTPStatus(error.status_code).phrase, detail)
    response.headers.update(error.headers or {})
    return response


async def on_gone(request: Request, error: Exception) -> Response:
    """Answer nobody: the client left in the middle of its request."""
    return problem(400, "Bad Request", "The request broke off.")


async def on_bug(request: Request, error: Exception) -> Response:
    """Answer for what nobody foresaw; the server logs it, and the answer says nothing of it."""
    return problem(
        500, "Internal Server Error", "This is a bug of the sandbox: its log says what happened."
    )
