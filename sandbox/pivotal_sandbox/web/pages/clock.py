"""The sandbox's clock: where it stands, what comes next, and how to move it."""

from dataclasses import dataclass

from starlette.responses import Response

from pivotal_sandbox.core.duration import HOUR, format_duration, parse_duration
from pivotal_sandbox.core.model import Delivery
from pivotal_sandbox.core.policy import RETRY_WINDOW
from pivotal_sandbox.errors import InputError
from pivotal_sandbox.web.inputs import read_at
from pivotal_sandbox.web.pages.rows import Row, rows_of
from pivotal_sandbox.web.pages.visit import Visit

_LISTED = 12


@dataclass(frozen=True, slots=True)
class Jump:
    """What a jump of the clock brings, as far as it is known."""

    by: str
    attempts: int
    last: int
    secrets: int


async def show(visit: Visit) -> Response:
    """Show the time, what falls due, and what the last jump brought."""
    sandbox, now = visit.sandbox, visit.sandbox.clock.now()
    waiting = [one for one in await sandbox.deliveries.open() if one.next_attempt_at is not None]
    rows: list[Row] = await rows_of(sandbox, waiting[:_LISTED])
    return visit.page(
        "clock.html.j2",
        jumps=[_jump(visit, waiting, now, by) for by in (HOUR, 24 * HOUR)],
        rows=rows,
        waiting=len(waiting),
        made=visit.asked("made"),
        moved=visit.asked("moved"),
    )


async def advance(visit: Visit) -> Response:
    """Move the clock, and go back to where that was asked for."""
    by = read_at("/by", parse_duration, visit.field("by"))
    made = await visit.sandbox.advance(by)
    back = visit.field("from")
    if not back.startswith("/") or back.startswith("//"):
        back = "/clock"
    if back == "/clock":
        return visit.back(back, moved=format_duration(by), made=len(made))
    return visit.back(back)


async def speed(visit: Visit) -> Response:
    """Let the clock run at another speed."""
    text = visit.field("speed")
    try:
        factor = float(text)
    except ValueError:
        raise InputError(
            f'"{text:.20}" is no speed: 1 is real time, 60 a minute a second, 0 stands still.',
            pointer="/speed",
        ) from None
    visit.sandbox.set_speed(factor)
    return visit.back("/clock")


def _jump(visit: Visit, waiting: list[Delivery], now: int, by: int) -> Jump:
    """Return what falls due; what follows from an attempt that fails comes on top."""
    end = now + by
    return Jump(
        format_duration(by),
        sum(one.next_attempt_at is not None and one.next_attempt_at <= end for one in waiting),
        sum(
            one.first_failed_at is not None and one.first_failed_at + RETRY_WINDOW <= end
            for one in waiting
        ),
        sum(
            now < (one.previous_secret_expires_at or 0) <= end
            for one in visit.sandbox.endpoints.all()
        ),
    )
