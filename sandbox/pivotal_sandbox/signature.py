"""Pivotal's signature: `pivotal-signature: v1,t=<unix seconds>,sig=<base64>`.

`sig` is the standard, padded base64 of HMAC-SHA256. Its key is the whole secret as shown, prefix
included, in UTF-8; its message is the decimal `t`, one dot, and the raw bytes of the body.
"""

import base64
import hmac
import re
from collections.abc import Sequence

from pivotal_sandbox.errors import InputError, SignatureError

VERSION = "v1"
TOLERANCE = 300  # seconds, both ways, boundary included

_TIMESTAMP = re.compile("[0-9]{1,12}")
_BYTES = (bytes, bytearray, memoryview)


def mac(body: bytes, secret: str, timestamp: int | str) -> str:
    """Return the base64 of HMAC-SHA256 over `timestamp`, a dot and `body`."""
    # Not hmac.digest: that one gives up the interpreter's lock, which costs more than the digest.
    digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, "sha256").digest()
    return base64.b64encode(digest).decode()


def sign(body: bytes, secret: str, *, timestamp: int) -> str:
    """Return the value of the `pivotal-signature` header for `body`.

    `timestamp` is in whole Unix seconds. Raises `InputError` for a body that is no bytes, a secret
    that is empty or has no UTF-8 bytes, and a timestamp that the header cannot carry (it has room
    for 1 to 12 digits).
    """
    return sign_all(body, [secret], timestamp=timestamp)


class Signer:
    """Signs one body after the other as `sign` does, at less than half of its price.

    What depends on the secret alone is computed once, and what depends on the second once in it.
    Raises `InputError` as `sign` does.
    """

    def __init__(self, secret: str) -> None:
        sign(b"", secret, timestamp=0)  # for its errors
        self._secret = secret
        self._keyed = hmac.new(secret.encode(), b"", "sha256")
        self._timestamp: int | None = None

    def sign(self, body: bytes, *, timestamp: int) -> bytes:
        """Return the value of the header, in ASCII."""
        if timestamp != self._timestamp:
            head, sig, _ = sign(b"", self._secret, timestamp=timestamp).rpartition("sig=")
            self._head = (head + sig).encode()
            self._begun = self._keyed.copy()
            self._begun.update(f"{timestamp}.".encode())
            self._timestamp = timestamp
        begun = self._begun.copy()
        begun.update(body)
        return self._head + base64.b64encode(begun.digest())


def sign_all(body: bytes, secrets: Sequence[str], *, timestamp: int) -> str:
    """Return a header with one `sig` for each secret, as sent while a secret is rotated."""
    if not secrets or not all(secrets):
        raise InputError("The secret is empty: anyone could forge its signatures.")
    if not isinstance(body, _BYTES):
        raise InputError(f"The body is {type(body).__name__}, not bytes: sign the bytes as sent.")
    if not all(isinstance(secret, str) for secret in secrets):
        raise InputError("A secret is the text as it was shown, whsec_ included; not bytes.")
    seconds = str(timestamp)
    if not _TIMESTAMP.fullmatch(seconds):
        raise InputError(f"The timestamp {seconds} is not whole Unix seconds of 1 to 12 digits.")
    try:
        signatures = [f"sig={mac(body, secret, seconds)}" for secret in secrets]
    except UnicodeEncodeError as error:
        raise InputError("The secret holds half a surrogate pair: no UTF-8 bytes.") from error
    return ",".join([VERSION, f"t={seconds}", *signatures])


def verify(
    body: bytes,
    header: str | None,
    secrets: str | Sequence[str],
    *,
    now: float,
    tolerance: float = TOLERANCE,
) -> None:
    """Return if `header` signs `body` by one of `secrets` at `now`; raise `SignatureError` if not.

    `now` is in Unix seconds, `tolerance` in seconds, in both directions, boundary included. What
    was sent and what is configured, however broken, give that one error. The signature is checked
    before the timestamp, so `too_old` and `too_new` prove that the sender knew the secret.
    """
    _age(body, header, secrets, now, tolerance)


def _age(
    body: bytes, header: str | None, secrets: str | Sequence[str], now: float, tolerance: float
) -> float:
    if header is None:
        raise SignatureError("missing_header", "The request has no pivotal-signature header.")
    timestamp, signatures = _parse(header)
    if not _matches(
        body, timestamp, signatures, [secrets] if isinstance(secrets, str) else secrets
    ):
        raise SignatureError(
            "no_match",
            "Signature does not match: another secret, or other bytes than these, were signed.",
        )
    age = now - int(timestamp)
    # Written so that a NaN, which compares false with everything, is refused.
    if not age <= tolerance:
        raise SignatureError(
            "too_old", f"Signature is {age:.0f} s old; at most {tolerance} s pass."
        )
    if not -age <= tolerance:
        raise SignatureError(
            "too_new",
            f"Signature is from {-age:.0f} s in the future; at most {tolerance} s pass.",
        )
    return age


def verify_headers(
    body: bytes,
    headers: Sequence[str],
    secrets: str | Sequence[str],
    *,
    now: float,
    tolerance: float = TOLERANCE,
) -> float:
    """Do as `verify` for all the values that a request has for its signature header.

    Returns the age of the signature in seconds, which is negative where it is from the future.
    """
    if len(headers) > 1:
        raise SignatureError(
            "duplicate_header", f"The request has {len(headers)} pivotal-signature headers."
        )
    return _age(body, headers[0] if headers else None, secrets, now, tolerance)


def _parse(header: object) -> tuple[str, list[str]]:
    if not isinstance(header, str):
        raise _malformed(f"it is {type(header).__name__}, not text")
    version, *pairs = header.split(",")
    timestamps: list[str] = []
    signatures: list[str] = []
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise _malformed(f"{pair[:40]!r} is not key=value")
        if key == "t":
            timestamps.append(value)
        elif key == "sig":
            signatures.append(value)
    if "=" in version:
        raise _malformed("it does not begin with a version")
    if len(timestamps) != 1:
        # Reading one t and signing the other would let anyone replay an old request.
        raise _malformed(f"it has {len(timestamps)} t, not one")
    if not _TIMESTAMP.fullmatch(timestamps[0]):
        raise _malformed("its t is not 1 to 12 digits")
    if not signatures:
        raise _malformed("it has no sig")
    if version != VERSION:
        raise SignatureError(
            "unsupported_version", f"The signature's version is {version[:40]!r}, not {VERSION!r}."
        )
    return timestamps[0], signatures


def _malformed(what: str) -> SignatureError:
    return SignatureError(
        "malformed_header",
        f"The pivotal-signature header is malformed: {what}; right is v1,t=<seconds>,sig=<base64>.",
    )


def _matches(body: object, timestamp: str, signatures: list[str], secrets: object) -> bool:
    if not isinstance(body, _BYTES) or not isinstance(secrets, Sequence):
        return False
    given = [signature.encode("utf-8", "surrogatepass") for signature in signatures]
    matched = False
    for secret in secrets:
        if not isinstance(secret, str) or not secret:
            continue
        try:
            expected = mac(bytes(body), secret, timestamp).encode()
        except ValueError:  # a lone surrogate, a released memoryview: no bytes to sign with
            continue
        for signature in given:
            # No early return: which secret matched is nobody's business either.
            matched |= hmac.compare_digest(expected, signature)
    return matched
