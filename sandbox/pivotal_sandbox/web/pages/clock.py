"""The sandbox's clock: where it stands, what comes next, and how to move it."""

from starlette.responses import Response

from pivotal_sandbox.common.durations import HOUR, format_duration, parse_duration
from pivotal_sandbox.errors import InputError
from pivotal_sandbox.web.pages.clock_forecast import HEIGHT, WIDTH, make_forecast, planned
from pivotal_sandbox.web.pages.context import PageContext
from pivotal_sandbox.web.pages.delivery_rows import Row, rows_of
from pivotal_sandbox.web.request_parsing import read_at

_LISTED = 12


async def show(context: PageContext) -> Response:
    """Show the time, what falls due, and what the last jump brought."""
    sandbox, now = context.sandbox, context.sandbox.clock.now()
    endpoints = sandbox.endpoints.all()
    waiting = [
        delivery
        for delivery in await sandbox.deliveries.open()
        if delivery.next_attempt_at is not None
    ]
    plans = [planned(delivery) for delivery in waiting]
    rows: list[Row] = await rows_of(sandbox, waiting[:_LISTED])
    return context.page(
        "clock.html.j2",
        jumps=[
            (format_duration(by), make_forecast(plans, endpoints, now, now + by))
            for by in (HOUR, 24 * HOUR)
        ],
        size=(WIDTH, HEIGHT),
        rows=rows,
        waiting=len(waiting),
        made=context.query_value("made"),
        moved=context.query_value("moved"),
    )


async def advance(context: PageContext) -> Response:
    """Move the clock, and go back to where that was asked for."""
    by = read_at("/by", parse_duration, context.field("by"))
    made = await context.sandbox.advance(by)
    back = context.field("from")
    if not back.startswith("/") or back.startswith("//"):
        back = "/clock"
    if back == "/clock":
        return context.redirect(back, moved=format_duration(by), made=len(made))
    return context.redirect(back)


async def speed(context: PageContext) -> Response:
    """Let the clock run at another speed."""
    text = context.field("speed")
    try:
        factor = float(text)
    except ValueError:
        raise InputError(
            f'"{text:.20}" is no speed: 1 is real time, 60 a minute a second, 0 stands still.',
            pointer="/speed",
        ) from None
    context.sandbox.set_speed(factor)
    return context.redirect("/clock")
