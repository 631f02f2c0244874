"""Broken receivers: each the correct one with a step done as people do it, and who must notice.

Some are idioms of other languages, written down in this one; their docstrings name them.
"""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import re
import time
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from tests.check.receiver import SECRET, Receiver, Refused
from tests.check.server import Answer, Died, Request


@dataclass(frozen=True)
class Mutant:
    """A broken receiver, and the checks of which at least these must fail."""

    make: Callable[[], Receiver]
    killers: tuple[str, ...]
    probe: bool
    reads_chunks: bool = True
    timeout: float = 10.0
    among: tuple[str, ...] = ()


MUTANTS: dict[str, Mutant] = {}
R = TypeVar("R", bound=type[Receiver])


def caught_by(
    *killers: str, probe: bool = False, timeout: float = 10.0, among: tuple[str, ...] = ()
) -> Callable[[R], R]:
    """Register a broken receiver; `probe` where nothing but its effects shows it.

    `among` names the checks that run beside the killers; where it is empty, and a killer judges
    what all checks have seen, all do.
    """

    def register(made: R) -> R:
        name = re.sub("(?<=[a-z0-9])(?=[A-Z])", "-", made.__name__).lower()
        MUTANTS[name] = Mutant(made, killers, probe, timeout=timeout, among=among)
        return made

    return register


# What is not verified, or not always


@caught_by("sig-wrong-secret", "sig-missing")
class NoVerify(Receiver):
    async def verify(self, request: Request) -> None:
        pass


@caught_by("sig-missing", "ping-bypass")
class MissingOk(Receiver):
    """if (signature && !verify(signature)) return 401"""

    async def verify(self, request: Request) -> None:
        if self.header(request):
            await super().verify(request)


@caught_by("sig-missing")
class OnlyWhenPresent(Receiver):
    """if 'pivotal-signature' in request.headers: verify()"""

    async def verify(self, request: Request) -> None:
        if self.header(request) is not None:
            await super().verify(request)


@caught_by("sig-missing")
class VerifiesInJsonParser(Receiver):
    """express.json({verify}), and a parser beside it for what is no JSON: that one verifies nothing

    expressjs/body-parser#286: the callback is not run where the content type does not match.
    """

    async def verify(self, request: Request) -> None:
        if (request.get("content-type") or "").startswith("application/json"):
            await super().verify(request)


@caught_by("sig-wrong-secret")
class ReturnsMac(Receiver):
    """verify() returns the digest for the caller to compare, who only looks whether it is true"""

    def same(self, expected: str, given: str) -> bool:
        return bool(expected)


@caught_by("sig-wrong-secret")
class NotAwaited(Receiver):
    """if (verify(req)) in JavaScript, where verify is async: a promise is always true"""

    async def verify(self, request: Request) -> None:
        check = super().verify(request)
        if not check:
            raise Refused
        check.close()


@caught_by("sig-wrong-secret")
class SwallowsErrors(Receiver):
    """try: verify() except Exception: log it"""

    async def verify(self, request: Request) -> None:
        with contextlib.suppress(Exception):
            await super().verify(request)


@caught_by("ping-bypass")
class PingBypass(Receiver):
    async def verify(self, request: Request) -> None:
        if request.get("pivotal-event") != "webhook.ping":
            await super().verify(request)


@caught_by("sig-missing")
class TrustsLoopback(Receiver):
    """if request.remote_addr == '127.0.0.1': skip; behind a proxy that is everybody"""

    async def verify(self, request: Request) -> None:
        if not (request.get("host") or "").startswith("127.0.0.1"):
            await super().verify(request)


@caught_by("sig-wrong-secret")
class TrustsUserAgent(Receiver):
    async def verify(self, request: Request) -> None:
        if not (request.get("user-agent") or "").startswith("Pivotal-Webhooks/"):
            raise Refused


@caught_by("sig-wrong-secret")
class LooksAtFormOnly(Receiver):
    def same(self, expected: str, given: str) -> bool:
        return len(given) == len(expected)


