"""Leak checks: no answer of the whole run contains secrets or stack traces."""

import base64
import re
from collections.abc import Iterator

from pivotal_sandbox.check.case import check
from pivotal_sandbox.check.context import CheckContext
from pivotal_sandbox.check.model import Exchange
from pivotal_sandbox.check.session import Trace
from pivotal_sandbox.check.verdicts import (
    Verdict,
    failed,
    passed,
)
from pivotal_sandbox.signature import mac

MIN_SECRET_LENGTH = 8  # characters; a shorter one occurs in any text by chance

_TIMESTAMP = re.compile(rb"\bt=([0-9]{1,12})\b")
_STACK_TRACES = {
    "a Python traceback": re.compile(
        rb"Traceback \(most recent call last\)|File \"[^\"]+\.py\", line"
    ),
    "a JavaScript stack": re.compile(
        rb"\n? +at .{1,200}\(?.{1,200}\.[cm]?[jt]s:\d+:\d+|at Object\."
    ),
    "a Java stack": re.compile(rb"\bat [\w.$]+\([\w$]+\.(?:java|kt|scala):\d+\)"),
    "a Go stack": re.compile(rb"goroutine \d+ \["),
    "a PHP stack": re.compile(rb"Stack trace:|(?:Fatal error|Warning|Notice)</b>:.{1,300}\.php"),
    "a Ruby stack": re.compile(rb"\.rb:\d+:in "),
    "a .NET stack": re.compile(rb"\bat [\w.]+\(.{0,200}\) in .{1,200}\.cs:line \d+"),
    "a debugger": re.compile(rb"Werkzeug Debugger|werkzeug\.debug|Whoops\\|DEBUG = True"),
}


def _response_bytes(exchange: Exchange) -> bytes:
    """Return response headers and body as one byte string."""
    lines = [f"{name}: {value}" for name, value in exchange.response_headers]
    return "\n".join(lines).encode("latin-1", "replace") + b"\n\n" + exchange.response_body


def _expected_signatures(trace: Trace, secret: str) -> Iterator[bytes]:
    """Yield the signatures that would have made a forged request pass, in base64 and in hex."""
    head = trace.request.head
    times = {str(trace.request.t), *(timestamp.decode() for timestamp in _TIMESTAMP.findall(head))}
    for timestamp in sorted(times):
        signature = mac(trace.request.body, secret, timestamp)
        yield signature.rstrip("=").encode()
        yield base64.b64decode(signature).hex().encode()


@check(
    "leak-secret",
    title="No answer gives the secret or a signature away",
    group="authenticity",
    severity="must",
    stage="last",
    expected="neither secret nor expected signature in any answer",
    reason=(
        "An error message that shows the signature it expected signs whatever it is sent: one "
        "request to learn it, one to use it."
    ),
    topic="leak",
)
async def leak_secret(context: CheckContext) -> Verdict:
    secret = context.settings.secret
    raw = secret.encode()
    needles = {
        "the secret": raw,
        "the secret in base64": base64.b64encode(raw).rstrip(b"="),
        "the secret in hexadecimal": raw.hex().encode(),
    }
    for trace in context.log:
        text = _response_bytes(trace.exchange)
        for description, needle in needles.items():
            if len(secret) >= MIN_SECRET_LENGTH and needle in text:
                return failed(
                    f"an answer contains {description} ({trace.request.label})", trace.exchange
                )
        if trace.request.genuine or not text.strip():
            continue
        for needle in _expected_signatures(trace, secret):
            # An answer may echo its request, which reveals nothing new.
            if needle in text and needle not in trace.request.sent:
                return failed(
                    f"the answer to a forged request contains the signature that it lacked "
                    f"({trace.request.label})",
                    trace.exchange,
                )
    return passed(f"neither secret nor expected signature in {len(context.log)} answers")


@check(
    "leak-stacktrace",
    title="No answer shows the program's inside",
    group="transport",
    severity="should",
    stage="last",
    expected="no stack trace and no debugger in any answer",
    reason="Paths, versions and sometimes variables are shown to whoever sends something broken.",
    topic="trace",
)
async def leak_stacktrace(context: CheckContext) -> Verdict:
    for trace in context.log:
        text = _response_bytes(trace.exchange)
        for description, pattern in _STACK_TRACES.items():
            if pattern.search(text) and not pattern.search(trace.request.sent):
                return failed(
                    f"an answer contains {description} ({trace.request.label})", trace.exchange
                )
    return passed(f"no stack trace in {len(context.log)} answers")
