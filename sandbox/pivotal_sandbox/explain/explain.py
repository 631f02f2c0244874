"""Which mistake makes this wrong signature.

Either the MAC that a receiver's code computed is given, and the question is what that code does;
or only the header is, and the question is what was signed in place of the body and the secret at
hand. A mistake is named only if it makes the very digest, so none is named by chance. What would be
right is never said: who reads an explanation cannot sign by it.
"""

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pivotal_sandbox.common.headers import DELIVERY_ID_HEADER, SIGNATURE_HEADER, header_value
from pivotal_sandbox.domain.models import Headers
from pivotal_sandbox.errors import SignatureError
from pivotal_sandbox.explain.mistakes.algorithm import ALGORITHM_MISTAKES
from pivotal_sandbox.explain.mistakes.body import BODY_MISTAKES
from pivotal_sandbox.explain.mistakes.body_forms import BODY_FORMS
from pivotal_sandbox.explain.mistakes.encoding import ENCODING_MISTAKES, readings, spoiled
from pivotal_sandbox.explain.mistakes.header import (
    CLOCK_MISTAKES,
    HEADER_MISTAKES,
    Given,
    clock_mistake,
    header_mistake,
    read_header,
)
from pivotal_sandbox.explain.mistakes.json import JSON_MISTAKES
from pivotal_sandbox.explain.mistakes.key import KEY_MISTAKES, OTHER_SECRET
from pivotal_sandbox.explain.mistakes.message import MESSAGE_MISTAKES, facts_of
from pivotal_sandbox.explain.mistakes.mistake import Mistake
from pivotal_sandbox.explain.search import (
    BRIEF,
    PATIENT,
    Candidate,
    Effort,
    Inputs,
    right_digests,
    search,
)
from pivotal_sandbox.signature import verify_headers

NO_SECRET = Mistake(
    "no-secret",
    "No secret was given, or an empty one.",
    "The environment variable is not set.",
    "Configure the endpoint's secret, and refuse to start without one.",
)
NOT_BYTES = Mistake(
    "body-not-bytes",
    "The body was handed over as text or as an object, not as bytes.",
    "`verify(request.text, …)`, `verify(request.json, …)`.",
    "Hand over the raw bytes: `request.get_data()`, `await request.body()`.",
)

GROUPS: tuple[tuple[str, tuple[Mistake, ...]], ...] = (
    ("The body, parsed and written again", tuple(mistake for mistake, _ in JSON_MISTAKES)),
    ("The body's bytes", tuple(mistake for mistake, _ in (*BODY_MISTAKES, *BODY_FORMS))),
    ("The key", (OTHER_SECRET, *(mistake for mistake, _ in KEY_MISTAKES))),
    ("The message around the body", tuple(mistake for mistake, _ in MESSAGE_MISTAKES)),
    ("The algorithm", tuple(mistake for mistake, _ in ALGORITHM_MISTAKES)),
    ("How the MAC is written", ENCODING_MISTAKES),
    ("What is handed over", (NO_SECRET, NOT_BYTES, *(mistake for mistake, _ in HEADER_MISTAKES))),
    ("The clock", CLOCK_MISTAKES),
)
"""All mistakes that can be named, by what they are about."""

_BODIES = frozenset(mistake for _, group in GROUPS[:2] for mistake in group)
_ALIKE_SHOWN = 3
_FOR_EVER = 10**13  # seconds: no `t` of twelve digits is further away
_SURROGATE = re.compile("[\ud800-\udfff]")
_LOST = "\ufffd".encode()

_CHANGED = (
    " So the body here is not what was signed: it was changed on its way, or its sender signed "
    "other bytes than it sent."
)
_REPLACED = (
    " The body holds U+FFFD, the mark that decoders put for bytes they cannot read: what was "
    "signed cannot be told from it."
)
_NOTHING = (
    "No known mistake makes {} out of these inputs: most likely the secret is another one, or the "
    "bytes of the body differ from those that were signed."
)
_NO_MAC = (
    "What was computed is no MAC: HMAC-SHA256 is 44 characters of base64, or 64 of hex. Give the "
    "text that your code compares with what comes after sig=."
)
_NOT_THE_HEADER = "The computed MAC is right for this body and secret, but the header has another. "
_UNUSED = "another rotation, among those given"


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is known of a signature, and of the MAC that was computed to compare it with.

    `verified` and `reason` are what `verify` says; `computed` is whether the computed MAC is the
    right one, None if none was given or nothing can be said. `mistakes` are those that together
    make what was asked about: none if all is right, or if no known one does. `alike` are the ids of
    mistakes that make the very same of this body. `mend` is what to change.
    """

    verified: bool
    reason: str | None
    computed: bool | None
    mistakes: tuple[Mistake, ...]
    alike: tuple[str, ...]
    sentence: str
    mend: str

    @property
    def ok(self) -> bool:
        """Say whether the computed MAC is right and the header's; without one, if it verifies."""
        if self.computed is None:
            return self.verified
        # Of what is kept and asked about later, the time is not in question.
        return self.computed and self.reason in (None, "too_old", "too_new")