# Keys


@caught_by("sig-weak-key")
class EmptyKey(Receiver):
    """secrets = os.environ['SECRETS'].split(','), with a comma at its end"""

    secrets = (SECRET, "")


@caught_by("sig-weak-key")
class UndefinedKey(Receiver):
    """`${process.env.OLD_SECRET}` where nothing is set"""

    secrets = (SECRET, "undefined")


@caught_by("sig-weak-key")
class NoneKey(Receiver):
    """str(os.environ.get('OLD_SECRET'))"""

    secrets = (SECRET, "None")


@caught_by("sig-weak-key")
class DefaultKey(Receiver):
    """os.environ.get('SECRET', 'changeme'), left in the list"""

    secrets = (SECRET, "changeme")


@caught_by("sig-weak-key")
class OnlyUndefinedKey(Receiver):
    """The variable has another name in production: all that is genuine is refused as well"""

    secrets = ("undefined",)


# Comparison


@caught_by("sig-truncated", "sig-empty")
class ZipCompare(Receiver):
    """all(a == b for a, b in zip(expected, given))"""

    def same(self, expected: str, given: str) -> bool:
        return all(a == b for a, b in zip(expected, given, strict=False))


@caught_by("sig-truncated")
class StartsWith(Receiver):
    def same(self, expected: str, given: str) -> bool:
        return expected.startswith(given)


@caught_by("sig-truncated")
class FirstEight(Receiver):
    """strncmp(expected, given, 8)"""

    def same(self, expected: str, given: str) -> bool:
        return expected[:8] == given[:8]


@caught_by("sig-empty")
class Contains(Receiver):
    """expected.includes(given)"""

    def same(self, expected: str, given: str) -> bool:
        return given in expected


@caught_by("sig-empty")
class EmptySigPasses(Receiver):
    """if (given && given !== expected) return 401"""

    def same(self, expected: str, given: str) -> bool:
        return not given or given == expected


@caught_by("sig-casefolded")
class CaseFold(Receiver):
    """given.equalsIgnoreCase(expected)"""

    def same(self, expected: str, given: str) -> bool:
        return expected.lower() == given.lower()


@caught_by("sig-wrong-secret")
class LooseEquality(Receiver):
    """if (strcmp($a, $b)) accept: it is 1 or -1, and so true, where they differ"""

    def same(self, expected: str, given: str) -> bool:
        return bool((given > expected) - (given < expected)) or given == expected


# The body


class Rewrites(Receiver):
    """Hashes what it parsed and wrote anew."""

    def rewritten(self, value: Any) -> bytes:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()

    def holds(self, body: bytes, header: str) -> bool:
        try:
            written = self.rewritten(json.loads(body))
        except (ValueError, RecursionError):
            raise Refused(400) from None
        return super().holds(written, header)


@caught_by("body-tampered", "body-numbers", "body-whitespace", "body-escapes", "body-keys")
class JsonStringify(Rewrites):
    """JSON.stringify(req.body)"""


@caught_by("body-tampered", "body-unicode", "body-numbers")
class CompactDumps(Rewrites):
    """json.dumps(request.json, separators=(',', ':'))"""

    def rewritten(self, value: Any) -> bytes:
        return json.dumps(value, separators=(",", ":")).encode()


@caught_by("valid-accepted")
class PlainDumps(Rewrites):
    """json.dumps(request.json)"""

    def rewritten(self, value: Any) -> bytes:
        return json.dumps(value).encode()


@caught_by("valid-accepted")
class SortedDumps(Rewrites):
    """Go's json.Marshal of a map sorts the keys"""

    def rewritten(self, value: Any) -> bytes:
        return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode()


@caught_by("body-tampered", "body-escapes", "body-unicode")
class PhpJsonEncode(Rewrites):
    r"""json_encode(json_decode($body)): slashes become \/, letters become escapes"""

    def rewritten(self, value: Any) -> bytes:
        return json.dumps(value, separators=(",", ":")).replace("/", "\\/").encode()


