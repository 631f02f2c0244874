"""Run an ASGI app for one request as a server would."""

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from pathlib import Path
from time import perf_counter
from typing import Any
from urllib.parse import unquote

from pivotal_sandbox.common.durations import format_seconds
from pivotal_sandbox.common.urls import parse_url
from pivotal_sandbox.domain.models import Outcome, Request, Response, Timing
from pivotal_sandbox.domain.retry_policy import RESPONSE_KEPT
from pivotal_sandbox.sender.http1 import MAX_RESPONSE, encode_head

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

CLIENT = ("127.0.0.1", 123)

_log = logging.getLogger(__name__)


async def call_app(
    app: App,
    request: Request,
    *,
    timeout_ms: float,
    body_limit: int = RESPONSE_KEPT,
    root_path: str = "",
    client: tuple[str, int] = CLIENT,
) -> Outcome:
    """Send `request` to `app` and return how that ended, at most `timeout_ms` later.

    If the app raises or returns before its response has started, the outcome is a 500; in the
    middle of its response, a broken connection; after it, nothing changes. Work that the app does
    after its response is waited for. What it raises is logged, as a server does. Raises
    `InputError` for a request that HTTP/1.1 cannot carry.
    """
    url = parse_url(request.url)
    encode_head(request, url)
    path, _, query = url.target.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "headers": [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in request.headers
        ],
        "scheme": url.scheme,
        "path": unquote(path),
        "raw_path": path.encode("ascii"),
        "query_string": query.encode("ascii"),
        "server": (url.host, url.port),
        "client": client,
        "root_path": root_path,
    }
    with suppress(TimeoutError):
        async with asyncio.timeout(timeout_ms / 1000) as limit:
            exchange = _Exchange(request.body, limit)
            try:
                await app(scope, exchange.receive, exchange.send)
            except Exception as error:
                _log.exception("The app raised, while it was sent a webhook")
                exchange.exception = error
    if limit.expired():  # also if the app suppressed the cancellation
        detail = f"{url.authority} did not answer in {format_seconds(timeout_ms)}."
        return Outcome(exchange.timing(), None, "timeout", detail)
    return exchange.outcome(url.authority, body_limit)


class _Exchange:
    """The `receive` and `send` of one request, and the response that the app sends."""

    def __init__(self, body: bytes, limit: asyncio.Timeout) -> None:
        self._request: bytes | None = body
        self._limit = limit
        self._disconnected = asyncio.Event()
        self._start: Message | None = None
        self._body = bytearray()
        self._started_at = perf_counter()
        self._first_byte_at: float | None = None
        self._ended_at: float | None = None
        self.exception: Exception | None = None

    async def receive(self) -> Message:
        body, self._request = self._request, None
        if body is None:
            await self._disconnected.wait()
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(self, message: Message) -> None:
        expected = "http.response.start" if self._start is None else "http.response.body"
        if self._ended_at is not None:
            return  # trailers, or messages after the end of the response
        if message["type"] != expected:
            raise RuntimeError(f"Expected the ASGI message {expected}, not {message['type']}.")
        if self._start is None:
            self._start, self._first_byte_at = message, perf_counter()
            return
        self._body += message.get("body", b"")
        if not message.get("more_body"):
            self._ended_at = perf_counter()
            self._limit.reschedule(None)  # the client has its response
            self._disconnected.set()

    def timing(self) -> Timing:
        """Return how long it took, up to now."""
        ended_at = perf_counter() if self._ended_at is None else self._ended_at
        first_byte_ms = (
            None if self._first_byte_at is None else (self._first_byte_at - self._started_at) * 1000
        )
        return Timing((ended_at - self._started_at) * 1000, first_byte_ms=first_byte_ms)

    def outcome(self, peer: str, body_limit: int) -> Outcome:
        """Return what the client sees once the app has ended."""
        timing = self.timing()
        if self._start is None:
            return Outcome(timing, Response(500, (), b""), detail=self._describe_exception())
        if self._ended_at is None:
            detail = "The app began to answer, but did not end: a server breaks the connection."
            return Outcome(timing, None, "connection_reset", detail)
        if len(self._body) > MAX_RESPONSE:
            detail = f"{peer} sends a body of more than {MAX_RESPONSE // 1024 // 1024} MiB."
            return Outcome(timing, None, "protocol", detail)
        headers = tuple(
            [
                (name.decode("latin-1"), value.decode("latin-1"))
                for name, value in self._start.get("headers", ())
            ]
        )
        body = bytes(self._body[:body_limit])
        status = self._start["status"]
        return Outcome(
            timing,
            Response(status, headers, body, len(self._body) > body_limit),
            detail=self._describe_exception() if status >= 500 else None,
        )

    def _describe_exception(self) -> str | None:
        """Return what the app raised, and where, or None."""
        if self.exception is None:
            return None
        summary = traceback.format_exception_only(self.exception)[-1].strip()
        frame = traceback.extract_tb(self.exception.__traceback__)[-1]
        return f"The app raised {summary} ({Path(frame.filename).name}, line {frame.lineno})"
