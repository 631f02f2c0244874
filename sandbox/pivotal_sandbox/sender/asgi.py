"""An ASGI app, run for one request as a server would run it."""

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from pathlib import Path
from time import perf_counter
from typing import Any
from urllib.parse import unquote

from pivotal_sandbox.common.urls import parse_url
from pivotal_sandbox.domain.models import Outcome, Request, Response, Timing
from pivotal_sandbox.domain.retry_policy import RESPONSE_KEPT
from pivotal_sandbox.sender.http1 import ANSWER_MOST, encode_head

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

CLIENT = ("127.0.0.1", 123)

_log = logging.getLogger(__name__)


async def call(
    app: App,
    request: Request,
    *,
    timeout_ms: float,
    keep: int = RESPONSE_KEPT,
    root_path: str = "",
    client: tuple[str, int] = CLIENT,
) -> Outcome:
    """Send `request` to `app` and return how that ended, at most `timeout_ms` later.

    An app that raises, or ends, before its answer has begun is answered for by a 500; in the middle
    of its answer the connection breaks; after it, nothing is different, and what the app still does
    is waited for. What it raises is logged, as a server would. Raises `InputError` for a request
    that HTTP/1.1 cannot carry.
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
            answer = _Answer(request.body, limit)
            try:
                await app(scope, answer.receive, answer.send)
            except Exception as error:
                _log.exception("The app raised, while it was sent a webhook")
                answer.raised = error
    if limit.expired():  # also where the app took no notice of it
        detail = f"{url.authority} did not answer in {timeout_ms / 1000:g} s."
        return Outcome(answer.timing(), None, "timeout", detail)
    return answer.outcome(url.authority, keep)


class _Answer:
    """The two ends that an app is handed, and what it answers."""

    def __init__(self, body: bytes, limit: asyncio.Timeout) -> None:
        self._request: bytes | None = body
        self._limit = limit
        self._gone = asyncio.Event()
        self._start: Message | None = None
        self._body = bytearray()
        self._began = perf_counter()
        self._begun_at: float | None = None
        self._ended_at: float | None = None
        self.raised: Exception | None = None

    async def receive(self) -> Message:
        body, self._request = self._request, None
        if body is None:
            await self._gone.wait()
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(self, message: Message) -> None:
        expected = "http.response.start" if self._start is None else "http.response.body"
        if self._ended_at is not None:
            return  # trailers, or more than was asked for
        if message["type"] != expected:
            raise RuntimeError(f"Expected the ASGI message {expected}, not {message['type']}.")
        if self._start is None:
            self._start, self._begun_at = message, perf_counter()
            return
        self._body += message.get("body", b"")
        if not message.get("more_body"):
            self._ended_at = perf_counter()
            self._limit.reschedule(None)  # the client has its answer
            self._gone.set()

    def timing(self) -> Timing:
        """Return how long it took, until now at the most."""
        ended = perf_counter() if self._ended_at is None else self._ended_at
        begun = None if self._begun_at is None else (self._begun_at - self._began) * 1000
        return Timing((ended - self._began) * 1000, first_byte_ms=begun)

    def outcome(self, peer: str, keep: int) -> Outcome:
        """Return what the client sees once the app has ended."""
        timing = self.timing()
        if self._start is None:
            return Outcome(timing, Response(500, (), b""), detail=self._why())
        if self._ended_at is None:
            detail = "The app began to answer, but did not end: a server breaks the connection."
            return Outcome(timing, None, "connection_reset", detail)
        if len(self._body) > ANSWER_MOST:
            detail = f"{peer} sends a body of more than {ANSWER_MOST // 1024 // 1024} MiB."
            return Outcome(timing, None, "protocol", detail)
        headers = tuple(
            [
                (name.decode("latin-1"), value.decode("latin-1"))
                for name, value in self._start.get("headers", ())
            ]
        )
        body = bytes(self._body[:keep])
        status = self._start["status"]
        return Outcome(
            timing,
            Response(status, headers, body, len(self._body) > keep),
            detail=self._why() if status >= 500 else None,
        )

    def _why(self) -> str | None:
        """Return what the app raised, and where, if it did."""
        if self.raised is None:
            return None
        what = traceback.format_exception_only(self.raised)[-1].strip()
        where = traceback.extract_tb(self.raised.__traceback__)[-1]
        return f"The app raised {what} ({Path(where.filename).name}, line {where.lineno})"