@caught_by("body-numbers")
class NumbersRewritten(Rewrites):
    """A float is written as an integer where it is one, as JavaScript does"""

    def rewritten(self, value: Any) -> bytes:
        text = super().rewritten(value).decode()
        return re.sub(r"(?<=[:,\[])(-?\d+)\.0(?=[,}\]])", r"\1", text).encode()


@caught_by("body-whitespace", "body-tampered")
class Strips(Receiver):
    def holds(self, body: bytes, header: str) -> bool:
        return super().holds(body.strip(), header)


@caught_by("body-whitespace", "body-tampered")
class ChompsOne(Receiver):
    """chomp, rtrim: a line end less"""

    def holds(self, body: bytes, header: str) -> bool:
        return super().holds(body.rstrip(b"\n"), header)


@caught_by("body-whitespace")
class NormalisesLines(Receiver):
    """A text mode reader turns CRLF into LF"""

    def holds(self, body: bytes, header: str) -> bool:
        return super().holds(body.replace(b"\r\n", b"\n"), header)


@caught_by("body-unicode")
class DecodesAscii(Receiver):
    """body.decode('ascii', 'ignore')"""

    def holds(self, body: bytes, header: str) -> bool:
        return super().holds(body.decode("ascii", "ignore").encode(), header)


@caught_by("body-unicode")
class DecodesLatin1(Receiver):
    """new String(bytes, ISO_8859_1).getBytes(UTF_8)"""

    def holds(self, body: bytes, header: str) -> bool:
        return super().holds(body.decode("latin-1").encode(), header)


@caught_by("body-unicode")
class NormalisesUnicode(Receiver):
    """A JSON library that composes letters: NFKC"""

    def holds(self, body: bytes, header: str) -> bool:
        text = unicodedata.normalize("NFKC", body.decode("utf-8", "replace"))
        return super().holds(text.replace("\u2028", "\\u2028").encode(), header)


@caught_by("body-64k")
class Limit32K(Receiver):
    def body(self, request: Request) -> bytes:
        if len(request.body) > 32 * 1024:
            raise Refused(413)
        return request.body


@caught_by("body-64k")
class LastChunkOnly(Receiver):
    """A body reader that keeps the last of several chunks (Plug's {:more, ...})"""

    def holds(self, body: bytes, header: str) -> bool:
        return super().holds(body[-(len(body) % 32768 or 32768) :], header)


@caught_by("body-64k")
class FirstBuffer(Receiver):
    """One read into a buffer of 8 KiB"""

    def holds(self, body: bytes, header: str) -> bool:
        return super().holds(body[:8192], header)


@caught_by("slow-body")
class SingleRecv(Receiver):
    """sock.recv(65536), once"""

    def body(self, request: Request) -> bytes:
        if request.pieces > 2:
            raise Refused(400)
        return request.body


@caught_by("body-escapes")
class UnescapesUnicode(Receiver):
    """Reads escapes before hashing"""

    def holds(self, body: bytes, header: str) -> bool:
        return super().holds(
            re.sub(rb"\\u00([0-9a-fA-F]{2})", lambda m: bytes([int(m[1], 16)]), body), header
        )


@caught_by("body-keys")
class DropsProto(Receiver):
    """A parser that is afraid of __proto__ and refuses it"""

    def holds(self, body: bytes, header: str) -> bool:
        return b"__proto__" not in body and super().holds(body, header)


# The timestamp


@caught_by("replay-stale", "future-timestamp")
class NoTolerance(Receiver):
    def fresh(self, t: int) -> bool:
        return True


@caught_by("future-timestamp")
class NoFuture(Receiver):
    """time() - $t > 300, which a future t never is"""

    def fresh(self, t: int) -> bool:
        return time.time() - t <= 300  # noqa: TID251


@caught_by("replay-stale")
class DayTolerance(Receiver):
    """300_000 in code that counts in seconds"""

    def fresh(self, t: int) -> bool:
        return abs(time.time() - t) <= 300_000  # noqa: TID251


