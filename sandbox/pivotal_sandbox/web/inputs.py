"""What the API takes, as types that validate, and how it is read from a request."""

from collections.abc import Callable
from typing import Any, Literal, TypeVar

import msgspec
from msgspec import UNSET, Struct, UnsetType
from starlette.requests import Request

from pivotal_sandbox.core.duration import parse_duration
from pivotal_sandbox.core.instant import parse_rfc3339
from pivotal_sandbox.core.model import Mode, Status
from pivotal_sandbox.errors import InputError, did_you_mean
from pivotal_sandbox.web.problem import from_validation

T = TypeVar("T", bound=Struct)
V = TypeVar("V")

BODY_MOST = 10 * 1024 * 1024  # bytes


class NewEndpoint(Struct, forbid_unknown_fields=True):
    """POST /api/endpoints."""

    url: str
    mode: Mode = "test"
    event_types: list[str] = msgspec.field(default_factory=lambda: ["*"])
    field_filter: list[str] = []
    description: str = ""


class EndpointChanges(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """PATCH /api/endpoints/{id}."""

    url: str | UnsetType = UNSET
    event_types: list[str] | UnsetType = UNSET
    field_filter: list[str] | UnsetType = UNSET
    description: str | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET


class Rotation(Struct, forbid_unknown_fields=True):
    """POST /api/endpoints/{id}/rotate-secret."""

    overlap: str = "24h"


class NewEvent(Struct, forbid_unknown_fields=True):
    """POST /api/events."""

    type: str
    mode: Mode | None = None
    set: dict[str, Any] = {}
    data: dict[str, Any] | None = None
    endpoint_id: str | None = None
    validate: bool = True


class Replay(Struct, forbid_unknown_fields=True):
    """POST /api/deliveries/replay: the ids, or a filter as the list takes it."""

    ids: list[str] | None = None
    filter: "DeliveryQuery | None" = None
    dry_run: bool = False


class Page(Struct, forbid_unknown_fields=True):
    """What every list takes."""

    limit: int = 50
    cursor: str | None = None


class DeliveryQuery(Page):
    """GET /api/deliveries."""

    mode: Mode | None = None
    endpoint_id: str | None = None
    status: Status | None = None
    event_type: str | None = None
    status_code: int | None = None
    since: str | None = None
    until: str | None = None
    q: str | None = None


class CaptureQuery(Page):
    """GET /api/captures."""

    bin: str | None = None
    verified: bool | None = None
    since: str | None = None
    until: str | None = None
    q: str | None = None


class EndpointQuery(Page):
    """GET /api/endpoints."""

    mode: Mode | None = None


class BinQuery(Struct, forbid_unknown_fields=True):
    """DELETE /api/captures."""

    bin: str | None = None


class WaitQuery(Struct, forbid_unknown_fields=True):
    """GET /api/deliveries/{id}."""

    wait: str = "0s"


class BinChanges(Struct, forbid_unknown_fields=True):
    """PUT /api/bins/{bin}: what is left out goes back to its default."""

    behaviour: list[Any] | UnsetType = UNSET
    forward_to: str | None = None
    secret: str | None = None


class ClockChange(Struct, forbid_unknown_fields=True):
    """POST /api/clock: one of the three."""

    advance: str | None = None
    speed: float | None = None
    mode: Literal["system", "manual"] | None = None


async def read_body(request: Request, kind: type[T]) -> T:
    """Return the request's JSON body as `kind`. Raises `InputError`; no body is an empty object."""
    body = await request.body()
    try:
        return msgspec.json.decode(body or b"{}", type=kind)
    except msgspec.ValidationError as error:
        raise _named(from_validation(error), kind) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"The body is not JSON: {error}.") from None


def read_query(request: Request, kind: type[T]) -> T:
    """Return the request's query parameters as `kind`. Raises `InputError`."""
    given: dict[str, Any] = {}
    for name, value in request.query_params.multi_items():
        if name in given:
            raise InputError(f'"{name}" is given twice.', pointer=f"/{name}")
        given[name] = value
    try:
        return msgspec.convert(given, type=kind, strict=False)
    except msgspec.ValidationError as error:
        raise _named(from_validation(error), kind) from None


def _named(error: InputError, kind: type[Struct]) -> InputError:
    known = kind.__struct_fields__
    field = error.pointer.removeprefix("/")
    if field in known or "/" in field or not field:
        return error
    hint = did_you_mean(field, known) or f" Known: {', '.join(known)}."
    return InputError(f"{error}{hint}", pointer=error.pointer)


def read_limit(page: Page) -> int:
    """Return the page's size. Raises `InputError` outside 1..500."""
    if not 1 <= page.limit <= 500:
        raise InputError("The limit is a number from 1 to 500.", pointer="/limit")
    return page.limit


def read_duration(text: str, pointer: str) -> int:
    """Return the duration in ms. Raises `InputError` naming the field."""
    return read_at(pointer, parse_duration, text)


def read_at(pointer: str, parse: Callable[[str], V], text: str) -> V:
    """Return what `parse` makes of the text; its `InputError` gets `pointer` as the field."""
    try:
        return parse(text)
    except InputError as error:
        raise InputError(str(error), pointer=pointer) from None


def read_moment(text: str | None, now: int, pointer: str) -> int | None:
    """Return the moment (ms) that an RFC 3339 time, or a duration before `now`, names."""
    if text is None:
        return None
    try:
        return parse_rfc3339(text) if "-" in text else now - parse_duration(text)
    except InputError:
        raise InputError(
            f'"{text}" is neither a time such as 2026-01-31T12:00:00Z nor a duration back from '
            "now such as 1h.",
            pointer=pointer,
        ) from None
