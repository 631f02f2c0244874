"""Forgery checks: without the secret, no signature is accepted."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterator

from pivotal_sandbox.check.assertions import expect_refusal
from pivotal_sandbox.check.case import check
from pivotal_sandbox.check.classify import is_ack, list_answers
from pivotal_sandbox.check.context import CheckContext
from pivotal_sandbox.check.request import CheckRequest
from pivotal_sandbox.check.verdicts import (
    Verdict,
    failed,
)
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
OTHER_CONTENT_TYPES = ("text/plain", "application/x-www-form-urlencoded")
KEPT_LENGTHS = (0, 1, 4, 8, 22, 40)  # never 43: without its padding a signature is still complete


@check(
    "sig-missing",
    title="A request without a signature is refused",
    group="authenticity",
    severity="must",
    stage="hostile",
    expected="refused, by any 4xx",
    reason=(
        "Anyone who learns the URL can send events. The fault behind CVE-2026-33143 and many "
        "more: no check at all, or only where the header is there, or only in the parser of "
        "JSON, which is not asked where the content type is another."
    ),
    topic="verify",
)
async def sig_missing(context: CheckContext) -> Verdict:
    def requests() -> Iterator[CheckRequest]:
        yield context.build_forged(
            "no pivotal-signature header", context.new_event(), signatures=[]
        )
        # Verification inside a JSON parser does not run for other content types.
        for type in OTHER_CONTENT_TYPES:
            yield context.build_forged(
                f"none, and content-type: {type}",
                context.new_event(),
                signatures=[],
                headers=[("content-type", type)],
            )

    return await expect_refusal(context, requests())


@check(
    "sig-empty",
    title="An empty signature is refused",
    group="authenticity",
    severity="must",
    stage="hostile",
    expected="refused, by any 4xx",
    reason="Code that finds nothing to compare tends to find no difference either.",
    topic="parse-header",
)
async def sig_empty(context: CheckContext) -> Verdict:
    def requests() -> Iterator[CheckRequest]:
        for value in ("", VERSION, f"{VERSION},t={context.now()},sig="):
            yield context.build_forged(
                f"{value!r} for a signature", context.new_event(), signatures=[value]
            )

    return await expect_refusal(context, requests())


@check(
    "sig-truncated",
    title="The beginning of a right signature is not enough",
    group="authenticity",
    severity="must",
    stage="hostile",
    expected="refused, by any 4xx",
    reason=(
        "A comparison that stops at the shorter of the two accepts an empty signature: "
        "CVE-2024-21491, a bypass in a widely used library."
    ),
    topic="compare",
)
async def sig_truncated(context: CheckContext) -> Verdict:
    def requests() -> Iterator[CheckRequest]:
        for length in KEPT_LENGTHS:
            yield context.build_resigned(
                f"the first {length} of 44 characters",
                lambda body, t, length=length: context.sign(body, t)[:length],  # type: ignore[misc]
            )

    return await expect_refusal(context, requests())


def _malformed_headers(t: int) -> dict[str, str]:
    """Return malformed signature headers by label, each of which broke a real receiver."""
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
        "t in Arabic digits": f"{VERSION},t={_arabic_digits(t)},sig={sig}",
        "sig is no base64": f"{VERSION},t={t},sig=!!!!",
        "sig of five characters": f"{VERSION},t={t},sig=AAAAA",
        "sig of zeros": f"{VERSION},t={t},sig={sig}",
        "sig in hexadecimal": f"{VERSION},t={t},sig={bytes(32).hex()}",
        "non-ASCII bytes in sig": f"{VERSION},t={t},sig=\xc3\xa9{sig[2:]}",
        "the byte FF": f"{VERSION},t={t},sig=\xff",
        "2 kB": f"{VERSION},t={t},sig={'A' * 2048}",
        "a JSON object": '{"t":1,"sig":"x"}',
    }


def _arabic_digits(t: int) -> str:
    """Return Arabic digits as UTF-8 bytes, decoded as Latin-1 as servers read headers."""
    return str(t).translate({48 + n: 0x660 + n for n in range(10)}).encode().decode("latin-1")


@check(
    "sig-malformed",
    title="A malformed signature header is refused, and nothing crashes",
    group="authenticity",
    severity="must",
    stage="hostile",
    expected="refused, by any 4xx",
    reason=(
        "A header that makes the parser raise looks like an outage, and in Node can end the "
        "process: CVE-2023-50728. Anyone can send it."
    ),
    topic="parse-header",
)
async def sig_malformed(context: CheckContext) -> Verdict:
    def requests() -> Iterator[CheckRequest]:
        for label, value in _malformed_headers(context.now()).items():
            yield context.build_forged(label, context.new_event(), signatures=[value])

    return await expect_refusal(context, requests())


@check(
    "sig-wrong-secret",
    title="A signature made with another secret is refused",
    group="authenticity",
    severity="must",
    stage="hostile",
    expected="refused, by any 4xx",
    reason=(
        "It shows that the comparison decides anything: a verify() whose result nobody looks at "
        "accepts this."
    ),
    topic="verify",
)
async def sig_wrong_secret(context: CheckContext) -> Verdict:
    request = context.build_resigned(
        "signed with another secret", lambda body, t: context.sign(body, t, OTHER_SECRET)
    )
    return await expect_refusal(context, [request])


@check(
    "sig-weak-key",
    title="Signatures made with an empty or well-known key are refused",
    group="authenticity",
    severity="must",
    stage="hostile",
    expected="refused, by any 4xx",
    reason=(
        "Where the secret is not set, it is often the empty key or the word undefined that "
        "signs: CVE-2026-119037, CVE-2026-26077. Everybody knows those keys."
    ),
    topic="weak-key",
)
async def sig_weak_key(context: CheckContext) -> Verdict:
    def requests() -> Iterator[CheckRequest]:
        for key in WEAK_KEYS:
            yield context.build_resigned(
                f"signed with the key {key!r}",
                lambda body, t, key=key: context.sign(body, t, key),  # type: ignore[misc]
            )

    return await expect_refusal(context, requests())


@check(
    "version-downgrade",
    title="A signature of another version is refused",
    group="authenticity",
    severity="must",
    stage="hostile",
    expected="refused, by any 4xx",
    reason=(
        "Where the version is not looked at, an old and weaker scheme would be accepted for ever."
    ),
    topic="version",
)
async def version_downgrade(context: CheckContext) -> Verdict:
    def requests(versions: tuple[str, ...]) -> Iterator[CheckRequest]:
        for version in versions:
            event, t = context.new_event(), context.now()
            header = f"{version},t={t},sig={context.sign(event.body, t)}"
            yield context.build_forged(f"version {version!r}", event, signatures=[header], t=t)

    verdict = await expect_refusal(context, requests(("v0", "v2", "", "none")))
    if verdict.outcome != "passed":
        return verdict
    uppercase = await context.send_all(requests(("V1",)))
    if is_ack(uppercase[0]):
        return failed(f"accepted ({list_answers(uppercase)})", *uppercase, severity="should")
    return verdict


@check(
    "wrong-algorithm",
    title="A digest by another algorithm is refused",
    group="authenticity",
    severity="must",
    stage="hostile",
    expected="refused, by any 4xx",
    reason="A receiver that takes SHA-1 or an unkeyed hash as well is as strong as the weakest.",
    topic="algorithm",
)
async def wrong_algorithm(context: CheckContext) -> Verdict:
    secret = context.settings.secret.encode()

    def message(body: bytes, t: int) -> bytes:
        return f"{t}.".encode() + body

    digests: dict[str, Callable[[bytes, int], bytes]] = {
        "HMAC-SHA1": lambda body, t: hmac.new(secret, message(body, t), "sha1").digest(),
        "HMAC-MD5": lambda body, t: hmac.new(secret, message(body, t), "md5").digest(),
        "SHA-256 without a key": lambda body, t: hashlib.sha256(message(body, t)).digest(),
        "SHA-256 of secret and message": lambda body, t: hashlib.sha256(
            secret + message(body, t)
        ).digest(),
    }

    def requests() -> Iterator[CheckRequest]:
        for label, digest in digests.items():
            yield context.build_resigned(
                label,
                lambda body, t, digest=digest: base64.b64encode(digest(body, t)).decode(),  # type: ignore[misc]
            )

    return await expect_refusal(context, requests())


@check(
    "sig-casefolded",
    title="Upper and lower case of a signature differ",
    group="authenticity",
    severity="should",
    stage="hostile",
    expected="refused, by any 4xx",
    reason="Comparing without case throws away one bit of nearly every character of the signature.",
    topic="compare",
)
async def sig_casefolded(context: CheckContext) -> Verdict:
    return await expect_refusal(
        context,
        [
            context.build_resigned(
                "letters in the other case", lambda body, t: context.sign(body, t).swapcase()
            )
        ],
    )


@check(
    "secret-revoked",
    title="A signature made with a revoked secret is refused",
    group="authenticity",
    severity="must",
    stage="hostile",
    needs=("revoked_secret",),
    expected="refused, by any 4xx",
    reason=(
        "A secret is rotated because somebody may know it. While the old one works, nothing was "
        "gained: CVE-2026-45005."
    ),
    topic="rotation",
)
async def secret_revoked(context: CheckContext) -> Verdict:
    revoked = context.settings.options.revoked_secret
    return await expect_refusal(
        context,
        [
            context.build_resigned(
                "signed with the revoked secret", lambda body, t: context.sign(body, t, revoked)
            )
        ],
    )
