"""The API's clock, and the health check."""

from typing import Literal

from msgspec import Struct

from pivotal_sandbox.common.timestamps import format_rfc3339
from pivotal_sandbox.errors import InputError
from pivotal_sandbox.feed import Attempted
from pivotal_sandbox.web.operation import Call, Operation
from pivotal_sandbox.web.request_parsing import read_duration
from pivotal_sandbox.web.views import AttemptOfDelivery


class ClockChange(Struct, forbid_unknown_fields=True):
    """One of: how far to move, how fast to run, or in which mode."""

    advance: str | None = None
    speed: float | None = None
    mode: Literal["system", "manual"] | None = None


class ClockView(Struct):
    """The sandbox's time, and when the next attempt is due."""

    now: str
    mode: Literal["system", "manual"]
    speed: float
    next_attempt_at: str | None


class ClockMoved(ClockView, kw_only=True):
    """The sandbox's time after a change, and the attempts made on the way."""

    attempts: list[AttemptOfDelivery]


class Health(Struct):
    """Ready."""

    status: Literal["ok"]


async def show_clock(call: Call[None, None]) -> ClockView:
    """Show the sandbox's time."""
    return _view(call, ClockView)


async def change_clock(call: Call[None, ClockChange]) -> ClockView:
    """Move the clock, making every attempt that falls due; or set its speed or mode."""
    change, sandbox = call.body, call.sandbox
    if sum(given is not None for given in (change.advance, change.speed, change.mode)) != 1:
        raise InputError('Give one of "advance", "speed" and "mode".', pointer="/advance")
    made: list[Attempted] = []
    if change.advance is not None:
        made = await sandbox.advance(read_duration(change.advance, "/advance"))
    elif change.speed is not None:
        sandbox.set_speed(change.speed)
    else:
        sandbox.set_speed(0 if change.mode == "manual" else 1)
    attempts = [AttemptOfDelivery.of_activity(attempted) for attempted in made]
    return _view(call, ClockMoved, attempts=attempts)


async def healthz(call: Call[None, None]) -> Health:
    """Say that the sandbox answers, and that its database reads."""
    await call.sandbox.deliveries.latest()
    return Health("ok")


def _view(
    call: Call[None, ClockChange] | Call[None, None],
    kind: type[ClockView],
    **more: list[AttemptOfDelivery],
) -> ClockView:
    clock, due = call.sandbox.clock, call.sandbox.dispatcher.next_due()
    return kind(
        now=format_rfc3339(clock.now()),
        mode=clock.mode,
        speed=clock.speed,
        next_attempt_at=None if due is None else format_rfc3339(due),
        **more,
    )


OPERATIONS = (
    Operation("GET", "/healthz", healthz, {200: Health}),
    Operation("GET", "/api/clock", show_clock, {200: ClockView}),
    Operation("POST", "/api/clock", change_clock, {200: ClockMoved}, body=ClockChange),
)
