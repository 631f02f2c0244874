"""Every exception of the sandbox. Catch `SandboxError` for all of them.

SandboxError
  + InputError (ValueError)     what was given is wrong; `.pointer` names the field
    - NotFound (LookupError)    an id or a name that does not exist
    - Conflict                  right in itself, but not in the present state
  + SignatureError (ValueError) a signature does not hold; `.reason` says which rule
  + StoreError (OSError)        the database cannot be opened, read or written
  + UnreachableError (OSError)  no sandbox, or no target, answers
"""

from collections.abc import Iterable


class SandboxError(Exception):
    """Base of everything that the sandbox raises on purpose."""


class InputError(SandboxError, ValueError):
    """What was given is wrong.

    `pointer` is the JSON pointer of the field ("/url"), or "" for the whole input.
    """

    def __init__(self, message: str, *, pointer: str = "") -> None:
        super().__init__(message)
        self.pointer = pointer


class NotFound(InputError, LookupError):
    """An id or a name that does not exist."""


class Conflict(InputError):
    """Right in itself, but not possible in the present state."""


class SignatureError(SandboxError, ValueError):
    """A signature does not hold.

    `reason` is one of missing_header, duplicate_header, malformed_header, unsupported_version,
    no_match, too_old, too_new.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class StoreError(SandboxError, OSError):
    """The database cannot be opened, read or written."""


class UnreachableError(SandboxError, OSError):
    """No sandbox, or no target, answers at the address given."""


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """Return ' Did you mean "x"?' for the nearest known name, or an empty string."""
    from difflib import get_close_matches  # only those who err pay for it

    nearest = get_close_matches(given, list(known), n=1, cutoff=0.5)
    return f' Did you mean "{nearest[0]}"?' if nearest else ""
