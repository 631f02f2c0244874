import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft6Validator, FormatChecker
from msgspec.structs import replace
from referencing import Registry, Resource
from tests.exports.exchanges import captured, sent, strangers

from pivotal_sandbox.domain.models import Outcome, Response, Timing
from pivotal_sandbox.exports.exchange import ExportedRequest
from pivotal_sandbox.exports.har import har

# The schema that har-validator and its like judge by; `make test` installs what package.json names.
SCHEMAS = Path(__file__).parent / "har/node_modules/har-schema/lib"


def entries(*them: ExportedRequest) -> list[dict[str, Any]]:
    log = json.loads(har(them, version="1.0"))["log"]
    assert (log["version"], log["creator"]["name"]) == ("1.2", "pivotal-sandbox")
    found: list[dict[str, Any]] = log["entries"]
    return found


@pytest.mark.needs("npm")
@settings(deadline=None)
@given(st.lists(strangers(), max_size=3))
def test_it_is_valid_by_the_schema_of_the_format(them: list[ExportedRequest]) -> None:
    if not SCHEMAS.exists() and os.environ.get("CI") != "true":
        pytest.skip("npm did not install har-schema")
    schemas = [json.loads(file.read_text("utf-8")) for file in SCHEMAS.glob("*.json")]
    resources = [(schema["$id"], Resource.from_contents(schema)) for schema in schemas]
    registry: Registry[Any] = Registry().with_resources(resources)
    validator = Draft6Validator(
        {"$ref": "har.json#"}, registry=registry, format_checker=FormatChecker()
    )
    document = json.loads(har(them, version="1.0"))
    assert [error.message for error in validator.iter_errors(document)] == []
    del document["log"]["creator"]
    assert list(validator.iter_errors(document)) != []


@settings(deadline=None)
@given(strangers())
def test_what_was_sent_can_be_read_back_to_the_byte(exported_request: ExportedRequest) -> None:
    [entry] = entries(exported_request)
    request = entry["request"]
    assert (request["method"], request["url"]) == (
        exported_request.request.method,
        exported_request.request.url,
    )
    assert [(h["name"], h["value"]) for h in request["headers"]] == list(
        exported_request.request.headers
    )
    posted = request.get("postData", {"text": ""})
    body = posted["text"].encode()
    if posted.get("_encoding") == "base64":
        body = base64.b64decode(body, validate=True)
    assert body == exported_request.request.body
    assert request["bodySize"] == len(body)


def test_the_query_is_taken_apart_and_the_head_measured() -> None:
    [entry] = entries(captured(below="?a=1&b=&a=%20", headers=(("X", "y"),)))
    request = entry["request"]
    assert request["queryString"] == [
        {"name": "a", "value": "1"},
        {"name": "b", "value": ""},
        {"name": "a", "value": " "},
    ]
    assert request["headersSize"] == len("POST /in/a?a=1&b=&a=%20 HTTP/1.1\r\nX: y\r\n\r\n")


def test_the_answer_and_its_times_are_there() -> None:
    headers = (("content-type", "text/plain"), ("Location", "/there"))
    timing = Timing(total_ms=20.0, connect_ms=2.0, tls_ms=3.0, first_byte_ms=15.0)
    answered = Outcome(timing, Response(302, headers, b"\xff", truncated=True))
    [entry] = entries(replace(sent(), outcome=answered))
    response = entry["response"]
    assert (response["status"], response["redirectURL"]) == (302, "/there")
    assert response["content"] == {
        "size": 1,
        "mimeType": "text/plain",
        "text": "/w==",
        "encoding": "base64",
        "comment": "The rest of it was not kept.",
    }
    parts = entry["timings"]
    assert (parts["connect"], parts["ssl"], parts["wait"], parts["receive"]) == (5, 3, 10, 5)
    assert entry["time"] == 20


def test_an_answer_of_text_is_text() -> None:
    answered = Outcome(Timing(1.0), Response(200, (), "Zoë".encode()))
    [entry] = entries(replace(sent(), outcome=answered))
    assert entry["response"]["content"] == {
        "size": 4,
        "mimeType": "application/octet-stream",
        "text": "Zoë",
    }


def test_an_exchange_without_an_answer_says_why() -> None:
    lost = Outcome(Timing(7.0), None, "connection_refused", "Nobody listens.")
    [refused, unknown] = entries(replace(sent(), outcome=lost), sent(status=None))
    assert (refused["response"]["status"], refused["_error"]) == (0, "connection_refused")
    assert refused["time"] == refused["timings"]["wait"] == 7
    assert (unknown["time"], unknown["response"]["status"]) == (0, 0)
