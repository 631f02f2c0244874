"""What signs in place of HMAC-SHA256."""

import base64
import hashlib
import hmac
from collections.abc import Callable

from pivotal_sandbox.explain.mistakes.mistake import Mistake

Digest = Callable[[bytes, bytes], bytes]

_HMAC = "Use HMAC-SHA256 with the secret as the key: `hmac.new(secret, message, sha256)`."


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    """Return the digest that Pivotal signs with."""
    return hmac.digest(key, message, "sha256")


def _hmac(name: str) -> Digest:
    return lambda key, message: hmac.digest(key, message, name)


def _hash(name: str, join: Callable[[bytes, bytes], bytes]) -> Digest:
    return lambda key, message: hashlib.new(name, join(key, message)).digest()


def _row(id: str, does: str, help: str, *digests: Digest) -> tuple[Mistake, tuple[Digest, ...]]:
    return Mistake(id, does, help, _HMAC), digests


_JOINS: tuple[Callable[[bytes, bytes], bytes], ...] = (
    lambda key, message: message,
    lambda key, message: key + message,
    lambda key, message: message + key,
    lambda key, message: key + b"." + message,
    lambda key, message: message + b"." + key,
)

ALGORITHM_MISTAKES: tuple[tuple[Mistake, tuple[Digest, ...]], ...] = (
    _row(
        "sha-1", "by HMAC-SHA1", "`createHmac('sha1', …)`, `hash_hmac('sha1', …)`.", _hmac("sha1")
    ),
    _row("sha-512", "by HMAC-SHA512", "`createHmac('sha512', …)`.", _hmac("sha512")),
    _row(
        "other-hash",
        "by HMAC with another hash than SHA-256",
        "MD5 (Python 2 and old libraries take it by default), SHA-224, SHA-384, SHA3-256.",
        *(_hmac(name) for name in ("md5", "sha224", "sha384", "sha3_256", "blake2b", "blake2s")),
    ),
    _row(
        "no-hmac",
        "by plain SHA-256, which is no HMAC",
        "`sha256(secret + message)`, `sha256(message + secret)`, `sha256(message)`.",
        *(_hash("sha256", join) for join in _JOINS),
    ),
    _row(
        "no-hmac-other-hash",
        "by a plain hash other than SHA-256, which is no HMAC",
        "`md5(secret + message)`, `sha1(message)`, `sha512(message)`.",
        *(_hash(name, join) for name in ("md5", "sha1", "sha512") for join in _JOINS),
    ),
    _row(
        "swapped",
        "with key and message swapped",
        "`hmac.new(message, secret)`, `hash_hmac('sha256', $secret, $message)`.",
        lambda key, message: hmac.digest(message, key, "sha256"),
    ),
    _row(
        "hashed-twice",
        "by HMAC over a hash of the message",
        "`hmac(secret, sha256(message))`, as bytes, in hex or in base64.",
        lambda key, message: hmac_sha256(key, hashlib.sha256(message).digest()),
        lambda key, message: hmac_sha256(key, hashlib.sha256(message).hexdigest().encode()),
        lambda key, message: hmac_sha256(key, base64.b64encode(hashlib.sha256(message).digest())),
    ),
    _row(
        "hmac-twice",
        "by HMAC twice",
        "A helper that signs, called on what is signed already.",
        lambda key, message: hmac_sha256(key, hmac_sha256(key, message)),
    ),
)