@dataclass(frozen=True, slots=True)
class _Finding:
    mistakes: tuple[Mistake, ...] = ()
    alike: tuple[str, ...] = ()
    sentence: str = ""


def explain(
    body: bytes,
    header: str | None,
    secrets: str | Sequence[str],
    *,
    now: float | None = None,
    computed: str | None = None,
    others: Mapping[str, str] | None = None,
    headers: Headers = (),
    effort: Effort = PATIENT,
) -> Explanation:
    """Say whether `header` signs `body`, and if not, which mistake makes what it has.

    `body` is the raw request body, `header` the value of `pivotal-signature` or None, `secrets` one
    or several, as for `verify`. `computed` is the MAC that your own code made, in base64 or hex:
    with it, the mistake is looked for in your code, without it in what the header signs. `now` is
    in Unix seconds; without it, the time is not judged. `others` are further secrets, by what they
    are the secrets of ("endpoint ep_1"), `headers` the other headers of the request. Never raises,
    and never says what the right signature would be.
    """
    known = [
        secret
        for secret in ([secrets] if isinstance(secrets, str) else secrets)
        if _is_secret(secret)
    ]
    if not isinstance(body, bytes | bytearray | memoryview):
        return _told("no_match", _named(NOT_BYTES))
    body = bytes(body)
    reason, says = _refusal(body, header, known, now, headers)
    read = read_header(header) if isinstance(header, str) else None
    if read is None or reason not in (None, "no_match", "too_old", "too_new"):
        given = Given(header if isinstance(header, str) else "", header is None, headers, known)
        return _told(reason, _named(header_mistake(given), says))
    if not known:
        return _told(reason, _named(NO_SECRET, says))
    timestamp, signatures = read
    ids = [value for name, value in headers if name.lower() == DELIVERY_ID_HEADER]
    more = {label: secret for label, secret in (others or {}).items() if _is_secret(secret)}
    inputs = Inputs(body, known, facts_of(timestamp, body, ids), more)
    if computed is not None:
        return _of_computed(computed, signatures, inputs, reason, effort)
    if reason == "no_match":
        return _told(reason, _of_header(signatures, inputs, effort))
    if reason and now is not None:
        return _told(reason, _named(clock_mistake(int(timestamp), now), says))
    return _told(reason, _Finding(sentence="The signature is valid."))


def hint(
    body: bytes,
    headers: Headers,
    secrets: Sequence[str],
    others: Mapping[str, str] | None = None,
    *,
    now: float,
) -> str:
    """Return the sentences that name the mistake in a refused request, or nothing.

    It takes some milliseconds at most, whatever the request is.
    """
    header = header_value(headers, SIGNATURE_HEADER)
    told = explain(body, header, secrets, now=now, others=others, headers=headers, effort=BRIEF)
    return told.sentence if told.mistakes else ""


def _refusal(
    body: bytes, header: object, secrets: Sequence[str], now: float | None, headers: Headers
) -> tuple[str | None, str]:
    """Return the reason code of `verify` and its sentence, or that there is none."""
    values = [value for name, value in headers if name.lower() == SIGNATURE_HEADER]
    if header is not None and header not in values:
        values = [header]  # type: ignore[list-item]  # what is no text is refused there
    elif header is None:
        values = []
    try:
        if now is None:
            verify_headers(body, values, secrets, now=0, tolerance=_FOR_EVER)
        else:
            verify_headers(body, values, secrets, now=now)
    except SignatureError as error:
        return error.reason, str(error)
    return None, ""


