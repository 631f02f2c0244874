"""The faults that a delivery can be given on purpose, one row each."""

from dataclasses import dataclass
from typing import Literal

from pivotal_sandbox.errors import InputError, did_you_mean

Group = Literal["signature", "traffic", "content", "transport"]
Order = Literal["oldest-first", "newest-first"]

# Not faults: what a replay was, in the place where a delivery names its fault.
VERBATIM = "verbatim"
EDITED = "edited"


@dataclass(frozen=True, slots=True)
class Fault:
    """One way in which a delivery differs from what Pivotal sends.

    `help` says what is on the wire, `answer` what a correct receiver does: if `valid`, it accepts.
    Unless `every`, only the first attempt is altered and the retry is correct. `events` is how many
    events it consists of, sent in `order`; `attempts` is how often each delivery is sent at first,
    at the same time if `concurrent`.
    """

    name: str
    group: Group
    help: str
    answer: str
    valid: bool = False
    every: bool = True
    events: int = 1
    attempts: int = 1
    concurrent: bool = False
    order: Order = "oldest-first"


_REFUSED = "401, and nothing is done"
_ONCE = "2xx to each, and the work is done once"

FAULTS = (
    Fault("no-signature", "signature", "No pivotal-signature header.", _REFUSED),
    Fault("empty-signature", "signature", "The signature header has no value.", _REFUSED),
    Fault("wrong-secret", "signature", "Signed with a secret that nobody knows.", _REFUSED),
    Fault("tampered-body", "signature", "One character was changed after signing.", _REFUSED),
    Fault(
        "reserialized-body",
        "signature",
        "The same JSON, spaced and escaped otherwise after signing.",
        "401: it is the raw bytes that are signed",
    ),
    Fault("stale-timestamp", "signature", "Rightly signed, ten minutes ago.", _REFUSED),
    Fault("future-timestamp", "signature", "Rightly signed, ten minutes from now.", _REFUSED),
    Fault("unknown-version", "signature", "The header begins with v2, not v1.", _REFUSED),
    Fault(
        "unpadded-signature",
        "signature",
        "The base64 lacks its padding.",
        "401; where the decoder forgives it 2xx, which is no hole: all of the MAC is there",
    ),
    Fault("hex-signature", "signature", "The MAC is in hexadecimal.", _REFUSED),
    Fault(
        "duplicate-signature-header",
        "signature",
        "The signature header comes twice, right both times.",
        _REFUSED,
    ),
    Fault(
        "rotated-secret",
        "signature",
        "Two sig=: by a newer secret that the receiver lacks, and by the one it has.",
        "2xx: one that matches is enough",
        valid=True,
    ),
    Fault(
        "duplicate",
        "traffic",
        "Accepted, and then sent once more with the same delivery id.",
        _ONCE,
        valid=True,
        every=False,
        attempts=2,
    ),
    Fault(
        "concurrent-duplicate",
        "traffic",
        "Sent twice at the same time.",
        "2xx to one, and to the other 2xx or, while the first is at work, 5xx; the work is done "
        "once",
        valid=True,
        every=False,
        attempts=2,
        concurrent=True,
    ),
    Fault(
        "out-of-order",
        "traffic",
        "Two events of one record: the newer first, then the older.",
        "2xx to both, and what the newer said stays",
        valid=True,
        events=2,
        order="newest-first",
    ),
    Fault(
        "delayed",
        "traffic",
        "The event happened six hours ago; its signature is fresh.",
        "2xx: an event may be old, a signature may not",
        valid=True,
    ),
    Fault(
        "burst",
        "traffic",
        "20 events in the same moment.",
        "2xx to each, in time",
        valid=True,
        events=20,
    ),
    Fault(
        "unknown-event-type",
        "content",
        "A type that the catalog does not have, in body and header.",
        "2xx, and nothing is done: more types will come",
        valid=True,
    ),
    Fault(
        "extra-fields",
        "content",
        "Fields that the schema does not know, at the top and in data.",
        "2xx, as without them",
        valid=True,
    ),
    Fault(
        "null-optionals",
        "content",
        "Whatever the schema lets be null is null.",
        "2xx",
        valid=True,
    ),
    Fault(
        "unicode",
        "content",
        "Free text in many scripts, with emoji, combining marks and U+2028.",
        "2xx, and the text is kept as it is",
        valid=True,
    ),
    Fault(
        "big-integers",
        "content",
        "2^53+1, which a double cannot hold, wherever an integer has no upper bound.",
        "2xx, and the number is kept as it is",
        valid=True,
    ),
    Fault("large-body", "content", "A body of exactly 1 MiB.", "2xx", valid=True),
    Fault("empty-body", "content", "A body of no bytes, rightly signed.", "400, and no crash"),
    Fault("invalid-json", "content", "JSON cut off in the middle.", "400, and no crash"),
    Fault(
        "wrong-content-type",
        "content",
        "The content type is text/plain.",
        "2xx or 415; what counts is the signature",
    ),
    Fault(
        "slow-body",
        "transport",
        "The body comes in 8 pieces over about 2 s.",
        "2xx, and others are served meanwhile",
        valid=True,
    ),
    Fault(
        "chunked-body",
        "transport",
        "Transfer-encoding chunked, and no content-length.",
        "2xx: it is HTTP",
        valid=True,
    ),
    Fault(
        "reset-mid-body",
        "transport",
        "Half of the body, then the connection is reset.",
        "Nothing is done, until the retry",
        every=False,
    ),
    Fault(
        "truncated-body",
        "transport",
        "Half of what content-length says, then the sender falls silent for good.",
        "400 or no answer; nothing is done, until the retry",
        every=False,
    ),
    Fault(
        "abort-before-response",
        "transport",
        "All of the request, then the sender leaves without the answer, and retries later.",
        "The work is done once, though it is asked for twice",
        valid=True,
        every=False,
    ),
)

_BY_NAME = {fault.name: fault for fault in FAULTS}


def get_fault(name: str) -> Fault:
    """Return the fault of that name. Raise `InputError` with the nearest match."""
    fault = find_fault(name)
    if fault is None:
        hint = did_you_mean(name, _BY_NAME) or f" There are: {', '.join(_BY_NAME)}."
        raise InputError(f'There is no fault "{name:.40}".{hint}', pointer="/fault")
    return fault


def find_fault(name: str | None) -> Fault | None:
    """Return the fault of that name, or None."""
    return None if name is None else _BY_NAME.get(name)