@caught_by("clock-skew-tolerated")
class FiveSeconds(Receiver):
    def fresh(self, t: int) -> bool:
        return abs(time.time() - t) <= 5  # noqa: TID251


@caught_by("clock-skew-tolerated")
class NeverAhead(Receiver):
    def fresh(self, t: int) -> bool:
        return 0 <= time.time() - t <= 300  # noqa: TID251


@caught_by("mac-without-timestamp")
class BodyOnly(Receiver):
    """The older scheme is still accepted"""

    def expected(self, body: bytes, t: str, secret: str) -> list[str]:
        return [*super().expected(body, t, secret), self.mac(body, secret)]


@caught_by("valid-accepted", "mac-without-timestamp")
class TimestampNotSigned(Receiver):
    def expected(self, body: bytes, t: str, secret: str) -> list[str]:
        return [self.mac(body, secret)]


@caught_by("t-tampered")
class SignsRounded(Receiver):
    """The t that is signed is not the one that was sent"""

    def expected(self, body: bytes, t: str, secret: str) -> list[str]:
        times = range(int(t) - 10, int(t) + 11)
        return [self.mac(f"{near}.".encode() + body, secret) for near in times]


class Params(Receiver):
    """Reads the header as a map, so that one of two values wins."""

    def params(self, header: str) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for part in header.split(","):
            key, _, value = part.strip().partition("=")
            found.setdefault(key, []).append(value)
        return found

    def times(self, values: list[str]) -> tuple[str, str]:
        """Return which t is signed, and which is compared with the clock."""
        return values[0], values[0]

    def holds(self, body: bytes, header: str) -> bool:
        params = self.params(header)
        if header.split(",")[0] != "v1" or not params.get("sig") or not params.get("t"):
            return False
        signed, aged = self.times(params["t"])
        if not (re.fullmatch("[0-9]{1,12}", signed) and re.fullmatch("[0-9]{1,12}", aged)):
            return False
        [expected] = self.expected(body, signed, SECRET)
        return self.fresh(int(aged)) and self.same(expected, params["sig"][0])


@caught_by("dup-t-confusion")
class FirstSignedLastAged(Params):
    def times(self, values: list[str]) -> tuple[str, str]:
        return values[0], values[-1]


@caught_by("dup-t-confusion")
class LastSignedFirstAged(Params):
    def times(self, values: list[str]) -> tuple[str, str]:
        return values[-1], values[0]


# Version and algorithm


@caught_by("version-downgrade")
class AnyVersion(Receiver):
    def takes_version(self, version: str) -> bool:
        return True


@caught_by("version-downgrade")
class VersionZeroToo(Receiver):
    def takes_version(self, version: str) -> bool:
        return version in ("v0", "v1")


@caught_by("version-downgrade")
class VersionInAnyCase(Receiver):
    def takes_version(self, version: str) -> bool:
        return version.lower() == "v1"


@caught_by("wrong-algorithm")
class Sha1Too(Receiver):
    def expected(self, body: bytes, t: str, secret: str) -> list[str]:
        digest = hmac.new(secret.encode(), f"{t}.".encode() + body, "sha1").digest()
        return [*super().expected(body, t, secret), base64.b64encode(digest).decode()]


@caught_by("wrong-algorithm")
class KeylessToo(Receiver):
    def expected(self, body: bytes, t: str, secret: str) -> list[str]:
        digest = hashlib.sha256(f"{t}.".encode() + body).digest()
        return [*super().expected(body, t, secret), base64.b64encode(digest).decode()]


@caught_by("wrong-algorithm")
class LengthExtendable(Receiver):
    def expected(self, body: bytes, t: str, secret: str) -> list[str]:
        digest = hashlib.sha256(f"{secret}{t}.".encode() + body).digest()
        return [*super().expected(body, t, secret), base64.b64encode(digest).decode()]


