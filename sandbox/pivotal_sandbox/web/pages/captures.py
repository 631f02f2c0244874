"""The bins, how each behaves, and what came in."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import msgspec
from starlette.responses import Response

from pivotal_sandbox.common.durations import format_duration
from pivotal_sandbox.common.urls import parse_url
from pivotal_sandbox.domain.bins import Bin, Step, parse_behavior
from pivotal_sandbox.domain.models import Capture
from pivotal_sandbox.errors import InputError
from pivotal_sandbox.exports.exchange import exported_capture
from pivotal_sandbox.receiver.capture import PREFIX, is_bin_name
from pivotal_sandbox.store.captures import CaptureFilter
from pivotal_sandbox.web.pages import capture as detail
from pivotal_sandbox.web.pages.body_view import text_of
from pivotal_sandbox.web.pages.context import PageContext
from pivotal_sandbox.web.pages.export import CHOICES, Exported, exported
from pivotal_sandbox.web.pages.formatting import Pill
from pivotal_sandbox.web.request_parsing import read_at
from pivotal_sandbox.web.views import CaptureView

PAGE = 50
_STEPS_SAID = 5
_RECENT = 500  # captures whose bins are named
PRESETS: tuple[tuple[str, str, tuple[Step, ...]], ...] = (
    ("ok", "answers 200", (Step(),)),
    ("fail-twice", "fails twice, then 200", (Step(503), Step(503), Step())),
    ("hang", "never answers", (Step(hang=True),)),
    ("slow", "answers after 5 s", (Step(delay=5000),)),
    ("gone", "answers 410", (Step(410),)),
    ("reset", "resets the connection", (Step(reset=True),)),
)


@dataclass(frozen=True, slots=True)
class BinRow:
    """A bin, and its behaviour in words."""

    bin: Bin
    says: str
    preset: str
    steps: str


async def show(context: PageContext) -> Response:
    """Show the bins and the captures; with `open`, one of them beside the list."""
    log, cursor = context.sandbox.captures, context.query_value("cursor") or None
    wanted = _filter(context)
    (found, following), (recent, _) = await asyncio.gather(
        log.page(wanted, limit=PAGE, cursor=cursor),
        log.page(CaptureFilter(), limit=_RECENT),
    )
    opened = context.query_value("open")
    given = {name: context.query_value(name) for name in ("bin", "verified", "q")}
    return context.page(
        "captures.html.j2",
        bins=[_row(bin) for bin in _bins(context, recent)],
        prefix=f"{context.sandbox.base_url}{PREFIX}",
        presets=[(name, says) for name, says, _ in PRESETS],
        rows=[(capture, badge(capture)) for capture in found],
        given=given,
        forms=CHOICES,
        next=context.current_url(cursor=following, open=None) if following else None,
        first=context.current_url(cursor=None) if cursor else None,
        detail=await detail.content(context, opened) if opened else None,
        empty=not found and not any(given.values()) and not cursor,
    )


async def set_bin(context: PageContext) -> Response:
    """Say how a bin behaves from its next request on."""
    name = context.field("name") or context.request.path_params["bin"]
    if not is_bin_name(name):
        raise InputError("A bin's name has 1 to 64 letters, digits, - and _.", pointer="/name")
    old = context.sandbox.captures.bin(name)
    preset = next((steps for id, _, steps in PRESETS if id == context.field("preset")), None)
    steps = preset or _steps(context.field("steps")) or old.behaviour
    forward_to = context.field("forward_to") or None
    if forward_to is not None:
        read_at("/forward_to", parse_url, forward_to)
    if preset:  # whose form holds nothing else
        new = replace(old, name=name, behaviour=steps)
    else:
        secret = None if context.field("forget") else context.field("secret") or old.secret
        new = Bin(name, steps, forward_to, secret)
    await context.sandbox.receiver.set_bin(new)
    return context.redirect("/captures", bin=context.field("shown"))


async def clear(context: PageContext) -> Response:
    """Forget the captures of a bin, or all."""
    await context.sandbox.captures.clear(context.field("bin") or None)
    return context.redirect("/captures")


async def export(context: PageContext) -> Response:
    """Answer with all captures that the filter lets through, as a file, newest first."""
    return await exported(context, _captured_requests(context, _filter(context)), "captures")


async def _captured_requests(
    context: PageContext, wanted: CaptureFilter
) -> AsyncIterator[Exported]:
    cursor: str | None = None
    while True:
        found, cursor = await context.sandbox.captures.page(wanted, limit=PAGE, cursor=cursor)
        for capture in found:
            request = exported_capture(capture, context.sandbox.base_url)
            yield Exported(CaptureView.of(capture), request)
        if cursor is None:
            return


def badge(capture: Capture) -> Pill:
    """Return what is known of a capture's signature."""
    if capture.verified:
        return Pill("good", "Valid")
    if capture.verified is False:
        return Pill("bad", capture.reason or "Invalid")
    return Pill("idle", "No secret" if capture.signed else "Not signed")


def describe_behavior(steps: tuple[Step, ...]) -> str:
    """Return how a bin behaves: "503, 503, then 200"."""
    for _, says, preset in PRESETS:
        if preset == steps:
            return says
    said = [_describe_step(step) for step in steps]
    if len(said) > _STEPS_SAID:
        return f"{', '.join(said[:_STEPS_SAID])} … {len(said)} steps, then {said[-1]}"
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])}, then {said[-1]}"


def _describe_step(step: Step) -> str:
    if step.hang:
        return "hangs"
    if step.reset:
        return "resets"
    return f"{step.status} after {format_duration(step.delay)}" if step.delay else str(step.status)


def _row(bin: Bin) -> BinRow:
    preset = next((name for name, _, steps in PRESETS if steps == bin.behaviour), "")
    steps = msgspec.json.encode([step.as_json() for step in bin.behaviour]).decode()
    return BinRow(bin, describe_behavior(bin.behaviour), preset, text_of(steps.encode()))


def _steps(text: str) -> tuple[Step, ...] | None:
    if not text:
        return None
    try:
        return parse_behavior(msgspec.json.decode(text))
    except (msgspec.DecodeError, RecursionError) as error:
        raise InputError(f"The steps are not JSON: {error}.", pointer="/steps") from None


def _filter(context: PageContext) -> CaptureFilter:
    verified = {"true": True, "false": False}.get(context.query_value("verified"))
    return CaptureFilter(
        bin=context.query_value("bin") or None,
        verified=verified,
        q=context.query_value("q") or None,
    )


def _bins(context: PageContext, recent: list[Capture]) -> list[Bin]:
    """Return the bins that were used lately, that endpoints lead to, or that are asked for."""
    place = f"{context.sandbox.base_url}{PREFIX}"
    names = [capture.bin for capture in recent]
    names += [
        endpoint.url.removeprefix(place).partition("/")[0].partition("?")[0]
        for endpoint in context.sandbox.endpoints.all()
        if endpoint.url.startswith(place)
    ]
    names += [context.query_value("bin")]
    known = sorted({name for name in names if is_bin_name(name)})
    return [context.sandbox.captures.bin(name) for name in known]
