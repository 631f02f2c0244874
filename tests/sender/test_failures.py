"""Failures to connect, and the sentences for them."""

import errno
import socket

import pytest

from pivotal_sandbox.domain.models import ErrorCode
from pivotal_sandbox.sender.failures import Failure, FailureError, not_connected, not_resolved


@pytest.mark.parametrize(
    ("error", "code", "detail"),
    [
        (
            ConnectionRefusedError(errno.ECONNREFUSED, "Connect call failed"),
            "connection_refused",
            "Nobody listens on a.test:80: connection refused.",
        ),
        (
            TimeoutError(errno.ETIMEDOUT, "Connect call failed"),
            "timeout",
            "a.test:80 cannot be reached: no answer to the call.",
        ),
        (
            ConnectionResetError(errno.ECONNRESET, "Connect call failed"),
            "connection_reset",
            "a.test:80 reset the connection while it was being made.",
        ),
        (
            OSError(errno.ENETUNREACH, "Connect call failed"),
            "connection_refused",
            "a.test:80 cannot be reached: Network is unreachable.",
        ),
        (
            OSError(errno.EMFILE, "socket() failed"),
            "connection_refused",
            "a.test:80 cannot be reached: Too many open files.",
        ),
        (
            OSError("All connection attempts failed"),
            "connection_refused",
            "a.test:80 cannot be reached: All connection attempts failed.",
        ),
    ],
)
def test_each_connection_error_has_a_code_and_a_sentence(
    error: OSError, code: ErrorCode, detail: str
) -> None:
    assert not_connected(error, "a.test:80") == Failure(code, detail, connected=False)


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (
            socket.gaierror(socket.EAI_NONAME, "Name or service not known"),
            "Name or service not known",
        ),
        (UnicodeError("label empty or too long"), "it is no host name"),
    ],
)
def test_a_resolver_error_is_a_dns_failure(error: OSError | UnicodeError, why: str) -> None:
    detail = f"The name a.test cannot be resolved: {why}."
    assert not_resolved(error, "a.test") == Failure("dns", detail, connected=False)


def test_a_failure_error_has_the_text_of_its_failure() -> None:
    failure = Failure("timeout", "a.test did not answer in 10 s.")
    assert FailureError(failure).failure is failure
    assert str(FailureError(failure)) == "a.test did not answer in 10 s."
