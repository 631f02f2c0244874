"""Detect the web framework of a receiver from its response headers."""

from typing import Literal

from pivotal_sandbox.check.model import Exchange

Stack = Literal[
    "flask", "django", "starlette", "aiohttp", "express", "node", "php", "ruby", "java", "go", ""
]

# Substrings of `server` and `x-powered-by` in lower case; the first match decides.
_MARKERS: tuple[tuple[str, Stack], ...] = (
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

_GO_ERROR_HEADERS = {
    "content-type": "text/plain; charset=utf-8",
    "x-content-type-options": "nosniff",
}
_GO_HEADERS = {*_GO_ERROR_HEADERS, "date", "content-length", "connection", "allow"}


def detect_stack(exchange: Exchange) -> Stack:
    """Return the stack that answered, or "" if the headers do not tell."""
    headers = {name.lower(): value.lower() for name, value in exchange.response_headers}
    markers = f"{headers.get('server', '')} {headers.get('x-powered-by', '')}"
    for marker, stack in _MARKERS:
        if marker in markers:
            return stack
    # Go's http.Error sends exactly these headers.
    if set(headers) <= _GO_HEADERS and _GO_ERROR_HEADERS.items() <= headers.items():
        return "go"
    # Only Node announces a keep-alive timeout without a `server` header.
    if "server" not in headers and headers.get("keep-alive") == "timeout=5":
        return "node"
    return ""
