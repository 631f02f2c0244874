"""A request as what one pastes elsewhere."""

import json
import shlex
from typing import Any

from pivotal_sandbox.domain.models import Request
from pivotal_sandbox.exports.exchange import ExportedRequest
from pivotal_sandbox.web.pages.export import exports

HEADERS = (
    ("host", "x"),
    ("content-type", "application/json"),
    ("pivotal-signature", "v1,t=1,sig=a"),
    ("content-length", "2"),
)


def test_all_forms_have_the_headers_that_matter() -> None:
    forms = dict(exports(Request("POST", "http://127.0.0.1/h?a=b", HEADERS, b"{}"), ["whsec_x"]))
    assert list(forms) == ["curl", "HTTPie", "pytest"]
    for text in forms.values():
        assert "http://127.0.0.1/h?a=b" in text
        assert "content-type" in text
        assert "whsec_x" not in text


def test_httpie_gets_the_bytes_by_a_pipe() -> None:
    text = dict(exports(Request("POST", "http://x/", HEADERS, b"it's\x00%"), []))["HTTPie"]
    words = shlex.split(text)
    assert words[:2] == ["printf", "it\\047s\\000\\045"]
    assert words[2:4] == ["|", "http"]
    assert words[6:8] == ["POST", "http://x/"]
    assert "--ignore-stdin" in dict(exports(Request("GET", "http://x/", (), b""), []))["HTTPie"]


def test_the_test_signs_for_itself() -> None:
    text = dict(exports(Request("POST", "http://x/", HEADERS, b"\xff'\""), ["s"]))["pytest"]
    assert "sign(body, SECRET" in text
    space: dict[str, Any] = {}
    exec(compile(text, "test_it.py", "exec"), space)
    [case] = space["REQUESTS"]
    assert case.values[3:] == (b"\xff'\"", True, True)


def test_what_a_client_writes_anyway_is_left_out_of_commands() -> None:
    forms = dict(exports(Request("POST", "http://x/", HEADERS, b"{}"), []))
    assert list(forms) == ["curl", "HTTPie"]
    for text in forms.values():
        assert "content-length" not in text
        assert "host" not in text


def test_the_archive_holds_what_was_sent() -> None:
    sent = ExportedRequest(
        "msg_1", "task.completed", 0, Request("POST", "http://x/", HEADERS, b"{}")
    )
    [(name, text)] = exports(None, [], sent)
    assert name == "HAR"
    [entry] = json.loads(text)["log"]["entries"]
    assert entry["request"]["postData"]["text"] == "{}"


def test_what_nobody_wants_to_paste_is_not_offered() -> None:
    request = Request("POST", "http://x/", (), b"x" * 20_000)
    assert exports(request, [], ExportedRequest("msg_1", "x", 0, request)) == []
