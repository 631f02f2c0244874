"""Why an exchange ended without a response."""

import os
from dataclasses import dataclass

from pivotal_sandbox.domain.models import ErrorCode


@dataclass(frozen=True, slots=True)
class Failure:
    """An error code, and what it means here in one sentence.

    `connected` is False if no connection was made.
    """

    error: ErrorCode
    detail: str
    connected: bool = True


class FailureError(Exception):
    """Carry a failure through code that only knows exceptions, such as httpx's."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.detail)
        self.failure = failure


def not_resolved(error: OSError | UnicodeError, host: str) -> Failure:
    """Return the failure to resolve `host`."""
    why = error.strerror if isinstance(error, OSError) else "it is no host name"
    return Failure("dns", f"The name {host} cannot be resolved: {why}.", connected=False)


def not_connected(error: OSError, peer: str) -> Failure:
    """Return the failure to connect to `peer` ("host:port")."""
    if isinstance(error, ConnectionRefusedError):
        detail = f"Nobody listens on {peer}: connection refused."
        return Failure("connection_refused", detail, connected=False)
    if isinstance(error, TimeoutError):
        return Failure("timeout", f"{peer} cannot be reached: no answer to the call.", False)
    if isinstance(error, ConnectionError):
        detail = f"{peer} reset the connection while it was being made."
        return Failure("connection_reset", detail, connected=False)
    why = os.strerror(error.errno) if error.errno else str(error)
    return Failure("connection_refused", f"{peer} cannot be reached: {why}.", connected=False)
