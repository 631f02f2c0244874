"""The usual mistakes are recognised by what a receiver accepts in place of the real thing."""

import base64
import hashlib
import hmac
from typing import Any

import pytest
from tests.check.broken import (
    ComparesHex,
    PlainDumps,
    Rewrites,
    SecretFromBase64,
    SecretWithoutPrefix,
    SortedDumps,
    TimestampNotSigned,
)
from tests.check.receiver import SECRET, Receiver
from tests.check.receivers import run_one
from tests.check.server import Request
from tests.check.test_context import make_context

from pivotal_sandbox.check.diagnosis import diagnose
from pivotal_sandbox.check.model import Exchange


class WithoutDot(Receiver):
    def expected(self, body: bytes, t: str, secret: str) -> list[str]:
        return [self.mac(t.encode() + body, secret)]


class WithNewline(Receiver):
    def expected(self, body: bytes, t: str, secret: str) -> list[str]:
        return [self.mac(f"{t}.".encode() + body + b"\n", secret)]


class SecretWithNewline(Receiver):
    secrets = (SECRET + "\n",)


class UrlSafe(Receiver):
    def mac(self, message: bytes, secret: str) -> str:
        digest = hmac.new(secret.encode(), message, hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")


class UrlSafePadded(Receiver):
    def mac(self, message: bytes, secret: str) -> str:
        digest = hmac.new(secret.encode(), message, hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).decode()


class Unpadded(Receiver):
    def mac(self, message: bytes, secret: str) -> str:
        return super().mac(message, secret).rstrip("=")


class Sha512(Receiver):
    def mac(self, message: bytes, secret: str) -> str:
        return base64.b64encode(hmac.digest(secret.encode(), message, "sha512")).decode()


class Sha1(Receiver):
    def mac(self, message: bytes, secret: str) -> str:
        return base64.b64encode(hmac.digest(secret.encode(), message, "sha1")).decode()


class AsStandardWebhooks(Receiver):
    """The delivery id is before t in what is signed"""

    async def verify(self, request: Request) -> None:
        self.state["id"] = request.get("pivotal-delivery-id") or ""
        await super().verify(request)

    def expected(self, body: bytes, t: str, secret: str) -> list[str]:
        return [self.mac(f"{self.state['id']}.{t}.".encode() + body, secret)]


class Milliseconds(Receiver):
    timestamp = "[0-9]+"

    def fresh(self, t: int) -> bool:
        return super().fresh(t // 1000)


class Unknowable(Rewrites):
    def rewritten(self, value: Any) -> bytes:
        return b"constant"


@pytest.mark.parametrize(
    ("receiver", "words"),
    [
        (PlainDumps, "as Python's json.dumps spaces it"),
        (SortedDumps, "once its keys are sorted"),
        (ComparesHex, "hexadecimal"),
        (UrlSafe, "url-safe base64 without padding only"),
        (UrlSafePadded, "url-safe base64 only"),
        (Unpadded, "base64 without padding only"),
        (Sha512, "HMAC-SHA512"),
        (Sha1, "HMAC-SHA1"),
        (AsStandardWebhooks, "over delivery id, t and body"),
        (TimestampNotSigned, "over the body alone"),
        (WithoutDot, "without the dot"),
        (WithNewline, "the body and a newline"),
        (SecretWithoutPrefix, "without whsec_"),
        (SecretFromBase64, "decoded from base64"),
        (SecretWithNewline, "a newline behind it"),
        (Milliseconds, "milliseconds"),
    ],
)
def test_common_mistake_is_diagnosed(receiver: type[Receiver], words: str) -> None:
    [result] = run_one(receiver(), only=["valid-accepted"]).results
    assert result.outcome == "failed"
    assert words in result.observed
    assert result.requests[1].label.startswith("diagnosis: ")


@pytest.mark.parametrize("seed", range(8))
def test_base64_mistake_shows_in_the_first_request(seed: int) -> None:
    [result] = run_one(UrlSafePadded(), only=["valid-accepted"], seed=seed).results
    assert "url-safe" in result.observed


def test_uncommon_mistake_is_not_diagnosed() -> None:
    [result] = run_one(Unknowable(), only=["valid-accepted"]).results
    assert result.observed == "answered 401: LOST, Pivotal does not retry this"


async def test_only_refusals_are_diagnosed() -> None:
    context = make_context()
    assert await diagnose(context, Exchange(b"", 0, 404, None, b"", 1.0)) is None
    assert not context.log


def test_secret_that_is_not_base64_can_be_diagnosed() -> None:
    class Odd(Unknowable):
        secrets = ("whsec_abcde",)

    [result] = run_one(Odd(), only=["valid-accepted"]).results
    assert result.outcome == "failed"
