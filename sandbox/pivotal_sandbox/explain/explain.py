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
from pivotal_sandbox.explain.mistakes.encoding import (
    ENCODING_MISTAKES,
    damaged_encoding,
    decode_candidates,
)
from pivotal_sandbox.explain.mistakes.header import (
    CLOCK_MISTAKES,
    HEADER_MISTAKES,
    HeaderInput,
    clock_mistake,
    header_mistake,
    read_header,
)
from pivotal_sandbox.explain.mistakes.json import JSON_MISTAKES
from pivotal_sandbox.explain.mistakes.key import KEY_MISTAKES, OTHER_SECRET
from pivotal_sandbox.explain.mistakes.message import MESSAGE_MISTAKES, signing_inputs
from pivotal_sandbox.explain.mistakes.mistake import Mistake
from pivotal_sandbox.explain.search import (
    BRIEF,
    PATIENT,
    Candidate,
    Effort,
    Inputs,
    search,
    valid_digests,
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

_BODY_MISTAKES = frozenset(mistake for _, group in GROUPS[:2] for mistake in group)
_ALIKE_LIMIT = 3
_ANY_AGE_S = 10**13  # seconds: no `t` of twelve digits is further away
_SURROGATE = re.compile("[\ud800-\udfff]")
_REPLACEMENT_CHARACTER = "\ufffd".encode()

_CHANGED = (
    " So the body here is not what was signed: it was changed on its way, or its sender signed "
    "other bytes than it sent."
)
_REPLACED = (
    " The body holds U+FFFD, the mark that decoders put for bytes they cannot read: what was "
    "signed cannot be told from it."
)
_UNEXPLAINED = (
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
    usable_secrets = [
        secret
        for secret in ([secrets] if isinstance(secrets, str) else secrets)
        if _is_secret(secret)
    ]
    if not isinstance(body, bytes | bytearray | memoryview):
        return _build_explanation("no_match", _finding_of(NOT_BYTES))
    body = bytes(body)
    reason, verify_message = _verification_error(body, header, usable_secrets, now, headers)
    parsed_header = read_header(header) if isinstance(header, str) else None
    if parsed_header is None or reason not in (None, "no_match", "too_old", "too_new"):
        header_input = HeaderInput(
            header if isinstance(header, str) else "", header is None, headers, usable_secrets
        )
        return _build_explanation(reason, _finding_of(header_mistake(header_input), verify_message))
    if not usable_secrets:
        return _build_explanation(reason, _finding_of(NO_SECRET, verify_message))
    timestamp, signatures = parsed_header
    ids = [value for name, value in headers if name.lower() == DELIVERY_ID_HEADER]
    other_secrets = {
        label: secret for label, secret in (others or {}).items() if _is_secret(secret)
    }
    inputs = Inputs(body, usable_secrets, signing_inputs(timestamp, body, ids), other_secrets)
    if computed is not None:
        return _explain_computed_mac(computed, signatures, inputs, reason, effort)
    if reason == "no_match":
        return _build_explanation(reason, _explain_header(signatures, inputs, effort))
    if reason and now is not None:
        return _build_explanation(
            reason, _finding_of(clock_mistake(int(timestamp), now), verify_message)
        )
    return _build_explanation(reason, _Finding(sentence="The signature is valid."))


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
    explanation = explain(
        body, header, secrets, now=now, others=others, headers=headers, effort=BRIEF
    )
    return explanation.sentence if explanation.mistakes else ""


def _verification_error(
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
            verify_headers(body, values, secrets, now=0, tolerance=_ANY_AGE_S)
        else:
            verify_headers(body, values, secrets, now=now)
    except SignatureError as error:
        return error.reason, str(error)
    return None, ""


def _is_secret(secret: object) -> bool:
    """Say whether something can be a key: a text that is not empty and has UTF-8 bytes."""
    return isinstance(secret, str) and secret != "" and not _SURROGATE.search(secret)


def _explain_header(signatures: Sequence[str], inputs: Inputs, effort: Effort) -> _Finding:
    finding = _find_mistakes("The header's signature", signatures, inputs, effort)
    if finding is not None:
        changed = _CHANGED if _BODY_MISTAKES.intersection(finding.mistakes) else ""
        return replace(finding, sentence=finding.sentence + changed)
    replaced_bytes = _REPLACED if _REPLACEMENT_CHARACTER in inputs.body else ""
    return _Finding(sentence=_UNEXPLAINED.format("the header's signature") + replaced_bytes)


def _explain_computed_mac(
    computed: str,
    signatures: Sequence[str],
    inputs: Inputs,
    reason: str | None,
    effort: Effort,
) -> Explanation:
    """Explain a MAC that was computed, against the secrets that the header was signed with."""
    mac_by_secret = {
        secret: b64encode(digest).decode()
        for secret, digest in zip(inputs.secrets, valid_digests(inputs), strict=True)
    }
    signing_secrets = [secret for secret in mac_by_secret if mac_by_secret[secret] in signatures]
    unused = [
        secret for secret in mac_by_secret if signing_secrets and secret not in signing_secrets
    ]
    labels = {f"{_UNUSED} ({place})": secret for place, secret in enumerate(unused, start=1)}
    narrowed = replace(
        inputs, secrets=signing_secrets or inputs.secrets, others=labels | dict(inputs.others)
    )
    if any(mac_by_secret[secret] == computed for secret in narrowed.secrets):
        if reason != "no_match":
            return _build_explanation(
                reason, _Finding(sentence="The computed MAC is right."), computed=True
            )
        header_finding = _explain_header(signatures, inputs, effort)
        return _build_explanation(
            reason,
            replace(header_finding, sentence=_NOT_THE_HEADER + header_finding.sentence),
            computed=True,
        )
    finding = _find_mistakes("The computed MAC", [computed], narrowed, effort)
    is_mac = any(True for _ in decode_candidates(computed))
    unexplained = _Finding(sentence=_UNEXPLAINED.format("the computed MAC") if is_mac else _NO_MAC)
    return _build_explanation(reason, finding or unexplained, computed=False)


def _find_mistakes(
    subject: str, texts: Sequence[str], inputs: Inputs, effort: Effort
) -> _Finding | None:
    """Return the mistakes that produce one of the texts, or None if no known mistake does."""
    rights = list(valid_digests(inputs))
    decoded_macs = [decoded for text in texts for decoded in decode_candidates(text)]
    for decoded in decoded_macs:
        if decoded.digest in rights:
            return _encoding_finding(subject, decoded.mistakes)
    for text in texts:
        for right in rights:
            mistake = damaged_encoding(text, right)
            if mistake:
                return _encoding_finding(subject, (mistake,))
    if not decoded_macs:
        return None  # the text is not a MAC in any encoding, so no digest can be searched for
    found = search({decoded.digest for decoded in decoded_macs}, inputs, effort)
    if found is None:
        return None
    digest, candidates = found
    encoding_mistakes = next(
        decoded.mistakes for decoded in decoded_macs if decoded.digest == digest
    )
    phrases = [_describe_candidate(candidate) for candidate in candidates] + [
        mistake.does for mistake in encoding_mistakes
    ]
    mistakes = (
        *(candidate.mistake for candidate in candidates if candidate.mistake),
        *encoding_mistakes,
    )
    alike = tuple(id for candidate in candidates for id in candidate.alike)
    return _Finding(mistakes, alike, f"{subject} is made {_join_phrases(phrases)}.")


def _encoding_finding(subject: str, mistakes: tuple[Mistake, ...]) -> _Finding:
    phrases = _join_phrases([mistake.does for mistake in mistakes])
    return _Finding(mistakes, (), f"{subject} is the right one, but {phrases}.")


def _describe_candidate(candidate: Candidate) -> str:
    if not candidate.alike:
        return candidate.does
    listed, rest = candidate.alike[:_ALIKE_LIMIT], len(candidate.alike) - _ALIKE_LIMIT
    names = _join_phrases([*listed, f"{rest} more"] if rest > 0 else list(listed))
    return f"{candidate.does} (here the same as {names})"


def _join_phrases(parts: Sequence[str]) -> str:
    return " and ".join([*filter(None, [", ".join(parts[:-1])]), parts[-1]])


def _finding_of(mistake: Mistake | None, verify_message: str = "") -> _Finding:
    if mistake is None:
        return _Finding(sentence=verify_message)
    return _Finding((mistake,), (), f"{verify_message} {mistake.does}".lstrip())


def _build_explanation(
    reason: str | None, finding: _Finding, computed: bool | None = None
) -> Explanation:
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
