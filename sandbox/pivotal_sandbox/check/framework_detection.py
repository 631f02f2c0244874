"""Which stack a receiver is made of, as far as its answers tell."""

from typing import Literal

from pivotal_sandbox.check.model import Exchange

Stack = Literal[
    "flask", "django", "starlette", "aiohttp", "express", "node", "php", "ruby", "java", "go", ""
]

# What the headers `server` and `x-powered-by` say, in lower case; the first that fits is it.
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
    """Return the stack that answered, or "" where the answer does not tell."""
    headers = {name.lower(): value.lower() for name, value in exchange.response_headers}
    markers = f"{headers.get('server', '')} {headers.get('x-powered-by', '')}"
    for marker, stack in _MARKERS:
        if marker in markers:
            return stack
    # What Go's own http.Error sends, and nothing beside it.
    if set(headers) <= _GO_HEADERS and _GO_ERROR_HEADERS.items() <= headers.items():
        return "go"
    # Nothing else announces a time in seconds for keep-alive without saying its own name.
    if "server" not in headers and headers.get("keep-alive") == "timeout=5":
        return "node"
    return ""
