"""The API's captures, and the bins that they came to."""

from typing import Any

from msgspec import UNSET, Struct, UnsetType

from pivotal_sandbox.common.urls import parse_url
from pivotal_sandbox.domain.bins import Bin, Step, parse_behavior
from pivotal_sandbox.errors import InputError, NotFound
from pivotal_sandbox.receiver.capture import PREFIX, is_bin_name
from pivotal_sandbox.store.captures import CaptureFilter
from pivotal_sandbox.web.operation import Call, Operation
from pivotal_sandbox.web.request_parsing import Page, read_at, read_limit, read_window
from pivotal_sandbox.web.views import BinView, CaptureView


class CaptureQuery(Page, forbid_unknown_fields=True):
    """Which captures: all that is given must hold. `q` is searched in path, headers and body."""

    bin: str | None = None
    verified: bool | None = None
    since: str | None = None
    until: str | None = None
    q: str | None = None


class BinQuery(Struct, forbid_unknown_fields=True):
    """Of which bin; of all where none is named."""

    bin: str | None = None


class BinChanges(Struct, forbid_unknown_fields=True):
    """How a bin is to be: what is left out goes back to its default."""

    behaviour: list[Any] | UnsetType = UNSET
    forward_to: str | None = None
    secret: str | None = None


class CaptureList(Struct):
    """A page of captures, newest first."""

    items: list[CaptureView]
    next_cursor: str | None


class Cleared(Struct):
    """How many captures are gone."""

    deleted: int


async def list_captures(call: Call[CaptureQuery, None]) -> CaptureList:
    """List the captures."""
    query = call.query
    since, until = read_window(query.since, query.until, call.sandbox.clock.now())
    wanted = CaptureFilter(
        bin=query.bin,
        verified=query.verified,
        since=since,
        until=until,
        q=query.q,
    )
    items, cursor = await call.sandbox.captures.page(
        wanted, limit=read_limit(query.limit), cursor=query.cursor
    )
    return CaptureList([CaptureView.of(capture) for capture in items], cursor)


async def clear_captures(call: Call[BinQuery, None]) -> Cleared:
    """Forget the captures of a bin, or all."""
    return Cleared(await call.sandbox.captures.clear(call.query.bin))


async def show_capture(call: Call[None, None]) -> CaptureView:
    """Show a capture."""
    return CaptureView.of(await call.sandbox.captures.get(call.params["id"]))


async def delete_capture(call: Call[None, None]) -> None:
    """Forget a capture."""
    await call.sandbox.captures.delete(call.params["id"])


async def show_bin(call: Call[None, None]) -> BinView:
    """Show how a bin behaves."""
    return _view(call, call.sandbox.captures.bin(_name(call)))


async def set_bin(call: Call[None, BinChanges]) -> BinView:
    """Say how a bin behaves from its next request on."""
    given = call.body
    steps = (Step(),) if given.behaviour is UNSET else parse_behavior(given.behaviour)
    if given.forward_to is not None:
        read_at("/forward_to", parse_url, given.forward_to)
    if given.secret == "":
        raise InputError("The secret is empty; leave it out instead.", pointer="/secret")
    bin = Bin(_name(call), steps, given.forward_to, given.secret)
    await call.sandbox.receiver.set_bin(bin)
    return _view(call, bin)


def _name(call: Call[Any, Any]) -> str:
    name = call.params["bin"]
    if not is_bin_name(name):
        raise NotFound("A bin's name has 1 to 64 letters, digits, - and _.", pointer="/bin")
    return name


def _view(call: Call[Any, Any], bin: Bin) -> BinView:
    return BinView.of(bin, f"{call.sandbox.base_url}{PREFIX}{bin.name}")


_ALL, _ONE, _BIN = "/api/captures", "/api/captures/{id}", "/api/bins/{bin}"

OPERATIONS = (
    Operation("GET", _ALL, list_captures, {200: CaptureList}, query=CaptureQuery),
    Operation("DELETE", _ALL, clear_captures, {200: Cleared}, query=BinQuery),
    Operation("GET", _ONE, show_capture, {200: CaptureView}),
    Operation("DELETE", _ONE, delete_capture, {204: None}),
    Operation("GET", _BIN, show_bin, {200: BinView}),
    Operation("PUT", _BIN, set_bin, {200: BinView}, body=BinChanges),
)
