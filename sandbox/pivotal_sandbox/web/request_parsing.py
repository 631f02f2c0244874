"""How a request is read into a type that validates, or refused with the field that is wrong."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import msgspec
from msgspec import Struct
from starlette.requests import Request

from pivotal_sandbox.common.durations import parse_duration
from pivotal_sandbox.common.timestamps import parse_rfc3339
from pivotal_sandbox.common.validation import validation_error
from pivotal_sandbox.errors import Conflict, InputError, NotFound

T = TypeVar("T", bound=Struct)
V = TypeVar("V")


class Page(Struct, forbid_unknown_fields=True):
    """What every list takes."""

    limit: int = 50
    cursor: str | None = None


async def read_body(request: Request, kind: type[T]) -> T:
    """Return the request's JSON body as `kind`. Raises `InputError`; no body is an empty object."""
    body = await request.body()
    try:
        return msgspec.json.decode(body or b"{}", type=kind)
    except msgspec.ValidationError as error:
        raise validation_error(error, kind) from None
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
        raise validation_error(error, kind) from None


def read_at(pointer: str, parse: Callable[[str], V], text: str) -> V:
    """Return what `parse` makes of the text; its `InputError` gets `pointer` as the field."""
    try:
        return parse(text)
    except InputError as error:
        raise InputError(str(error), pointer=pointer) from None


def read_limit(limit: int) -> int:
    """Return the size of a page. Raises `InputError` outside 1..500."""
    if not 1 <= limit <= 500:
        raise InputError("The limit is a number from 1 to 500.", pointer="/limit")
    return limit


def read_duration(text: str, pointer: str) -> int:
    """Return the duration in ms. Raises `InputError` naming the field."""
    return read_at(pointer, parse_duration, text)


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


def read_window(since: str | None, until: str | None, now: int) -> tuple[int | None, int | None]:
    """Return both ends of a time, in ms. Raises `InputError` where the end is before the start."""
    start, end = read_moment(since, now, "/since"), read_moment(until, now, "/until")
    if start is not None and end is not None and end < start:
        raise InputError(
            f'"{until}" is before "{since}", where it starts: nothing lies between.',
            pointer="/until",
        )
    return start, end


@contextlib.contextmanager
def within(**given: Mapping[str, Any] | None) -> Iterator[None]:
    """Have an `InputError` about a record point to where the request gave it: "/set/name".

    `given` are the fields of the request that hold parts of the record, by path or by key.
    """
    try:
        yield
    except (NotFound, Conflict):  # these are of what the request names, not of what it sets
        raise
    except InputError as error:
        first = error.pointer.split("/")[1:2]
        for name, parts in given.items():
            if first and first[0] in {path.partition(".")[0] for path in parts or ()}:
                raise InputError(str(error), pointer=f"/{name}{error.pointer}") from None
        raise
