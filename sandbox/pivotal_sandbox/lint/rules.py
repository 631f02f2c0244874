"""What the lint looks for, how to mend it, and the names that give it away."""

import re
from dataclasses import dataclass
from pathlib import Path

ADVICE = {
    "constant-time": "Compare in constant time: hmac.compare_digest(a, b).",
    "reserialized-body": "Hash the bytes as they came, and parse after the signature holds: "
    "request.get_data() in Flask, request.body in Django, await request.body() in FastAPI.",
    "default-secret": "Have no default. Refuse to start, or answer 503, while no secret is set.",
    "secret-logged": "Log that verification failed and the delivery id, never a secret or the "
    "signature that would have been right.",
    "no-timestamp-check": "Refuse a signature whose t is more than 300 s before or after now.",
}
MESSAGES = {
    "constant-time": "{} stops at the first difference, so its duration tells how much of a "
    "signature is right.",
    "reserialized-body": "{} writes the parsed body again, in other bytes than were signed.",
    "default-secret": "Without the variable {} the secret is a text that everyone knows.",
    "secret-logged": "{} puts {} into the log.",
    "no-timestamp-check": "{} is computed, but nothing here compares t with the clock: what was "
    "signed once is accepted for ever.",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One mistake, with the line (from 1) where it is mended."""

    file: Path
    line: int
    rule: str
    message: str
    advice: str


@dataclass(frozen=True, slots=True, order=True)
class Hit:
    """A mistake in a text that has no name yet; `what` is filled into the rule's message."""

    line: int
    rule: str
    what: tuple[str, ...]

    def in_file(self, file: Path) -> Finding:
        """Return the finding for a file."""
        message = MESSAGES[self.rule].format(*self.what)
        return Finding(file, self.line, self.rule, message, ADVICE[self.rule])


SECRET_VARIABLE = re.compile(r"SECRET|(SIGNING|WEBHOOK|HMAC)_?KEY", re.IGNORECASE)
SIGNATURE_HEADER = re.compile(r"pivotal[-_]signature", re.IGNORECASE)
CHECKING = re.compile(r"verif|valid|authentic|check", re.IGNORECASE)

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_MAC = frozenset({"signature", "signatures", "sig", "sigs", "hmac", "mac", "digest", "hexdigest"})
_PARTNER = frozenset({"expected", "computed", "calculated", "received", "provided", "given"})
_SIGNING = frozenset({"signature", "hmac", "mac"})
_MAKING = frozenset({"compute", "calculate", "calc", "expected", "make", "create", "generate"})
_VERBS = frozenset({"sign", "verify", "hmac", "signature", "mac"})
_CLOCK = frozenset(
    {"now", "utcnow", "tolerance", "leeway", "age", "skew", "clock", "instant", "date", "millis"}
)
_NO_VALUE = frozenset({"header", "version", "valid", "ok", "length", "size", "count", "error"})


def split_words(name: str) -> list[str]:
    """Return the words of an identifier, in lower case."""
    return [word.lower() for word in _WORDS.findall(name)]


def names_mac(name: str) -> bool:
    """Say whether a variable of this name holds a signature."""
    found = split_words(name)
    return bool(found) and found[-1] in _MAC


def names_partner(name: str) -> bool:
    """Say whether a variable of this name is what a signature is compared with."""
    found = split_words(name)
    return not _PARTNER.isdisjoint(found) and found[-1] not in _NO_VALUE


def names_signer(name: str) -> bool:
    """Say whether a function of this name returns a signature."""
    found = split_words(name) or [""]
    return found[0] == "sign" or (found[0] in _MAKING and found[-1] in _SIGNING)


def names_sink(name: str) -> bool:
    """Say whether a function of this name hashes the body that it is given."""
    return not _VERBS.isdisjoint(split_words(name))


def names_secret(name: str) -> bool:
    """Say whether a variable of this name holds a secret."""
    return split_words(name)[-1:] in (["secret"], ["secrets"])


def names_clock(name: str) -> bool:
    """Say whether this name has to do with the present."""
    return not _CLOCK.isdisjoint(split_words(name))
