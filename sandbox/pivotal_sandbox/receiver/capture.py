"""The capture receiver: an ASGI app that stores every request, verifies it, and responds."""

import re
from collections.abc import Awaitable, Callable, MutableMapping
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
from pivotal_sandbox.feed import Captured, Feed
from pivotal_sandbox.receiver.forward import (
    Forwarder,
    build_forwarded_request,
    build_response,
    check_forward_url,
    find_bin_name,
    truncate_for_log,
)
from pivotal_sandbox.receiver.verification import verify_request
from pivotal_sandbox.store.captures import Captures
from pivotal_sandbox.store.signing_keys import SigningKeys

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

PREFIX = "/in/"
MAX_BODY = 10 * 1024 * 1024  # bytes
EXTENSION = "pivotal.connection"
"""The ASGI extension of our server that has the headers as received, and resets a connection."""

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_PATH = re.compile(r"/in/([A-Za-z0-9_-]{1,64})(?:/.*)?\Z", re.DOTALL)
_MAX_VERDICTS = 1024
_NAME_RULE = "A bin's name has 1 to 64 letters, digits, - and _."


def is_bin_name(text: str) -> bool:
    """Return whether a bin can have that name."""
    return _NAME.match(text) is not None


class _Disconnected(Exception):
    """The sender disconnected in the middle of its request."""


class _BodyTooLarge(Exception):
    """The body is larger than what is stored."""


