"""Talks to a running sandbox over its REST API, by the standard library's HTTP client."""

import json
import os
from collections.abc import Iterator, Mapping
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from pivotal_sandbox.errors import InputError, NotFound, SandboxError, UnreachableError

VARIABLE = "PIVOTAL_SANDBOX_URL"
TOKEN = "PIVOTAL_SANDBOX_TOKEN"
DEFAULT_URL = "http://127.0.0.1:8400"

CONNECT_S = 5.0
ANSWER_S = 60.0

_NO_CONTENT = 204
_NOT_FOUND = 404
_TOO_LATE = 408

_LISTED = ("endpoints", "deliveries", "captures")

Json = dict[str, Any]
Query = Mapping[str, object]


class Client:
    """One sandbox. Its errors are `UnreachableError`, and `InputError` for what it refused.

    Of these `NotFound` says, too, which command lists the things of which one was not there.
    """

    def __init__(self, url: str | None = None) -> None:
        self.url = (url or os.environ.get(VARIABLE) or DEFAULT_URL).rstrip("/")
        try:
            parts = urlsplit(self.url)
            self._host, self._port = parts.hostname, parts.port or 80
        except ValueError:
            self._host = None
        if not self._host or parts.scheme != "http" or parts.path:
            raise InputError(f'"{self.url}" in {VARIABLE} is no address such as "{DEFAULT_URL}".')
        self._token = os.environ.get(TOKEN, "").strip()
        if not self._token.isascii() or not self._token.isprintable():
            raise InputError(f"{TOKEN} is no token: `pivotal-sandbox up` printed the right one.")

    def get(self, *path: str, query: Query | None = None) -> Json:
        """Return what GET answers; of `query`, what is None is left out."""
        return self.call("GET", *path, query=query)

    def all(self, *path: str, query: Query) -> Iterator[Json]:
        """Yield the items of a list, page after page."""
        cursor: str | None = None
        while True:
            page = self.get(*path, query={**query, "cursor": cursor})
            yield from page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def call(
        self,
        method: str,
        *path: str,
        body: Json | None = None,
        query: Query | None = None,
        wait_s: float | None = ANSWER_S,
    ) -> Json:
        """Return what such a request is answered; no content is an empty object.

        `wait_s` is how long the answer may take, None for ever. That what was waited for did not
        happen in time is an answer, too: it says what was seen.
        """
        return self._answer(method, path, query or {}, body, wait_s)[0]

    def content(self, *path: str) -> bytes:
        """Return what GET answers, JSON to the byte."""
        return self._answer("GET", path, {}, None, ANSWER_S)[1]

    def _answer(
        self,
        method: str,
        path: tuple[str, ...],
        query: Query,
        body: Json | None,
        wait_s: float | None,
    ) -> tuple[Json, bytes]:
        status, content = self._exchange(method, path, query, body, wait_s)
        if status == _NO_CONTENT:
            return {}, content
        try:
            answer = json.loads(content)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise UnreachableError(
                f"What answers at {self.url} (status {status}) is no sandbox: set {VARIABLE}, "
                "or start one with `pivotal-sandbox up`."
            )
        if status >= 400 and not (status == _TOO_LATE and "seen" in answer):
            raise _refusal(status, answer, path)
        return answer, content

    def _exchange(
        self,
        method: str,
        path: tuple[str, ...],
        query: Query,
        body: Json | None,
        wait_s: float | None,
    ) -> tuple[int, bytes]:
        """Send a request; return the status and the content of its answer."""
        target = "/".join(["/api", *(quote(part, safe="") for part in path)])
        given = {name: value for name, value in query.items() if value is not None}
        if given:
            target += "?" + urlencode(given)
        assert self._host is not None
        connection = HTTPConnection(self._host, self._port, timeout=CONNECT_S)
        try:
            connection.connect()
        except OSError as error:
            raise UnreachableError(
                f"No sandbox answers at {self.url}: start one with `pivotal-sandbox up`."
            ) from error
        connection.sock.settimeout(wait_s)
        try:
            headers = {"content-type": "application/json"} if body is not None else {}
            if self._token:
                headers["authorization"] = f"Bearer {self._token}"
            connection.request(
                method, target, json.dumps(body) if body is not None else None, headers
            )
            response = connection.getresponse()
            return response.status, response.read()
        except (HTTPException, OSError) as error:
            raise UnreachableError(
                f"The sandbox at {self.url} broke off its answer: {error or 'closed'}."
            ) from error
        finally:
            connection.close()


def _refusal(status: int, problem: Json, path: tuple[str, ...]) -> SandboxError:
    says = str(problem.get("detail") or problem.get("title") or f"The sandbox answered {status}.")
    errors = problem.get("errors", ())
    for error in errors:
        place, message = error["pointer"], error["message"]
        if message != says:
            says += f"\n  {place or '/'}: {message}"
        elif place:
            says += f" (at {place})"
    if status == _NOT_FOUND:
        return NotFound(says + _hint(path, [error["pointer"] for error in errors]))
    return UnreachableError(says) if status >= 500 else InputError(says)


def _hint(path: tuple[str, ...], pointers: list[str]) -> str:
    """Return which command lists the things of which one was not found."""
    kind, *rest = path
    if "/endpoint_id" in pointers:
        command = "endpoints list"
    elif kind in _LISTED:
        command = f"{kind} list"
    elif kind == "records" and len(rest) > 1:
        command = f"records list {rest[0]}"
    else:
        return ""
    return f" `pivotal-sandbox {command}` shows those there are."
