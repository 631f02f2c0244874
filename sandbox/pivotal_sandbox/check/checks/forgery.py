"""Forgery: who does not know the secret cannot make a signature that is accepted."""

import base64
import hashlib
import hmac
from collections.abc import Awaitable, Callable, Iterator

from pivotal_sandbox.check.assertions import refuses
from pivotal_sandbox.check.case import Case, Verdict, failed
from pivotal_sandbox.check.classify import is_ack, listed
from pivotal_sandbox.check.context import CheckContext
from pivotal_sandbox.check.request import CheckRequest
from pivotal_sandbox.signature import VERSION

OTHER_SECRET = "whsec_ThisIsTheSecretOfSomebodyElseEntirely00000000"
WEAK_KEYS = (
    "",
    "undefined",
    "null",
    "None",
    "nil",
    "secret",
    "changeme",
    "whsec_",
    "PIVOTAL_WEBHOOK_SECRET",
)
OTHER_TYPES = ("text/plain", "application/x-www-form-urlencoded")
KEPT = (0, 1, 4, 8, 22, 40)  # never 43: without its padding a signature is still complete


async def sig_missing(bench: CheckContext) -> Verdict:
    def shots() -> Iterator[CheckRequest]:
        yield bench.forged("no pivotal-signature header", bench.event(), signatures=[])
        # Verification that hangs on the JSON parser is not run for what is no JSON.
        for type in OTHER_TYPES:
            yield bench.forged(
                f"none, and content-type: {type}",
                bench.event(),
                signatures=[],
                headers=[("content-type", type)],
            )

    return await refuses(bench, shots())


async def sig_empty(bench: CheckContext) -> Verdict:
    def shots() -> Iterator[CheckRequest]:
        for value in ("", VERSION, f"{VERSION},t={bench.now()},sig="):
            yield bench.forged(f"{value!r} for a signature", bench.event(), signatures=[value])

    return await refuses(bench, shots())


async def sig_truncated(bench: CheckContext) -> Verdict:
    def shots() -> Iterator[CheckRequest]:
        for kept in KEPT:
            yield bench.resigned(
                f"the first {kept} of 44 characters",
                lambda body, t, kept=kept: bench.mac(body, t)[:kept],  # type: ignore[misc]
            )

    return await refuses(bench, shots())


def _malformed(t: int) -> dict[str, str]:
    """Return broken headers; the longest of lists is the one that real receivers trip over."""
    sig = base64.b64encode(bytes(32)).decode()
    return {
        "garbage": "garbage",
        "one comma": ",",
        "commas only": ",,,,",
        "equals signs only": "=,=,=",
        "semicolons": f"{VERSION};t={t};sig={sig}",
        "no version": f"t={t},sig={sig}",
        "no t": f"{VERSION},sig={sig}",
        "no sig": f"{VERSION},t={t}",
        "t without a value": f"{VERSION},t=,sig={sig}",
        "keys without values": f"{VERSION},t,sig",
        "t=abc": f"{VERSION},t=abc,sig={sig}",
        "t=NaN": f"{VERSION},t=NaN,sig={sig}",
        "t=-1": f"{VERSION},t=-1,sig={sig}",
        "t=1e9": f"{VERSION},t=1e9,sig={sig}",
        "a fraction in t": f"{VERSION},t={t}.5,sig={sig}",
        "t of 24 digits": f"{VERSION},t=1{'0' * 23},sig={sig}",
        "t in Arabic digits": f"{VERSION},t={_arabic(t)},sig={sig}",
        "sig is no base64": f"{VERSION},t={t},sig=!!!!",
        "sig of five characters": f"{VERSION},t={t},sig=AAAAA",
        "sig of zeros": f"{VERSION},t={t},sig={sig}",
        "sig in hexadecimal": f"{VERSION},t={t},sig={bytes(32).hex()}",
        "non-ASCII bytes in sig": f"{VERSION},t={t},sig=\xc3\xa9{sig[2:]}",
        "the byte FF": f"{VERSION},t={t},sig=\xff",
        "2 kB": f"{VERSION},t={t},sig={'A' * 2048}",
        "a JSON object": '{"t":1,"sig":"x"}',
    }


def _arabic(t: int) -> str:
    """Return the digits as other scripts write them, in UTF-8 as servers read it: Latin-1."""
    return str(t).translate({48 + n: 0x660 + n for n in range(10)}).encode().decode("latin-1")


async def sig_malformed(bench: CheckContext) -> Verdict:
    def shots() -> Iterator[CheckRequest]:
        for label, value in _malformed(bench.now()).items():
            yield bench.forged(label, bench.event(), signatures=[value])

    return await refuses(bench, shots())


async def sig_wrong_secret(bench: CheckContext) -> Verdict:
    shot = bench.resigned(
        "signed with another secret", lambda body, t: bench.mac(body, t, OTHER_SECRET)
    )
    return await refuses(bench, [shot])


async def sig_weak_key(bench: CheckContext) -> Verdict:
    def shots() -> Iterator[CheckRequest]:
        for key in WEAK_KEYS:
            yield bench.resigned(
                f"signed with the key {key!r}",
                lambda body, t, key=key: bench.mac(body, t, key),  # type: ignore[misc]
            )

    return await refuses(bench, shots())


