"""Pivotal's webhook sender, a capture receiver and their clock, on your own machine.

    from pivotal_sandbox import SignatureError, verify

    try:
        verify(request.body, request.headers.get("pivotal-signature"), secret)
    except SignatureError as refused:
        log(refused.reason)

Importing this costs next to nothing: what is heavy is loaded when it is first asked for.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pivotal_sandbox.errors import (
    Conflict,
    InputError,
    NotFound,
    SandboxError,
    SignatureError,
    StoreError,
    UnreachableError,
)

if TYPE_CHECKING:
    from pivotal_sandbox.explain.explain import explain
    from pivotal_sandbox.sandbox.sandbox import Sandbox
    from pivotal_sandbox.signature import sign

__version__ = "0.1.0"

__all__ = [
    "Conflict",
    "InputError",
    "NotFound",
    "Sandbox",
    "SandboxError",
    "SignatureError",
    "StoreError",
    "UnreachableError",
    "explain",
    "sign",
    "verify",
]

_LAZY = {
    "Sandbox": "pivotal_sandbox.sandbox.sandbox",
    "explain": "pivotal_sandbox.explain.explain",
    "sign": "pivotal_sandbox.signature",
}


def verify(
    body: bytes,
    header: str | None,
    secrets: str | Sequence[str],
    *,
    now: float | None = None,
    tolerance: int = 300,
) -> None:
    """Return if the `pivotal-signature` `header` signs `body`; raise `SignatureError` if not.

    `body` is the raw request body, `header` the header's value or None, `secrets` one secret or
    several (any may have signed), `now` Unix seconds (default: the present), `tolerance` seconds
    in both directions. Any input, however broken, gives that one error; `.reason` names the rule.
    """
    from pivotal_sandbox import signature
    from pivotal_sandbox.clock import wall_time

    now = wall_time() if now is None else now
    signature.verify(body, header, secrets, now=now, tolerance=tolerance)


if not TYPE_CHECKING:  # a checker would take every misspelt name for one of these

    def __getattr__(name: str) -> object:
        if name not in _LAZY:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        value = getattr(import_module(_LAZY[name]), name)
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
