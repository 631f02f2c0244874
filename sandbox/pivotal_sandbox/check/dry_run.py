"""The requests of a check without a receiver, to be sent by other means."""

from collections.abc import Sequence

from pivotal_sandbox.check.context import CheckContext
from pivotal_sandbox.check.model import Exchange
from pivotal_sandbox.check.registry import select_checks
from pivotal_sandbox.check.request import CheckRequest
from pivotal_sandbox.check.session import Session, Settings
from pivotal_sandbox.clock import wall_time
from pivotal_sandbox.common.urls import parse_url
from pivotal_sandbox.errors import InputError


class _AcknowledgingClient:
    """A client without a receiver: it acknowledges every request."""

    async def send(
        self,
        request: CheckRequest,
        *,
        piece: int = 0,
        pause_ms: float = 0,
        timeout_ms: float | None = None,
    ) -> Exchange:
        return _acknowledge(request)

    async def send_concurrently(self, requests: Sequence[CheckRequest]) -> list[Exchange]:
        return [_acknowledge(request) for request in requests]

    async def follow(self, first: CheckRequest, second: CheckRequest) -> list[Exchange]:
        return [_acknowledge(first), _acknowledge(second)]

    async def send_partial(self, request: CheckRequest, size: int) -> Exchange:
        return _acknowledge(request)


class _SingleEffectProbe:
    """A probe that counts one effect for each event."""

    async def counts(self, ids: Sequence[str]) -> dict[str, int]:
        return dict.fromkeys(ids, 1)


async def dry_run(case_id: str, settings: Settings) -> list[Exchange]:
    """Return the requests of a check as they would be sent now, in their order.

    Raises `InputError` for a check that does not exist, or has no requests of its own.
    """
    parse_url(settings.url)
    case = next(
        (candidate for candidate in select_checks((case_id,)) if candidate.id == case_id), None
    )
    if case is None:
        raise InputError(f'"{case_id}" is a group; right is the id of one check.')
    if case.stage == "last" and case.id != "still-alive":
        raise InputError(f"{case_id} looks at the requests of all other checks; it has no own.")
    session = Session(
        settings, _AcknowledgingClient(), int(wall_time() * 1000), _SingleEffectProbe(), _restart
    )
    await case.run(CheckContext(session, case.id, case.stage))
    return [trace.exchange for trace in session.log]


async def _restart() -> None:
    """Do nothing: a dry run has no receiver to restart."""


def _acknowledge(request: CheckRequest) -> Exchange:
    return Exchange(request.sent, len(request.head), 200, None, b"", 0.0, label=request.label)
