"""Deliveries as lists show them: with the word for how the last attempt ended."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from pivotal_sandbox.common.headers import DELIVERY_ID_HEADER
from pivotal_sandbox.domain.models import Delivery, Endpoint
from pivotal_sandbox.receiver.capture import PREFIX
from pivotal_sandbox.sandbox.sandbox import Sandbox
from pivotal_sandbox.store.captures import CaptureFilter
from pivotal_sandbox.web.pages.formatting import Pill, pill

_AROUND = 15_000  # ms in which a capture of an attempt is looked for
_LOOKED_AT = 200  # captures


@dataclass(frozen=True, slots=True)
class Row:
    """A delivery, its pill, where it goes in short, and what a bin said of its signature."""

    delivery: Delivery
    pill: Pill
    place: str
    verdict: str = ""


async def rows_of(
    sandbox: Sandbox, deliveries: Sequence[Delivery], *, verdicts: bool = False
) -> list[Row]:
    """Return the rows of deliveries."""
    return await asyncio.gather(*(_row(sandbox, delivery, verdicts) for delivery in deliveries))


async def verdict_of(sandbox: Sandbox, delivery_id: str, url: str, started_at: int) -> str:
    """Return what one of our bins said of an attempt that began then; nothing if none got it."""
    place = f"{sandbox.base_url}{PREFIX}"
    if not url.startswith(place):
        return ""
    bin = urlsplit(url).path.removeprefix(PREFIX).partition("/")[0]
    wanted = CaptureFilter(bin=bin, since=started_at, until=started_at + _AROUND)
    found, _ = await sandbox.captures.page(wanted, limit=_LOOKED_AT)
    for capture in reversed(found):
        if (DELIVERY_ID_HEADER, delivery_id) in capture.headers:
            return f"{capture.verdict} ({capture.reason})" if capture.reason else capture.verdict
    return ""


def place_of(endpoint: Endpoint | None, url: str) -> str:
    """Return what to call an endpoint: its description, else its address without the scheme."""
    named = endpoint.description if endpoint else ""
    return named or url.partition("://")[2]


async def _row(sandbox: Sandbox, delivery: Delivery, verdicts: bool) -> Row:
    error, verdict = None, ""
    tried = delivery.attempt_count > 0
    if tried and (verdicts or delivery.last_status_code is None):
        # The log may have been pruned since the delivery was read: then there is none.
        for last in (await sandbox.deliveries.attempts(delivery.id))[-1:]:
            error = last.outcome.error
            if verdicts:
                verdict = await verdict_of(sandbox, delivery.id, delivery.url, last.started_at)
    endpoint = sandbox.endpoints.find(delivery.endpoint_id)
    return Row(
        delivery,
        pill(delivery, sandbox.clock.now(), error),
        place_of(endpoint, delivery.url),
        verdict,
    )
