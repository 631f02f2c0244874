"""A correct receiver in small steps, so that a broken one is this one with a step done wrongly."""

import base64
import hashlib
import hmac
import json
import re
import time
from collections import Counter
from typing import Any

from tests.check.server import Answer, Request

SECRET = "whsec_4fJ9sK2mX7pQ1tV8bN3zC6wR5yL0hD2gA9uE4kT7iO1"
TOLERANCE = 300


class Refused(Exception):
    """The request is answered with this, and nothing is done."""

    def __init__(self, status: int = 401, body: bytes = b"") -> None:
        super().__init__(status)
        self.answer = Answer(status, body)


class Receiver:
    """Verifies the raw body, parses it, claims the event's id, does the work once."""

    secrets: tuple[str, ...] = (SECRET,)
    timestamp = "[0-9]{1,12}"

    def __init__(self) -> None:
        self.effects: Counter[str] = Counter()
        self.claimed: set[str] = set()
        self.state: dict[str, Any] = {}

    async def __call__(self, request: Request) -> Answer:
        try:
            self.route(request)
            await self.verify(request)
            return await self.process(request, self.parse(self.body(request)))
        except Refused as refused:
            return refused.answer

    def route(self, request: Request) -> None:
        if request.method != "POST":
            raise Refused(405)

    def body(self, request: Request) -> bytes:
        return request.body

    def header(self, request: Request) -> str | None:
        return request.get("pivotal-signature")

    async def verify(self, request: Request) -> None:
        header = self.header(request)
        if header is None:
            raise Refused
        if not self.holds(self.body(request), header):
            raise Refused

    def holds(self, body: bytes, header: str) -> bool:
        version, *parts = header.split(",")
        pairs = [part.partition("=")[::2] for part in parts]
        times = [value for key, value in pairs if key == "t"]
        sigs = [value for key, value in pairs if key == "sig"]
        if not self.takes_version(version) or len(times) != 1:
            return False
        [t] = times
        if not re.fullmatch(self.timestamp, t) or not self.fresh(int(t)):
            return False
        return any(
            self.same(expected, sig)
            for secret in self.secrets
            for expected in self.expected(body, t, secret)
            for sig in sigs
        )

    def takes_version(self, version: str) -> bool:
        return version == "v1"

    def fresh(self, t: int) -> bool:
        return abs(time.time() - t) <= TOLERANCE  # noqa: TID251

    def expected(self, body: bytes, t: str, secret: str) -> list[str]:
        return [self.mac(f"{t}.".encode() + body, secret)]

    def mac(self, message: bytes, secret: str) -> str:
        return base64.b64encode(
            hmac.new(secret.encode(), message, hashlib.sha256).digest()
        ).decode()

    def same(self, expected: str, given: str) -> bool:
        return hmac.compare_digest(expected.encode(), given.encode())

    def parse(self, body: bytes) -> dict[str, Any]:
        try:
            event = json.loads(body.decode())
        except (ValueError, RecursionError):
            raise Refused(400) from None
        if not isinstance(event, dict):
            raise Refused(400)
        if not isinstance(event.get("id"), str) or not isinstance(event.get("type"), str):
            raise Refused(400)
        if not isinstance(event.get("data"), dict):
            raise Refused(400)
        return event

    async def process(self, request: Request, event: dict[str, Any]) -> Answer:
        key = self.key(request, event)
        if key in self.claimed:
            return self.duplicate()
        self.claimed.add(key)
        if event["data"].get("fault") == "once" and "fault" not in self.state:
            self.state["fault"] = True
            self.claimed.discard(key)
            return Answer(500)
        await self.work(request, event)
        return self.done()

    def key(self, request: Request, event: dict[str, Any]) -> str:
        return str(event["id"])

    async def work(self, request: Request, event: dict[str, Any]) -> None:
        if self.type(request, event) != "webhook.ping":
            self.effects[event["id"]] += 1

    def type(self, request: Request, event: dict[str, Any]) -> str:
        return str(event["type"])

    def done(self) -> Answer:
        return Answer(200, b"ok")

    def duplicate(self) -> Answer:
        return Answer(200, b"ok")

    def close(self) -> None:
        """Let go of what is held."""

    def probe(self, id: str) -> int:
        return self.effects[id]
