"""What can be an endpoint, and what is refused with a word on what would be right."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from fastapi import FastAPI
from flask import Flask
from starlette.applications import Starlette
from tests.testing.receivers import Answering, wsgi_app

from pivotal_sandbox.errors import InputError
from pivotal_sandbox.testing.app_detection import asgi_app, kind_of


async def asgi_function(scope: Any, receive: Any, send: Any) -> None:
    pass


async def wrapped(*args: Any, **kwargs: Any) -> None:
    pass


def plain_asgi(scope: Any, receive: Any, send: Any) -> Any:
    return asgi_function(scope, receive, send)


class Method:
    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        pass


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        ("http://127.0.0.1:8000/hooks", "url"),
        (FastAPI(), "asgi"),
        (Starlette(), "asgi"),
        (Answering(), "asgi"),
        (asgi_function, "asgi"),
        (wrapped, "asgi"),
        (plain_asgi, "asgi"),
        (Method().app, "asgi"),
        (Flask("a"), "wsgi"),
        (wsgi_app, "wsgi"),
        (partial(wsgi_app), "wsgi"),
    ],
)
def test_the_kind_of_a_target_is_told_by_how_it_is_called(target: Any, kind: str) -> None:
    assert kind_of(target) == kind


async def a_route(request: Any) -> None:
    pass


async def an_async_view(request: Any, response: Any) -> None:
    pass


@pytest.mark.parametrize(
    ("target", "named"),
    [
        (None, "NoneType None"),
        (42, "int 42"),
        (FastAPI, "the class FastAPI, not an instance of it"),
        (a_route, "function <function a_route"),
        (an_async_view, "function <function an_async_view"),
        (lambda: None, "function <function <lambda>"),
        (max, "builtin_function_or_method"),
        (type("Odd", (), {"__call__": lambda self: None, "__signature__": 1})(), "Odd"),
    ],
)
def test_what_is_no_target_is_refused_by_name(target: object, named: str) -> None:
    with pytest.raises(InputError) as refused:
        kind_of(target)
    assert f"The target is {named}" in str(refused.value)
    assert "right is a URL such as" in str(refused.value)
    assert refused.value.pointer == "/target"


def test_an_asgi_app_is_taken_as_it_is_and_a_wsgi_app_is_wrapped() -> None:
    app = Answering()
    assert asgi_app(app) is app
    wrapped: Callable[..., Any] = asgi_app(wsgi_app)
    assert kind_of(wrapped) == "asgi"