def _is_secret(secret: object) -> bool:
    """Say whether something can be a key: a text that is not empty and has UTF-8 bytes."""
    return isinstance(secret, str) and secret != "" and not _SURROGATE.search(secret)


def _of_header(signatures: Sequence[str], inputs: Inputs, effort: Effort) -> _Finding:
    finding = _made("The header's signature", signatures, inputs, effort)
    if finding is not None:
        changed = _CHANGED if _BODIES.intersection(finding.mistakes) else ""
        return replace(finding, sentence=finding.sentence + changed)
    lost = _REPLACED if _LOST in inputs.body else ""
    return _Finding(sentence=_NOTHING.format("the header's signature") + lost)


def _of_computed(
    computed: str,
    signatures: Sequence[str],
    inputs: Inputs,
    reason: str | None,
    effort: Effort,
) -> Explanation:
    """Explain a MAC that was computed, against the secrets that the header was signed with."""
    written = {
        secret: b64encode(digest).decode()
        for secret, digest in zip(inputs.secrets, right_digests(inputs), strict=True)
    }
    signed_by = [secret for secret in written if written[secret] in signatures]
    unused = [secret for secret in written if signed_by and secret not in signed_by]
    labels = {f"{_UNUSED} ({place})": secret for place, secret in enumerate(unused, start=1)}
    mine = replace(inputs, secrets=signed_by or inputs.secrets, others=labels | dict(inputs.others))
    if any(written[secret] == computed for secret in mine.secrets):
        if reason != "no_match":
            return _told(reason, _Finding(sentence="The computed MAC is right."), computed=True)
        signed = _of_header(signatures, inputs, effort)
        return _told(
            reason, replace(signed, sentence=_NOT_THE_HEADER + signed.sentence), computed=True
        )
    finding = _made("The computed MAC", [computed], mine, effort)
    is_mac = any(True for _ in readings(computed))
    nothing = _Finding(sentence=_NOTHING.format("the computed MAC") if is_mac else _NO_MAC)
    return _told(reason, finding or nothing, computed=False)


def _made(subject: str, texts: Sequence[str], inputs: Inputs, effort: Effort) -> _Finding | None:
    """Return which mistakes make one of the texts, if that is known."""
    rights = list(right_digests(inputs))
    read = [reading for text in texts for reading in readings(text)]
    for reading in read:
        if reading.digest in rights:
            return _badly_written(subject, reading.mistakes)
    for text in texts:
        for right in rights:
            mistake = spoiled(text, right)
            if mistake:
                return _badly_written(subject, (mistake,))
    found = search({reading.digest for reading in read}, inputs, effort)
    if found is None:
        return None
    digest, pieces = found
    how = next(reading.mistakes for reading in read if reading.digest == digest)
    does = [_does(piece) for piece in pieces] + [mistake.does for mistake in how]
    mistakes = (*(piece.mistake for piece in pieces if piece.mistake), *how)
    alike = tuple(id for piece in pieces for id in piece.alike)
    return _Finding(mistakes, alike, f"{subject} is made {_joined(does)}.")


def _badly_written(subject: str, mistakes: tuple[Mistake, ...]) -> _Finding:
    does = _joined([mistake.does for mistake in mistakes])
    return _Finding(mistakes, (), f"{subject} is the right one, but {does}.")


def _does(piece: Candidate) -> str:
    if not piece.alike:
        return piece.does
    shown, rest = piece.alike[:_ALIKE_SHOWN], len(piece.alike) - _ALIKE_SHOWN
    names = _joined([*shown, f"{rest} more"] if rest > 0 else list(shown))
    return f"{piece.does} (here the same as {names})"


def _joined(parts: Sequence[str]) -> str:
    return " and ".join([*filter(None, [", ".join(parts[:-1])]), parts[-1]])


def _named(mistake: Mistake | None, says: str = "") -> _Finding:
    if mistake is None:
        return _Finding(sentence=says)
    return _Finding((mistake,), (), f"{says} {mistake.does}".lstrip())


def _told(reason: str | None, finding: _Finding, computed: bool | None = None) -> Explanation:
    mends = dict.fromkeys(mistake.mend for mistake in finding.mistakes)
    return Explanation(
        reason is None,
        reason,
        computed,
        finding.mistakes,
        finding.alike,
        finding.sentence,
        " ".join(mends),
    )
