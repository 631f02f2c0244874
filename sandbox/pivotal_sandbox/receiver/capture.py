"""The capture receiver: an ASGI application that keeps every request, judges it, and answers."""

import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from time import perf_counter
from typing import Any

import msgspec
from msgspec.structs import replace

from pivotal_sandbox.clock import Clock, sleep
from pivotal_sandbox.common.headers import DELIVERY_ID_HEADER, header_value
from pivotal_sandbox.common.ids import CAPTURE, Ids
from pivotal_sandbox.domain.bins import Bin, Step
from pivotal_sandbox.domain.models import Attempt, Capture, Forwarded, Headers
from pivotal_sandbox.errors import InputError
from pivotal_sandbox.feed import Captured
from pivotal_sandbox.receiver.forward import (
    Forward,
    answer_of,
    bin_at,
    for_the_log,
    forwarded_request,
)
from pivotal_sandbox.receiver.verification import verify_request
from pivotal_sandbox.store.captures import Captures

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

PREFIX = "/in/"
BODY_MOST = 10 * 1024 * 1024  # bytes
EXTENSION = "pivotal.connection"
"""The ASGI extension by which our server hands over headers as received, and a reset."""

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_PATH = re.compile(r"/in/([A-Za-z0-9_-]{1,64})(?:/.*)?\Z", re.DOTALL)
_VERDICTS_HELD = 1024
_NAMES = "A bin's name has 1 to 64 letters, digits, - and _."


def is_bin_name(text: str) -> bool:
    """Say whether a bin can have that name."""
    return _NAME.match(text) is not None


class _Gone(Exception):
    """The sender left in the middle of its request."""


class _TooLarge(Exception):
    """The body is beyond what is kept."""


