"""Root causes: which failure explains which other failures and inconclusive checks."""

from collections.abc import Mapping, Sequence

from pivotal_sandbox.check.model import Result

_UNVERIFIED = ("sig-wrong-secret", "sig-missing")

# The checks whose failure explains the failure of a check, the likeliest first.
_EXPLAINED_BY: Mapping[str, tuple[str, ...]] = {
    "valid-accepted": ("no-redirect",),
    "sig-missing": ("sig-wrong-secret",),
    "sig-empty": (*_UNVERIFIED, "sig-truncated", "sig-malformed"),
    "sig-truncated": (*_UNVERIFIED, "sig-malformed"),
    "sig-malformed": _UNVERIFIED,
    "sig-weak-key": _UNVERIFIED,
    "sig-casefolded": _UNVERIFIED,
    "sig-encoding-malleable": _UNVERIFIED,
    "wrong-algorithm": (*_UNVERIFIED, "sig-malformed"),
    "version-downgrade": _UNVERIFIED,
    "secret-revoked": _UNVERIFIED,
    "body-tampered": _UNVERIFIED,
    "t-tampered": _UNVERIFIED,
    "mac-without-timestamp": _UNVERIFIED,
    "replay-stale": _UNVERIFIED,
    "future-timestamp": (*_UNVERIFIED, "replay-stale"),
    "dup-t-confusion": (*_UNVERIFIED, "replay-stale", "sig-malformed"),
    "dup-signature-header": (*_UNVERIFIED, "replay-stale", "sig-malformed"),
    "ping-bypass": _UNVERIFIED,
    "reject-status": (*_UNVERIFIED, "sig-malformed", "dup-signature-header"),
    "keepalive-reuse": _UNVERIFIED,
    "body-numbers": ("body-tampered",),
    "body-escapes": ("body-tampered", "body-numbers"),
    "body-unicode": ("body-tampered", "body-numbers"),
    "body-whitespace": ("body-tampered", "body-numbers"),
    "body-keys": ("body-tampered", "body-numbers"),
    "body-200k": ("body-64k",),
    "body-1m": ("body-64k", "body-200k"),
    "body-hostile": ("signed-bad-shape",),
    "replay-new-delivery-id": ("retry-identical",),
    "concurrent-duplicates": ("retry-identical", "replay-new-delivery-id"),
    "aborted-then-retry": ("retry-identical", "replay-new-delivery-id"),
    "distinct-events-same-delivery-id": ("replay-new-delivery-id",),
    "forged-does-not-burn-id": _UNVERIFIED,
    "leak-stacktrace": ("sig-malformed", "signed-bad-shape"),
    "expect-continue": ("chunked-body",),
}


def cause_of(result: Result, failures: Mapping[str, Result]) -> str | None:
    """Return the id among `failures` that explains why this result is not passed, or None."""
    if result.outcome == "vacuous" and result.id != "valid-accepted":
        candidates: Sequence[str] = ("valid-accepted", "burst")
    elif result.outcome in ("failed", "error"):
        candidates = _EXPLAINED_BY.get(result.id, ())
        if result.group != "authenticity" and result.id not in ("valid-accepted", "no-redirect"):
            candidates = (*candidates, "valid-accepted")
        elif result.id != "no-redirect" and result.severity == "should":
            candidates = ("valid-accepted", *candidates)
    else:
        return None
    for id in candidates:
        cause = failures.get(id)
        if cause is not None and _explains(cause, result):
            return id
    return None


def _explains(cause: Result, result: Result) -> bool:
    """Return whether both failed in the same way: a crash does not explain an acceptance."""
    if result.outcome == "vacuous":
        return True
    if (
        cause.id == "valid-accepted"
    ):  # a receiver that crashes on genuine requests also crashes on forged ones
        return result.group != "authenticity" or cause.fate == "retried"
    if cause.id == "sig-malformed":  # it explains crashes only
        return cause.severity == result.severity == "should"
    return cause.severity == "must" or result.severity != "must"
