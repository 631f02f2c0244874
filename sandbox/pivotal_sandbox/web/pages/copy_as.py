"""A request as what one pastes elsewhere: curl, HTTPie, a test for pytest, an archive."""

from collections.abc import Sequence

from msgspec.structs import replace

from pivotal_sandbox import __version__
from pivotal_sandbox.domain.models import Request
from pivotal_sandbox.exports.curl import curl_request_command
from pivotal_sandbox.exports.exchange import ExportedRequest
from pivotal_sandbox.exports.har import har
from pivotal_sandbox.exports.httpie import httpie_command
from pivotal_sandbox.exports.pytest_file import pytest_file

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