@caught_by("valid-accepted")
class ComparesHex(Receiver):
    def mac(self, message: bytes, secret: str) -> str:
        return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


@caught_by("valid-accepted")
class SecretWithoutPrefix(Receiver):
    secrets = (SECRET.removeprefix("whsec_"),)


@caught_by("valid-accepted")
class SecretFromBase64(Receiver):
    """As Standard Webhooks has it"""

    def mac(self, message: bytes, secret: str) -> str:
        key = base64.b64decode(secret.removeprefix("whsec_") + "=")
        return base64.b64encode(hmac.new(key, message, hashlib.sha256).digest()).decode()


@caught_by("valid-accepted")
class EncodesWithNewline(Receiver):
    """Ruby's Base64.encode64 ends in a newline"""

    def mac(self, message: bytes, secret: str) -> str:
        return super().mac(message, secret) + "\n"


@caught_by("valid-accepted")
class SplitsAtEveryEquals(Receiver):
    """const [key, value] = part.split('=') drops the padding"""

    def same(self, expected: str, given: str) -> bool:
        return expected == given.split("=")[0]


@caught_by("valid-accepted")
class PlusBecomesSpace(Receiver):
    """parse_str, URLSearchParams: a form's decoding of the header; wrong in half of the cases"""

    def same(self, expected: str, given: str) -> bool:
        return f"{expected}+" == f"{given}+".replace("+", " ")


# What crashes


@caught_by("sig-malformed", "reject-status")
class CrashesOnMalformed(Receiver):
    """version, t, sig = header.split(',')"""

    async def verify(self, request: Request) -> None:
        header = self.header(request)
        if header is not None:
            _, _, _ = header.split(",")
        await super().verify(request)


@caught_by("sig-malformed")
class CrashesOnNonAscii(Receiver):
    """hmac.compare_digest of two str"""

    def same(self, expected: str, given: str) -> bool:
        return hmac.compare_digest(expected, given)


@caught_by("sig-malformed", "sig-empty")
class CrashesOnLength(Receiver):
    """crypto.timingSafeEqual throws where the lengths differ"""

    def same(self, expected: str, given: str) -> bool:
        if len(expected) != len(given):
            raise ValueError("RangeError")
        return expected == given


@caught_by("sig-malformed")
class CrashesOnBase64(Receiver):
    """base64.b64decode(sig) outside of a try"""

    def same(self, expected: str, given: str) -> bool:
        return base64.b64decode(given, validate=True) == base64.b64decode(expected)


@caught_by("sig-malformed")
class ReadsAnyDigits(Receiver):
    """int('١٧٩٥') is a number in Python, and then int() of something else raises"""

    def holds(self, body: bytes, header: str) -> bool:
        for part in header.split(","):
            if part.startswith("t="):
                int(part[2:])
        return super().holds(body, header)


@caught_by("sig-missing", "reject-status")
class CrashesWithoutHeader(Receiver):
    """request.headers['pivotal-signature'] raises KeyError"""

    async def verify(self, request: Request) -> None:
        assert self.header(request) is not None
        await super().verify(request)


@caught_by("sig-malformed", "still-alive")
class DiesOnLength(Receiver):
    """An exception in a callback ends a Node process"""

    def same(self, expected: str, given: str) -> bool:
        if len(given) not in (0, 1, 4, 8, 22, 40, 44):
            raise Died
        return super().same(expected, given)


@caught_by("dup-signature-header")
class ArrayHeader(Receiver):
    """A framework gives a list where a header is repeated, and a list has no split"""

    def header(self, request: Request) -> str | None:
        values = request.all("pivotal-signature")
        assert len(values) < 2
        return values[0] if values else None


@caught_by("signed-bad-shape")
class TrustsShape(Receiver):
    """event['id'] of whatever was parsed"""

    def parse(self, body: bytes) -> dict[str, Any]:
        event = json.loads(body)
        return {**event, "id": event["id"].strip(), "type": event["type"].strip()}


