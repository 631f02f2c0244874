"""Exports of the inspector: downloads of deliveries and captures, and requests to copy."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import msgspec
from msgspec.structs import replace
from starlette.responses import Response, StreamingResponse

from pivotal_sandbox import __version__
from pivotal_sandbox.domain.models import Request
from pivotal_sandbox.errors import InputError
from pivotal_sandbox.exports.curl import curl_request_command
from pivotal_sandbox.exports.exchange import ExportedRequest
from pivotal_sandbox.exports.formats import FORMS, ExportOptions, Form, export, get_form
from pivotal_sandbox.exports.har import har
from pivotal_sandbox.exports.httpie import httpie_command
from pivotal_sandbox.exports.pytest_file import pytest_file
from pivotal_sandbox.web.pages.context import PageContext

LINES = "jsonl"
CHOICES = (
    (LINES, "JSON Lines"),
    *((form.name, {"httpie": "HTTPie", "har": "HAR"}.get(form.name, form.name)) for form in FORMS),
)
"""The forms by name, and how the page calls them."""

MOST = 10_000  # requests in a file that cannot be written line by line


@dataclass(frozen=True, slots=True)
class Exported:
    """One thing of a log: all that the API says of it, and the request, if one was sent."""

    view: msgspec.Struct
    sent: ExportedRequest | None


async def exported(context: PageContext, things: AsyncIterator[Exported], name: str) -> Response:
    """Return the file that holds all of `things`, as the address asks for. Raises `InputError`."""
    form, re_sign = context.query_value("as"), bool(context.query_value("re_sign"))
    if form in ("", LINES):
        if re_sign:
            raise InputError("JSON Lines are a record: nothing is signed anew.", pointer="/re_sign")
        return streamed(_lines(things), f"{name}.jsonl", "application/x-ndjson")
    wanted = get_form(form)
    text = await _text(things, wanted, ExportOptions(__version__, re_sign))
    return streamed(_once(text.encode()), f"{name}{wanted.suffix}", wanted.media_type)


async def _lines(things: AsyncIterator[Exported]) -> AsyncIterator[bytes]:
    async for thing in things:
        yield msgspec.json.encode(thing.view) + b"\n"


async def _text(things: AsyncIterator[Exported], form: Form, how: ExportOptions) -> str:
    sent: list[ExportedRequest] = []
    async for thing in things:
        if thing.sent is not None:
            sent.append(thing.sent)
        if len(sent) > MOST:
            raise InputError(
                f"A file for {form.name} holds {MOST:,} requests at most: narrow the filter, "
                "or take JSON Lines.",
                pointer="/as",
            )
    if not sent:
        raise InputError("None of them was sent yet.", pointer="/id")
    return export(sorted(sent, key=lambda request: (request.at, request.id)), form, how)


async def _once(part: bytes) -> AsyncIterator[bytes]:
    yield part


def download(body: bytes, name: str) -> Response:
    """Return the bytes as they are, to be saved under a name of ours."""
    return Response(body, media_type="text/plain", headers=_headers(f"{name}.txt"))


def streamed(parts: AsyncIterator[bytes], name: str, media: str) -> Response:
    """Return a file that is made while it is being saved."""
    return StreamingResponse(parts, media_type=media, headers=_headers(name))


def _headers(name: str) -> dict[str, str]:
    return {
        "content-disposition": f'attachment; filename="{name}"',
        "content-security-policy": "sandbox; default-src 'none'",
        "x-content-type-options": "nosniff",
    }


_LONGEST = 16 * 1024  # bytes of a body that one still wants to paste


def exports(
    request: Request | None, secrets: Sequence[str], record: ExportedRequest | None = None
) -> list[tuple[str, str]]:
    """Return the forms by name.

    `request` is what commands send; `secrets` are those that a test can sign with. The archive
    holds `record`, what was sent.
    """
    return [*_commands(request, secrets), *_archive(record)]


def _archive(record: ExportedRequest | None) -> list[tuple[str, str]]:
    if record is None or len(record.request.body) > _LONGEST:
        return []
    return [("HAR", har([record], version=__version__))]


def _commands(request: Request | None, secrets: Sequence[str]) -> list[tuple[str, str]]:
    if request is None or len(request.body) > _LONGEST:
        return []
    sent = ExportedRequest(
        "request", "", 0, request, accepted=bool(secrets) or None, signed=bool(secrets)
    )
    forms = [
        # What a client writes anyway is left out: it is to be read.
        ("curl", curl_request_command(_without(sent, "host", "content-length"))),
        ("HTTPie", httpie_command(_without(sent, "host"))),
    ]
    if secrets:
        forms.append(("pytest", pytest_file([sent])))
    return forms


def _without(sent: ExportedRequest, *names: str) -> ExportedRequest:
    headers = tuple(pair for pair in sent.request.headers if pair[0].lower() not in names)
    return replace(sent, request=replace(sent.request, headers=headers))
