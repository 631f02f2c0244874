"""One try at a delivery."""

from dataclasses import dataclass, field
from datetime import datetime

from pivotal_sandbox.core import model
from pivotal_sandbox.core.verdict import judge
from pivotal_sandbox.testing.headers import Headers
from pivotal_sandbox.testing.moment import moment
from pivotal_sandbox.testing.request import Request
from pivotal_sandbox.testing.response import Response


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try: what was sent, and what came back, or why nothing did.

    `error` is one of timeout, connection_refused, connection_reset, dns, tls, protocol and blocked;
    `detail` says it in a sentence. `secrets` are those that the endpoint had at that time.
    """

    delivery_id: str
    number: int
    started_at: datetime
    duration_ms: float
    request: Request
    response: Response | None
    error: str | None
    detail: str | None
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @property
    def status_code(self) -> int | None:
        """The answer's status, or None if there was no answer."""
        return self.response.status_code if self.response else None

    @property
    def ok(self) -> bool:
        """Whether the receiver took it: any 2xx that arrived whole, in time."""
        return self.response is not None and 200 <= self.response.status_code < 300

    @property
    def came_back(self) -> str:
        """What came back, in a word: the status, or the error."""
        return str(self.status_code or self.error)


def attempt_of(
    attempt: model.Attempt, url: str, body: bytes, secrets: tuple[str, ...], wall: float
) -> Attempt:
    """Return the attempt as tests see it. `wall` is what its receiver's clock says."""
    outcome, response = attempt.outcome, attempt.outcome.response
    headers = attempt.request_headers
    request = Request(
        "POST", url, Headers(headers), body, lambda: judge(headers, body, secrets, now=wall)
    )
    return Attempt(
        delivery_id=attempt.delivery_id,
        number=attempt.number,
        started_at=moment(attempt.started_at),
        duration_ms=outcome.timing.total_ms,
        request=request,
        response=None
        if response is None
        else Response(
            response.status_code, Headers(response.headers), response.body, response.truncated
        ),
        error=outcome.error,
        detail=outcome.detail,
        secrets=secrets,
    )