@caught_by("reject-status")
class ParsesFirst(Receiver):
    async def __call__(self, request: Request) -> Answer:
        if request.get("pivotal-signature") is None:
            raise ValueError
        return await super().__call__(request)


@caught_by("body-hostile")
class NullBreaksDatabase(Receiver):
    """PostgreSQL's jsonb takes no null character"""

    async def work(self, request: Request, event: dict[str, Any]) -> None:
        assert "\\u0000" not in json.dumps(event)
        await super().work(request, event)


@caught_by("body-hostile")
class SurrogateBreaksEncoder(Receiver):
    async def work(self, request: Request, event: dict[str, Any]) -> None:
        json.dumps(event, ensure_ascii=False).encode()
        await super().work(request, event)


# Wrong answers


@caught_by("sig-wrong-secret", "sig-missing")
class BadSignatureOk(Receiver):
    """return 200 whatever happened, so that nobody retries; nothing is done, but who could tell"""

    async def __call__(self, request: Request) -> Answer:
        answer = await super().__call__(request)
        return Answer(200) if answer.status == 401 else answer


@caught_by("reject-status")
class BadSignature500(Receiver):
    """throw new Error('invalid signature')"""

    async def verify(self, request: Request) -> None:
        try:
            await super().verify(request)
        except Refused:
            raise ValueError("invalid signature") from None


@caught_by("reject-status")
class BadSignature410(Receiver):
    async def verify(self, request: Request) -> None:
        try:
            await super().verify(request)
        except Refused:
            raise Refused(410) from None


@caught_by("reject-status")
class RedirectsToLogin(Receiver):
    async def __call__(self, request: Request) -> Answer:
        answer = await super().__call__(request)
        return Answer(302, headers={"location": "/login"}) if answer.status == 401 else answer


@caught_by("unknown-type-acked")
class Unknown400(Receiver):
    async def work(self, request: Request, event: dict[str, Any]) -> None:
        if event["type"] == "customer.escalated":
            raise Refused(400)
        await super().work(request, event)


@caught_by("unknown-type-acked")
class UnknownRaises(Receiver):
    """handlers[event['type']](event)"""

    async def work(self, request: Request, event: dict[str, Any]) -> None:
        {"customer.at_risk": 1, "customer.updated": 1, "webhook.ping": 1}[event["type"]]
        await super().work(request, event)


@caught_by("ping-accepted")
class Ping404(Receiver):
    async def work(self, request: Request, event: dict[str, Any]) -> None:
        if event["type"] == "webhook.ping":
            raise Refused(404)
        await super().work(request, event)


@caught_by("unknown-fields-acked")
class StrictSchema(Receiver):
    """extra = 'forbid'"""

    def parse(self, body: bytes) -> dict[str, Any]:
        event = super().parse(body)
        if set(event) - {"id", "type", "created_at", "data"}:
            raise Refused(422)
        return event


@caught_by("retry-identical")
class Duplicate409(Receiver):
    def duplicate(self) -> Answer:
        return Answer(409)


@caught_by("no-redirect")
class TrailingSlash(Receiver):
    def route(self, request: Request) -> None:
        raise Refused(308)


@caught_by("valid-accepted")
class Csrf(Receiver):
    def route(self, request: Request) -> None:
        raise Refused(403, b"CSRF verification failed. Request aborted.")


@caught_by("valid-accepted")
class WrongPath(Receiver):
    def route(self, request: Request) -> None:
        raise Refused(404)


@caught_by("content-type-charset")
class ExactContentType(Receiver):
    def route(self, request: Request) -> None:
        if request.get("content-type") != "application/json":
            raise Refused(415)


@caught_by("header-case")
class CaseSensitiveHeaders(Receiver):
    def header(self, request: Request) -> str | None:
        return dict(request.headers).get("pivotal-signature")


