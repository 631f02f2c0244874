"""Requests as an HTTP Archive, version 1.2."""

import base64
import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from pivotal_sandbox.common.timestamps import format_rfc3339
from pivotal_sandbox.domain.models import Headers, Outcome, Request
from pivotal_sandbox.exports.exchange import ExportedRequest

_UNKNOWN = -1  # as the format has it
_HTTP = "HTTP/1.1"


def har(requests: Sequence[ExportedRequest], *, version: str) -> str:
    """Return the archive; `version` is this program's.

    A body that is no UTF-8 is base64: the format says so of responses, and for requests leaves room
    in names that begin with "_". An exchange without an answer has the status 0.
    """
    log = {
        "version": "1.2",
        "creator": {"name": "pivotal-sandbox", "version": version},
        "entries": [_entry(request) for request in requests],
    }
    return json.dumps({"log": log}, indent=2) + "\n"


def _entry(exported: ExportedRequest) -> dict[str, Any]:
    timings = _timings(exported.outcome)
    entry = {
        "startedDateTime": format_rfc3339(exported.at),
        # TLS is within the connecting.
        "time": sum(ms for part, ms in timings.items() if part != "ssl" and ms > 0),
        "request": _request(exported.request),
        "response": _response(exported.outcome),
        "cache": {},
        "timings": timings,
        "comment": f"{exported.id} {exported.title}",
    }
    if exported.outcome is not None and exported.outcome.error is not None:
        entry["_error"] = exported.outcome.error
    return entry


def _request(request: Request) -> dict[str, Any]:
    head = f"{request.method} {_target(request.url)} {_HTTP}\r\n"
    entry: dict[str, Any] = {
        "method": request.method,
        "url": request.url,
        "httpVersion": _HTTP,
        "cookies": [],
        "headers": _headers(request.headers),
        "queryString": [
            {"name": name, "value": value}
            for name, value in parse_qsl(urlsplit(request.url).query, keep_blank_values=True)
        ],
        "headersSize": len(head) + _header_size(request.headers),
        "bodySize": len(request.body),
    }
    if request.body:
        text, encoding = _encode_body(request.body)
        entry["postData"] = {"mimeType": _content_type(request.headers), "params": [], "text": text}
        if encoding:
            entry["postData"]["_encoding"] = encoding
    return entry


def _response(outcome: Outcome | None) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "status": 0,
        "statusText": "",
        "httpVersion": _HTTP,
        "cookies": [],
        "headers": [],
        "content": {"size": 0, "mimeType": "x-unknown"},
        "redirectURL": "",
        "headersSize": _UNKNOWN,
        "bodySize": _UNKNOWN,
    }
    response = outcome.response if outcome else None
    if response is None:
        return entry
    content: dict[str, Any] = {
        "size": len(response.body),
        "mimeType": _content_type(response.headers),
    }
    if response.body:
        content["text"], encoding = _encode_body(response.body)
        if encoding:
            content["encoding"] = encoding
    if response.truncated:
        content["comment"] = "The rest of it was not kept."
    location = [value for name, value in response.headers if name.lower() == "location"]
    return entry | {
        "status": response.status_code,
        "headers": _headers(response.headers),
        "content": content,
        "redirectURL": location[0] if location else "",
    }


def _timings(outcome: Outcome | None) -> dict[str, float]:
    """Return the parts in ms; what is not known apart is part of the waiting."""
    if outcome is None:
        return {"blocked": _UNKNOWN, "send": 0, "wait": 0, "receive": 0}
    timing = outcome.timing
    connect, tls = timing.connect_ms or 0, timing.tls_ms or 0
    first = timing.total_ms if timing.first_byte_ms is None else timing.first_byte_ms
    return {
        "blocked": _UNKNOWN,
        "dns": _UNKNOWN,
        "connect": _UNKNOWN if timing.connect_ms is None else connect + tls,
        "ssl": _UNKNOWN if timing.tls_ms is None else tls,
        "send": 0,
        "wait": max(first - connect - tls, 0),
        "receive": max(timing.total_ms - first, 0),
    }


def _headers(headers: Headers) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in headers]


def _header_size(headers: Headers) -> int:
    return sum(len(name) + len(value) + len(": \r\n") for name, value in headers) + len("\r\n")


def _content_type(headers: Headers) -> str:
    types = [value for name, value in headers if name.lower() == "content-type"]
    return types[0] if types else "application/octet-stream"


def _encode_body(body: bytes) -> tuple[str, str]:
    """Return a body as text, and in which encoding, if it is none."""
    try:
        return body.decode(), ""
    except UnicodeDecodeError:
        return base64.b64encode(body).decode(), "base64"


def _target(url: str) -> str:
    return "/" + url.split("/", 3)[3]
