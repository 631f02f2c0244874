"""Why a receiver most likely answered as it did, where that can be told."""

import os
import re
from collections.abc import Iterator, Mapping

from pivotal_sandbox.clock import wall_time
from pivotal_sandbox.common.durations import SECOND, format_duration
from pivotal_sandbox.common.headers import SIGNATURE_HEADER
from pivotal_sandbox.explain.explain import explain
from pivotal_sandbox.explain.search import BRIEF
from pivotal_sandbox.signature import TOLERANCE
from pivotal_sandbox.testing.models import Attempt
from pivotal_sandbox.testing.options import VARIABLE

_REFUSALS = (400, 401, 403)
_MAC = re.compile(r"(?<![\w+/=])(?:[A-Za-z0-9+/]{43}=|[0-9a-fA-F]{64})(?![\w+/=])")
# What Starlette says of a host that it does not know, and all that Django says of anything.
_FOREIGN_HOST = re.compile(r"invalid host header|<h1>Bad Request \(400\)</h1>", re.IGNORECASE)
_SIGNED_AT = re.compile(r"\bt=([0-9]{1,12})\b")


def explanation(attempt: Attempt, environment: Mapping[str, str] = os.environ) -> str:
    """Return sentences that say what to look at; nothing where nothing can be told."""
    response = attempt.response
    if response is None or attempt.ok:
        return ""
    if response.status_code in _REFUSALS:
        return " ".join(_refused(attempt, response.text, environment))
    if response.status_code in (404, 405):
        return (
            f"The receiver has no POST route there: say which, endpoint(app, path=...); "
            f"it was called at {attempt.request.url}."
        )
    if 300 <= response.status_code < 400:
        return (
            "Pivotal never follows a redirect, such as one that appends a slash: the event is lost."
        )
    return attempt.detail or ""  # what an app raised behind its 5xx


def _refused(attempt: Attempt, answer: str, environment: Mapping[str, str]) -> Iterator[str]:
    request = attempt.request
    if request.verified is not True:
        yield f"It was to be refused: {request.verdict}"
        return
    if "csrf" in answer.lower():
        yield "The receiver asks for a CSRF token, which no webhook has: exempt the view from it."
        return
    if attempt.response and attempt.response.status_code == 400 and _FOREIGN_HOST.search(answer):
        yield (
            f"Most likely the receiver does not answer to the host {request.headers['host']}: "
            "allow it, in Django by ALLOWED_HOSTS."
        )
        return
    header = request.headers[SIGNATURE_HEADER]
    for computed in dict.fromkeys(_MAC.findall(answer)):
        told = explain(request.body, header, attempt.secrets, computed=computed, effort=BRIEF)
        if told.mistakes:
            yield f"{told.sentence} {told.mend}"
            return
    signed_at = _SIGNED_AT.search(header)
    age = round(wall_time()) - int(signed_at[1]) if signed_at else 0
    if abs(age) > TOLERANCE:
        shown = format_duration(abs(age) * SECOND)
        yield (
            f"By this machine's clock the signature is {shown} "
            f"{'old' if age > 0 else 'ahead'}: it carries the sandbox's time, and the receiver has "
            "to verify it by that."
        )
        return
    yield "The signature is genuine: `verify` takes it."
    configured = environment.get(VARIABLE)
    if configured and configured not in attempt.secrets:
        yield f"{VARIABLE} is another secret than the endpoint's."
    else:
        yield (
            "Most likely the receiver has another secret than the endpoint's, or verifies other "
            "bytes than the raw body."
        )