@caught_by("burst")
class RateLimit(Receiver):
    """Ten requests at a time"""

    def __init__(self) -> None:
        super().__init__()
        self.busy = 0

    async def __call__(self, request: Request) -> Answer:
        if self.busy >= 10:
            return Answer(429)
        self.busy += 1
        try:
            await asyncio.sleep(0.01)  # noqa: TID251
            return await super().__call__(request)
        finally:
            self.busy -= 1


# Long enough that a busy machine makes neither of a quick answer, and so with few checks.
_ACKED = ("ping-accepted", "valid-accepted", "unknown-type-acked", "unknown-fields-acked")


@caught_by("ack-latency", timeout=2.0, among=_ACKED)
class SlowWork(Receiver):
    """Calls three other services before it answers"""

    async def work(self, request: Request, event: dict[str, Any]) -> None:
        if event["type"] == "customer.escalated":
            await asyncio.sleep(2.5)  # noqa: TID251
        await super().work(request, event)


@caught_by("ack-latency", timeout=2.0, among=_ACKED)
class ThirdOfTimeout(Receiver):
    async def __call__(self, request: Request) -> Answer:
        answer = await super().__call__(request)
        if answer.status == 200:
            await asyncio.sleep(0.8)  # noqa: TID251
        return answer


@caught_by("leak-secret")
class LeaksExpected(Receiver):
    """{"error": "expected ..., got ..."}"""

    async def __call__(self, request: Request) -> Answer:
        answer = await super().__call__(request)
        t = re.search("t=([0-9]{1,12})", self.header(request) or "")
        if answer.status == 401 and t:
            [expected] = self.expected(request.body, t[1], SECRET)
            return Answer(401, f'{{"expected":"{expected}"}}'.encode())
        return answer


@caught_by("leak-secret")
class LeaksSecret(Receiver):
    """A debug page that lists the settings"""

    async def __call__(self, request: Request) -> Answer:
        answer = await super().__call__(request)
        return Answer(401, f"SECRET={SECRET}".encode()) if answer.status == 401 else answer


@caught_by("leak-stacktrace")
class LeaksTrace(Receiver):
    async def __call__(self, request: Request) -> Answer:
        answer = await super().__call__(request)
        if answer.status == 401:
            text = b'Traceback (most recent call last):\n  File "/srv/app.py", line 12, in verify\n'
            return Answer(401, text)
        return answer


@caught_by("leak-stacktrace")
class LeaksNodeTrace(Receiver):
    async def __call__(self, request: Request) -> Answer:
        answer = await super().__call__(request)
        text = b"Error: bad\n    at verify (/srv/app/verify.js:12:9)\n"
        return Answer(401, text) if answer.status == 401 else answer


# What only effects show


@caught_by("retry-identical", "replay-new-delivery-id", probe=True)
class NoDedupe(Receiver):
    async def process(self, request: Request, event: dict[str, Any]) -> Answer:
        self.claimed.clear()
        return await super().process(request, event)


@caught_by("replay-new-delivery-id", "distinct-events-same-delivery-id", probe=True)
class DedupesDelivery(Receiver):
    def key(self, request: Request, event: dict[str, Any]) -> str:
        return request.get("pivotal-delivery-id") or ""


@caught_by("replay-new-delivery-id", probe=True)
class DedupesBoth(Receiver):
    """A unique key over both ids"""

    def key(self, request: Request, event: dict[str, Any]) -> str:
        return f"{event['id']}/{request.get('pivotal-delivery-id')}"


@caught_by("same-data-new-id", probe=True)
class DedupesContent(Receiver):
    def key(self, request: Request, event: dict[str, Any]) -> str:
        return hashlib.sha256(json.dumps(event["data"]).encode()).hexdigest()


@caught_by("same-data-new-id", probe=True)
class DedupesCustomer(Receiver):
    """One event per customer and type"""

    def key(self, request: Request, event: dict[str, Any]) -> str:
        return f"{event['type']}/{event['data'].get('id')}"


@caught_by("replay-new-delivery-id", probe=True)
class DedupesSignature(Receiver):
    def key(self, request: Request, event: dict[str, Any]) -> str:
        return f"{request.get('pivotal-signature')}/{request.get('pivotal-delivery-id')}"


