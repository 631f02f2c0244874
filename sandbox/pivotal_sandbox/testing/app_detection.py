"""What can be an endpoint: a URL, an ASGI app or a WSGI app."""

import inspect
from typing import Any, Literal

from pivotal_sandbox.errors import InputError
from pivotal_sandbox.sender.asgi import App
from pivotal_sandbox.testing.wsgi import as_asgi

Kind = Literal["url", "asgi", "wsgi"]

_RIGHT = "right is a URL such as http://127.0.0.1:8000/hooks, an ASGI app or a WSGI app"


def kind_of(target: Any) -> Kind:
    """Say what a target is. Raises `InputError` for what is none."""
    if isinstance(target, str):
        return "url"
    if not callable(target) or inspect.isclass(target):
        raise InputError(f"The target is {_named(target)}; {_RIGHT}.", pointer="/target")
    if inspect.iscoroutinefunction(type(target).__call__):  # FastAPI, Starlette, Django
        return "asgi"
    count, variable = _arguments(target)
    if count == 3 or (variable and inspect.iscoroutinefunction(target)):
        return "asgi"
    if count == 2 and not inspect.iscoroutinefunction(target):
        return "wsgi"
    raise InputError(
        f"The target is {_named(target)}, which is neither called with (scope, receive, send) nor "
        f"with (environ, start_response); {_RIGHT}.",
        pointer="/target",
    )


def _arguments(target: Any) -> tuple[int, bool]:
    """Return how many arguments a call has to give by position, and whether it may give more."""
    try:
        parameters = list(inspect.signature(target).parameters.values())
    except (TypeError, ValueError):
        return 0, False
    needed = [
        parameter
        for parameter in parameters
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
        and parameter.default is parameter.empty
    ]
    return len(needed), any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters)


def asgi_app(target: Any, *, threads: bool = False) -> App:
    """Return an app as an ASGI one; one of WSGI in threads, if asked for. Raises `InputError`."""
    if kind_of(target) == "wsgi":
        return as_asgi(target, threads=threads)
    app: App = target
    return app


def _named(target: Any) -> str:
    if inspect.isclass(target):
        return f"the class {target.__name__}, not an instance of it"
    return f"{type(target).__name__} {target!r:.80}"