class CaptureReceiver:
    """Answers `/in/{bin}` and below as each bin is told to."""

    def __init__(
        self,
        *,
        captures: Captures,
        ids: Ids,
        clock: Clock,
        address: str,
        secrets: Callable[[str], Sequence[str]],
        others: Callable[[], Mapping[str, str]],
        timestamp: Callable[[], float],
        forward: Forward,
        on_capture: Callable[[Captured], None],
    ) -> None:
        self._captures = captures
        self._ids = ids
        self._clock = clock
        self._address = address
        self._secrets = secrets
        self._others = others
        self._timestamp = timestamp
        self._forward = forward
        self._on_capture = on_capture
        self.pause = sleep  # how a delay passes, in ms: by waiting, if nobody says otherwise
        self._answered: dict[str, int] = {}
        self._verdicts: dict[str, str] = {}

    async def set_bin(self, bin: Bin) -> None:
        """Give a bin a behaviour; it begins with the first step.

        Raises `InputError` where what it passes on would come back to it.
        """
        self._check_way(bin)
        await self._captures.set_bin(bin)
        self._answered.pop(bin.name, None)

    def verdict(self, attempt: Attempt) -> str | None:
        """Return what was said, once, of the request of an attempt, if it came in lately."""
        return self._verdicts.pop(
            header_value(attempt.request_headers, DELIVERY_ID_HEADER) or "", None
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = perf_counter()
        match = _PATH.match(scope["path"])
        if match is None:
            await _problem(send, 404, "Not Found", _NAMES)
            return
        try:
            body = await _body(receive)
        except _Gone:
            return
        except _TooLarge:
            await _problem(
                send, 413, "Content Too Large", f"At most {BODY_MOST} bytes are captured."
            )
            return
        bin = self._captures.bin(match[1])
        if bin.forward_to:
            await self._pass_on(self._capture(scope, bin, body), bin.forward_to, started, send)
            return
        step = self._step(bin)
        if step.hang or step.reset:
            await self._keep(self._capture(scope, bin, body))
            if step.reset:
                _reset(scope)
            else:
                await _gone(receive)
            return
        if step.delay:  # it is kept at once: the sender may not wait for the answer
            capture = self._capture(scope, bin, body)
            await self._keep(capture)
            await self.pause(step.delay)
            await self._keep(_answered(capture, step.status, started), is_new=False)
        else:
            await self._keep(self._capture(scope, bin, body, step.status, started))
        await _respond(send, step.status, step.headers, step.body.encode())

    def _capture(
        self, scope: Scope, bin: Bin, body: bytes, status: int | None = None, started: float = 0
    ) -> Capture:
        headers = _headers(scope)
        secrets = [bin.secret] if bin.secret else self._secrets(self._address + bin.name)
        verdict = verify_request(headers, body, secrets, now=self._timestamp(), others=self._others)
        self._remember(headers, verdict.sentence)
        client = scope.get("client")
        now = self._clock.now()
        return Capture(
            id=self._ids.new(CAPTURE, now),
            bin=bin.name,
            method=scope["method"],
            path=scope.get("raw_path", scope["path"].encode()).decode("latin-1"),
            query=scope["query_string"].decode("latin-1"),
            headers=headers,
            body=body,
            received_at=now,
            peer=f"{client[0]}:{client[1]}" if client else None,
            signed=verdict.signed,
            verified=verdict.verified,
            reason=verdict.reason,
            verdict=verdict.sentence,
            status=status,
            duration_ms=None if status is None else _since(started),
        )

    def _remember(self, headers: Headers, verdict: str) -> None:
        if id := header_value(headers, DELIVERY_ID_HEADER):
            self._verdicts[id] = verdict
        while len(self._verdicts) > _VERDICTS_HELD:
            del self._verdicts[next(iter(self._verdicts))]

    def _step(self, bin: Bin) -> Step:
        count = self._answered.get(bin.name, 0)
        self._answered[bin.name] = count + 1
        return bin.behaviour[min(count, len(bin.behaviour) - 1)]

    async def _pass_on(self, capture: Capture, target: str, started: float, send: Send) -> None:
        await self._keep(capture)
        try:
            self._check_way(self._captures.bin(capture.bin))  # our port may be another one by now
            request = forwarded_request(capture, target)
            outcome = await self._forward(request)
        except InputError as error:  # what came in cannot go out: a path or header that HTTP bars
            await self._keep(_answered(capture, 502, started), is_new=False)
            await _problem(send, 502, "Bad Gateway", f"It cannot be forwarded: {error}")
            return
        answer = answer_of(outcome, request.url)
        capture = _answered(capture, answer.status_code, started)
        both = replace(capture, forwarded=Forwarded(request.url, for_the_log(outcome)))
        await self._keep(both, is_new=False)
        await _respond(send, answer.status_code, answer.headers, answer.body)

    def _check_way(self, bin: Bin) -> None:
        """Follow what `bin` passes on from bin to bin. Raises `InputError` where it goes round."""
        way, target = [bin.name], bin.forward_to
        while target and (name := bin_at(target, self._address)):
            if name in way:
                raise InputError(
                    f"What is passed on would go round for ever: {' to '.join([*way, name])}. "
                    "Name a server of your own, or a bin that answers itself.",
                    pointer="/forward_to",
                )
            way.append(name)
            target = self._captures.bin(name).forward_to

    async def _keep(self, capture: Capture, *, is_new: bool = True) -> None:
        await self._captures.put(capture)
        self._on_capture(Captured(capture, is_new))


def _answered(capture: Capture, status: int, started: float) -> Capture:
    return replace(capture, status=status, duration_ms=_since(started))


def _since(started: float) -> float:
    return round((perf_counter() - started) * 1000, 3)


async def _body(receive: Receive) -> bytes:
    """Return the whole body. Raises `_TooLarge`, or `_Gone` if the sender left before its end."""
    parts = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Gone
        parts += message.get("body", b"")
        if len(parts) > BODY_MOST:
            raise _TooLarge
        if not message.get("more_body"):
            return bytes(parts)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _headers(scope: Scope) -> Headers:
    connection = scope.get("extensions", {}).get(EXTENSION)
    headers = connection.headers if connection else scope["headers"]
    return tuple([(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers])


def _reset(scope: Scope) -> None:
    connection = scope.get("extensions", {}).get(EXTENSION)
    if connection is None:
        raise ConnectionResetError("The bin's behaviour resets the connection.")
    connection.reset()


async def _respond(send: Send, status: int, headers: Headers, body: bytes) -> None:
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    if status not in (204, 304):
        raw.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": b"" if status in (204, 304) else body})


async def _problem(send: Send, status: int, title: str, detail: str) -> None:
    problem = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    headers = (("content-type", "application/problem+json"),)
    await _respond(send, status, headers, msgspec.json.encode(problem))