async def version_downgrade(bench: CheckContext) -> Verdict:
    def shots(versions: tuple[str, ...]) -> Iterator[CheckRequest]:
        for version in versions:
            event, t = bench.event(), bench.now()
            header = f"{version},t={t},sig={bench.mac(event.body, t)}"
            yield bench.forged(f"version {version!r}", event, signatures=[header], t=t)

    verdict = await refuses(bench, shots(("v0", "v2", "", "none")))
    if verdict.outcome != "passed":
        return verdict
    upper = await bench.send_all(shots(("V1",)))
    if is_ack(upper[0]):
        return failed(f"accepted ({listed(upper)})", *upper, severity="should")
    return verdict


async def wrong_algorithm(bench: CheckContext) -> Verdict:
    secret = bench.settings.secret.encode()

    def message(body: bytes, t: int) -> bytes:
        return f"{t}.".encode() + body

    ways: dict[str, Callable[[bytes, int], bytes]] = {
        "HMAC-SHA1": lambda body, t: hmac.new(secret, message(body, t), "sha1").digest(),
        "HMAC-MD5": lambda body, t: hmac.new(secret, message(body, t), "md5").digest(),
        "SHA-256 without a key": lambda body, t: hashlib.sha256(message(body, t)).digest(),
        "SHA-256 of secret and message": lambda body, t: hashlib.sha256(
            secret + message(body, t)
        ).digest(),
    }

    def shots() -> Iterator[CheckRequest]:
        for label, way in ways.items():
            yield bench.resigned(
                label,
                lambda body, t, way=way: base64.b64encode(way(body, t)).decode(),  # type: ignore[misc]
            )

    return await refuses(bench, shots())


async def sig_casefolded(bench: CheckContext) -> Verdict:
    return await refuses(
        bench,
        [
            bench.resigned(
                "letters in the other case", lambda body, t: bench.mac(body, t).swapcase()
            )
        ],
    )


async def secret_revoked(bench: CheckContext) -> Verdict:
    revoked = bench.settings.revoked_secret
    return await refuses(
        bench,
        [
            bench.resigned(
                "signed with the revoked secret", lambda body, t: bench.mac(body, t, revoked)
            )
        ],
    )


def _case(
    id: str, title: str, run: Callable[[CheckContext], Awaitable[Verdict]], topic: str, reason: str
) -> Case:
    return Case(
        id, title, "authenticity", "must", "refused, by any 4xx", reason, topic, "hostile", run
    )


CASES = (
    _case(
        "sig-missing",
        "A request without a signature is refused",
        sig_missing,
        "verify",
        "Anyone who learns the URL can send events. The fault behind CVE-2026-33143 and many more: "
        "no check at all, or only where the header is there, or only in the parser of JSON, which "
        "is not asked where the content type is another.",
    ),
    _case(
        "sig-empty",
        "An empty signature is refused",
        sig_empty,
        "parse-header",
        "Code that finds nothing to compare tends to find no difference either.",
    ),
    _case(
        "sig-truncated",
        "The beginning of a right signature is not enough",
        sig_truncated,
        "compare",
        "A comparison that stops at the shorter of the two accepts an empty signature: "
        "CVE-2024-21491, a bypass in a widely used library.",
    ),
    _case(
        "sig-malformed",
        "A malformed signature header is refused, and nothing crashes",
        sig_malformed,
        "parse-header",
        "A header that makes the parser raise looks like an outage, and in Node can end the "
        "process: CVE-2023-50728. Anyone can send it.",
    ),
    _case(
        "sig-wrong-secret",
        "A signature made with another secret is refused",
        sig_wrong_secret,
        "verify",
        "It shows that the comparison decides anything: a verify() whose result nobody looks at "
        "accepts this.",
    ),
    _case(
        "sig-weak-key",
        "Signatures made with an empty or well-known key are refused",
        sig_weak_key,
        "weak-key",
        "Where the secret is not set, it is often the empty key or the word undefined that signs: "
        "CVE-2026-119037, CVE-2026-26077. Everybody knows those keys.",
    ),
    _case(
        "wrong-algorithm",
        "A digest by another algorithm is refused",
        wrong_algorithm,
        "algorithm",
        "A receiver that takes SHA-1 or an unkeyed hash as well is as strong as the weakest.",
    ),
    _case(
        "version-downgrade",
        "A signature of another version is refused",
        version_downgrade,
        "version",
        "Where the version is not looked at, an old and weaker scheme would be accepted for ever.",
    ),
    Case(
        "sig-casefolded",
        "Upper and lower case of a signature differ",
        "authenticity",
        "should",
        "refused, by any 4xx",
        "Comparing without case throws away one bit of nearly every character of the signature.",
        "compare",
        "hostile",
        sig_casefolded,
    ),
    Case(
        "secret-revoked",
        "A signature made with a revoked secret is refused",
        "authenticity",
        "must",
        "refused, by any 4xx",
        "A secret is rotated because somebody may know it. While the old one works, nothing was "
        "gained: CVE-2026-45005.",
        "rotation",
        "hostile",
        secret_revoked,
        ("revoked_secret",),
    ),
)
