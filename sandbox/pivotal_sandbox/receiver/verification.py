"""What the capture receiver says of a request's signature, in a sentence."""

from collections.abc import Callable, Mapping, Sequence
from math import floor

from msgspec import Struct

from pivotal_sandbox.common.headers import SIGNATURE_HEADER
from pivotal_sandbox.domain.models import Headers
from pivotal_sandbox.errors import SignatureError
from pivotal_sandbox.signature import verify_headers


class Verdict(Struct, frozen=True):
    """`verified` is None where no secret is known; `reason` is a reason code where it is False."""

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
    others: Callable[[], Mapping[str, str]] = dict,
) -> Verdict:
    """Verify a captured request by any of `secrets` at `now` (Unix seconds).

    Where it is refused, `others` gives the secrets that it may have been signed with instead, by
    what they are the secrets of.
    """
    signatures = [value for name, value in headers if name.lower() == SIGNATURE_HEADER]
    if not secrets:
        sentence = "Signed, but this bin knows no secret to verify with." if signatures else ""
        return Verdict(bool(signatures), None, None, sentence or "Not signed.")
    try:
        age = floor(verify_headers(body, signatures, secrets, now=now))
    except SignatureError as error:
        # Imported when first needed: starting, and what verifies, does without.
        from pivotal_sandbox.explain.explain import hint

        named = hint(body, headers, secrets, others(), now=now)
        sentence = named if named.startswith(str(error)) else f"{error} {named}".rstrip()
        return Verdict(bool(signatures), False, error.reason, sentence)
    when = f"{age} s old" if age >= 0 else f"{-age} s ahead of this clock"
    return Verdict(True, True, None, f"Signature valid, {when}.")
