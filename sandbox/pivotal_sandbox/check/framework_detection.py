"""Which stack a receiver is made of, as far as its answers tell."""

from typing import Literal

from pivotal_sandbox.check.model import Exchange

Stack = Literal[
    "flask", "django", "starlette", "aiohttp", "express", "node", "php", "ruby", "java", "go", ""
]

# What the headers `server` and `x-powered-by` say, in lower case; the first that fits is it.
_SIGNS: tuple[tuple[str, Stack], ...] = (
    ("werkzeug", "flask"),
    ("wsgiserver", "django"),
    ("uvicorn", "starlette"),
    ("hypercorn", "starlette"),
    ("aiohttp", "aiohttp"),
    ("express", "express"),
    ("next.js", "node"),
    ("php", "php"),
    ("puma", "ruby"),
    ("webrick", "ruby"),
    ("passenger", "ruby"),
    ("jetty", "java"),
    ("tomcat", "java"),
    ("coyote", "java"),
    ("undertow", "java"),
    ("caddy", "go"),
)

_PLAIN = {"content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff"}
_OF_GO = {*_PLAIN, "date", "content-length", "connection", "allow"}


def stack_of(exchange: Exchange) -> Stack:
    """Return the stack that answered, or "" where the answer does not tell."""
    headers = {name.lower(): value.lower() for name, value in exchange.response_headers}
    signs = f"{headers.get('server', '')} {headers.get('x-powered-by', '')}"
    for sign, stack in _SIGNS:
        if sign in signs:
            return stack
    # What Go's own http.Error sends, and nothing beside it.
    if set(headers) <= _OF_GO and _PLAIN.items() <= headers.items():
        return "go"
    # Nothing else announces a time in seconds for keep-alive without saying its own name.
    if "server" not in headers and headers.get("keep-alive") == "timeout=5":
        return "node"
    return ""
