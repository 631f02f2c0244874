"""Why an exchange ended without a response."""

import os
import ssl
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


# What OpenSSL says about bytes that are not TLS, depending on its version.
_NOT_TLS = frozenset(
    {
        *("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG"),
        *("HTTP_REQUEST", "UNKNOWN_PROTOCOL", "UNSUPPORTED_PROTOCOL"),
    }
)


def tls_failed(error: ssl.SSLError, peer: str) -> Failure:
    """Return the failure of a TLS handshake with `peer`."""
    reason: str | None = getattr(error, "reason", None)
    if reason in _NOT_TLS:
        return tls_missing(f"TLS with {peer} failed: the answer is not TLS.")
    if isinstance(error, ssl.SSLEOFError):
        return tls_missing(f"TLS with {peer} failed: the connection was closed.")
    why = getattr(error, "verify_message", None) or reason or str(error)
    detail = f"TLS with {peer} failed: {why}."
    if isinstance(error, ssl.SSLCertVerificationError):
        detail += " To trust a private CA, set SSL_CERT_FILE to a file with its certificate."
    return Failure("tls", detail, connected=False)


def tls_missing(detail: str) -> Failure:
    """Return the failure to reach a server that probably speaks plain HTTP."""
    return Failure("tls", f"{detail} If it speaks plain HTTP, use http:// in the URL.", False)