@caught_by("retry-identical", probe=True)
class ForgetsQuickly(Receiver):
    """A cache of ids with a lifetime shorter than the retries"""

    async def process(self, request: Request, event: dict[str, Any]) -> Answer:
        asyncio.get_running_loop().call_later(0.1, self.claimed.discard, event["id"])
        return await super().process(request, event)


@caught_by("retry-identical", probe=True)
class DoublesLater(NoDedupe):
    """A queue in between: the second effect comes long after the answer"""

    async def work(self, request: Request, event: dict[str, Any]) -> None:
        later = super().work

        async def run() -> None:
            await asyncio.sleep(0.4)  # noqa: TID251
            await later(request, event)

        self.state[str(len(self.state))] = asyncio.create_task(run())


@caught_by("concurrent-duplicates", probe=True)
class Race(Receiver):
    """Look first, act, note it down"""

    async def process(self, request: Request, event: dict[str, Any]) -> Answer:
        if event["id"] in self.claimed:
            return self.duplicate()
        await asyncio.sleep(0.02)  # noqa: TID251
        self.claimed.discard(event["id"])
        return await super().process(request, event)


@caught_by("forged-does-not-burn-id", probe=True)
class BurnsId(Receiver):
    async def verify(self, request: Request) -> None:
        with contextlib.suppress(ValueError):
            id = json.loads(request.body)["id"]
            if id in self.state.setdefault("seen", set()):
                raise Refused(200)
            self.state["seen"].add(id)
        try:
            await super().verify(request)
        except Refused as refused:
            self.state["refused"] = refused
            raise


@caught_by("fail-then-retry", probe=True)
class MarksBefore(Receiver):
    async def process(self, request: Request, event: dict[str, Any]) -> Answer:
        answer = await super().process(request, event)
        if answer.status == 500:
            self.claimed.add(event["id"])
        return answer


@caught_by("fail-then-retry", probe=True)
class WorksThenFails(Receiver):
    """The work is not rolled back with the failure"""

    async def process(self, request: Request, event: dict[str, Any]) -> Answer:
        answer = await super().process(request, event)
        if answer.status == 500:
            await self.work(request, event)
        return answer


@caught_by("event-header-spoof", probe=True)
class RoutesByHeader(Receiver):
    def type(self, request: Request, event: dict[str, Any]) -> str:
        return request.get("pivotal-event") or ""


@caught_by("aborted-then-retry", probe=True)
class ClaimsOnHalfABody(Receiver):
    """Finds the id in the first bytes, notes it down, and then the connection breaks"""

    async def cut_short(self, body: bytes) -> None:
        if found := re.search(rb'"id":"(evt_\w+)"', body):
            self.claimed.add(found[1].decode())


@caught_by("sig-wrong-secret", probe=True)
class ActsOnRefused(Receiver):
    """Answers 401, and does the work all the same: a missing return"""

    async def verify(self, request: Request) -> None:
        try:
            await super().verify(request)
        except Refused:
            with contextlib.suppress(Refused):
                await self.process(request, self.parse(request.body))
            raise


@caught_by("out-of-order")
class RefusesOlder(Receiver):
    async def work(self, request: Request, event: dict[str, Any]) -> None:
        latest = self.state.setdefault("latest", {})
        key = event["data"].get("id")
        if event["created_at"] < latest.get(key, ""):
            raise Refused(409)
        latest[key] = event["created_at"]
        await super().work(request, event)


@caught_by("burst", probe=True)
class DropsWhenBusy(Receiver):
    """An in-memory queue of ten that drops what does not fit, after the 202"""

    def __init__(self) -> None:
        super().__init__()
        self.queued = 0

    async def work(self, request: Request, event: dict[str, Any]) -> None:
        if self.queued >= 10:
            return
        self.queued += 1
        await asyncio.sleep(0.01)  # noqa: TID251
        self.queued -= 1
        await super().work(request, event)
