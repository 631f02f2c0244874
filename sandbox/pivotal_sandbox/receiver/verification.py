"""Verify the signature of a captured request, and say the result in a sentence."""

from collections.abc import Callable, Mapping, Sequence
from math import floor

from msgspec import Struct

from pivotal_sandbox.common.headers import SIGNATURE_HEADER
from pivotal_sandbox.domain.models import Headers
from pivotal_sandbox.errors import SignatureError
from pivotal_sandbox.signature import verify_headers


class Verdict(Struct, frozen=True):
    """The result. `verified` is None if no secret is known; if False, `reason` is a reason code."""

    signed: bool
    verified: bool | None
    reason: str | None
    sentence: str


def verify_request(
    headers: Headers,
    body: bytes,
    secrets: Sequence[str],
    *,
    now: float,
    other_secrets: Callable[[], Mapping[str, str]] = dict,
) -> Verdict:
    """Verify a captured request with any of `secrets` at `now` (Unix seconds).

    If it fails, `other_secrets` gives secrets that it may have been signed with instead, by a
    label that says whose each is.
    """
    signatures = [value for name, value in headers if name.lower() == SIGNATURE_HEADER]
    if not secrets:
        sentence = "Signed, but this bin knows no secret to verify with." if signatures else ""
        return Verdict(bool(signatures), None, None, sentence or "Not signed.")
    try:
        age = floor(verify_headers(body, signatures, secrets, now=now))
    except SignatureError as error:
        # Imported here because start-up and valid signatures do not need it.
        from pivotal_sandbox.explain.explain import hint

        mistake = hint(body, headers, secrets, other_secrets(), now=now)
        sentence = mistake if mistake.startswith(str(error)) else f"{error} {mistake}".rstrip()
        return Verdict(bool(signatures), False, error.reason, sentence)
    when = f"{age} s old" if age >= 0 else f"{-age} s ahead of this clock"
    return Verdict(True, True, None, f"Signature valid, {when}.")