class CaptureReceiver:
    """Respond to requests to `/in/{bin}` and below with the behavior of the bin.

    `address` is the URL of `/in/`. A bin without a secret verifies with those of the endpoints
    that deliver to it.
    """

    def __init__(
        self,
        *,
        captures: Captures,
        signing_keys: SigningKeys,
        forwarder: Forwarder,
        ids: Ids,
        clock: Clock,
        feed: Feed,
        address: str,
    ) -> None:
        self._captures = captures
        self._signing_keys = signing_keys
        self._forwarder = forwarder
        self._ids = ids
        self._clock = clock
        self._feed = feed
        self._address = address
        self.pause = sleep  # waits for a step's delay (ms); scenarios advance their clock instead
        self._response_counts: dict[str, int] = {}
        self._verdicts: dict[str, str] = {}

    async def set_bin(self, bin: Bin) -> None:
        """Store a bin's behavior; it starts with the first step.

        Raises `InputError` if the bin would forward to itself, or to a URL with a fragment.
        """
        if bin.forward_to:
            check_forward_url(bin.forward_to)
        self._check_forwarding(bin)
        await self._captures.set_bin(bin)
        self._response_counts.pop(bin.name, None)

    def pop_verdict(self, attempt: Attempt) -> str | None:
        """Return, once, the verdict on the request of an attempt if it was captured lately."""
        return self._verdicts.pop(
            header_value(attempt.request_headers, DELIVERY_ID_HEADER) or "", None
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = perf_counter()
        match = _PATH.match(scope["path"])
        if match is None:
            await _respond_with_problem(send, 404, "Not Found", _NAME_RULE)
            return
        try:
            body = await _read_body(receive)
        except _Disconnected:
            return
        except _BodyTooLarge:
            await _respond_with_problem(
                send, 413, "Content Too Large", f"At most {MAX_BODY} bytes are captured."
            )
            return
        bin = self._captures.bin(match[1])
        if bin.forward_to:
            await self._forward(
                self._build_capture(scope, bin, body), bin.forward_to, started, send
            )
            return
        step = self._next_step(bin)
        if step.hang or step.reset:
            await self._store(self._build_capture(scope, bin, body))
            if step.reset:
                _reset(scope)
            else:
                await _wait_for_disconnect(receive)
            return
        if step.delay:  # store it now: the sender may not wait for the response
            capture = self._build_capture(scope, bin, body)
            await self._store(capture)
            await self.pause(step.delay)
            await self._store(_with_status(capture, step.status, started), is_new=False)
        else:
            await self._store(self._build_capture(scope, bin, body, step.status, started))
        await _respond(send, step.status, step.headers, step.body.encode())

    def _build_capture(
        self, scope: Scope, bin: Bin, body: bytes, status: int | None = None, started: float = 0
    ) -> Capture:
        headers = _headers(scope)
        keys = self._signing_keys
        secrets = [bin.secret] if bin.secret else keys.secrets_at(self._address + bin.name)
        verdict = verify_request(
            headers, body, secrets, now=keys.timestamp(), other_secrets=keys.labeled_secrets
        )
        self._remember_verdict(headers, verdict.sentence)
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
            duration_ms=None if status is None else _ms_since(started),
        )

    def _remember_verdict(self, headers: Headers, verdict: str) -> None:
        if id := header_value(headers, DELIVERY_ID_HEADER):
            self._verdicts[id] = verdict
        while len(self._verdicts) > _MAX_VERDICTS:
            del self._verdicts[next(iter(self._verdicts))]

    def _next_step(self, bin: Bin) -> Step:
        count = self._response_counts.get(bin.name, 0)
        self._response_counts[bin.name] = count + 1
        return bin.behaviour[min(count, len(bin.behaviour) - 1)]

    async def _forward(self, capture: Capture, target: str, started: float, send: Send) -> None:
        await self._store(capture)
        try:
            self._check_forwarding(
                self._captures.bin(capture.bin)
            )  # the sandbox may run on another port by now
            request = build_forwarded_request(capture, target)
            outcome = await self._forwarder.send(request)
        except InputError as error:
            # HTTP does not allow a header of it in a request that we send, or it would loop.
            await self._store(_with_status(capture, 502, started), is_new=False)
            await _respond_with_problem(
                send, 502, "Bad Gateway", f"It cannot be forwarded: {error}"
            )
            return
        response = build_response(outcome, request.url, capture.method)
        capture = _with_status(capture, response.status_code, started)
        forwarded = Forwarded(request.url, truncate_for_log(outcome))
        await self._store(replace(capture, forwarded=forwarded), is_new=False)
        await _respond(send, response.status_code, response.headers, response.body)

    def _check_forwarding(self, bin: Bin) -> None:
        """Follow the forwarding from bin to bin. Raises `InputError` if it comes back."""
        names, target = [bin.name], bin.forward_to
        while target and (name := find_bin_name(target, self._address)):
            if name in names:
                raise InputError(
                    f"What is passed on would go round for ever: {' to '.join([*names, name])}. "
                    "Name a server of your own, or a bin that answers itself.",
                    pointer="/forward_to",
                )
            names.append(name)
            target = self._captures.bin(name).forward_to

    async def _store(self, capture: Capture, *, is_new: bool = True) -> None:
        await self._captures.put(capture)
        self._feed.publish(Captured(capture, is_new))


def _with_status(capture: Capture, status: int, started: float) -> Capture:
    return replace(capture, status=status, duration_ms=_ms_since(started))


def _ms_since(started: float) -> float:
    return round((perf_counter() - started) * 1000, 3)


async def _read_body(receive: Receive) -> bytes:
    """Return the whole body. Raises `_BodyTooLarge` or `_Disconnected`."""
    parts = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Disconnected
        parts += message.get("body", b"")
        if len(parts) > MAX_BODY:
            raise _BodyTooLarge
        if not message.get("more_body"):
            return bytes(parts)


async def _wait_for_disconnect(receive: Receive) -> None:
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
    raw_headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    # A response to HEAD has the length of the body that it leaves out.
    has_length = any(name.lower() == "content-length" for name, _ in headers)
    if status not in (204, 304) and not has_length:
        raw_headers.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": status, "headers": raw_headers})
    await send({"type": "http.response.body", "body": b"" if status in (204, 304) else body})


async def _respond_with_problem(send: Send, status: int, title: str, detail: str) -> None:
    problem = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    headers = (("content-type", "application/problem+json"),)
    await _respond(send, status, headers, msgspec.json.encode(problem))
