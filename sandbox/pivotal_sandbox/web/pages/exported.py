"""Deliveries and captures as files, in a form that other programs take."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

import msgspec
from starlette.responses import Response

from pivotal_sandbox.core.curl import curl_command
from pivotal_sandbox.core.model import Request
from pivotal_sandbox.errors import InputError
from pivotal_sandbox.web.pages.download import streamed


@dataclass(frozen=True, slots=True)
class Exported:
    """One thing of a log: the request as it was on the wire, and all that the API says of it."""

    request: Request
    view: msgspec.Struct


@dataclass(frozen=True, slots=True)
class Form:
    """A form of export: how it is called, and what a file of it is."""

    id: str
    name: str
    suffix: str
    media: str
    part: Callable[[Exported], bytes]


def _jsonl(one: Exported) -> bytes:
    return msgspec.json.encode(one.view) + b"\n"


def _curl(one: Exported) -> bytes:
    request = one.request
    command = curl_command(request.method, request.url, request.headers, request.body)
    return command.encode() + b"\n"


FORMS: Sequence[Form] = (
    Form("jsonl", "JSON Lines", "jsonl", "application/x-ndjson", _jsonl),
    Form("curl", "curl", "sh", "text/plain", _curl),
)


def exported(things: AsyncIterator[Exported], name: str, form: str) -> Response:
    """Return the file that holds all of `things`. Raises `InputError` for an unknown form."""
    wanted = next((one for one in FORMS if one.id == (form or "jsonl")), None)
    if wanted is None:
        known = ", ".join(one.id for one in FORMS)
        raise InputError(f'"{form:.40}" is no form of export; there are {known}.', pointer="/as")
    part = wanted.part

    async def parts() -> AsyncIterator[bytes]:
        async for one in things:
            yield part(one)

    return streamed(parts(), f"{name}.{wanted.suffix}", wanted.media)
