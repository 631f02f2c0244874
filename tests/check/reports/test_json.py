import base64
import json
from dataclasses import replace

from hypothesis import given
from tests.check.samples import BROKEN, CLEAN, RESERIALISED, exchange, reports

from pivotal_sandbox.check.model import Report
from pivotal_sandbox.check.reports.json import render_json, text_or_base64


def test_keys_are_those_of_the_contract() -> None:
    report = json.loads(render_json(BROKEN))
    assert list(report) == ["target", "passed", "grade", "seed", "summary", "results"]
    assert report["summary"] == {"passed": 1, "failed": 5, "skipped": 1, "vacuous": 1, "error": 1}
    keys = """id title group severity outcome expected observed fate advice duration_ms requests"""
    assert all(list(result) == keys.split() for result in report["results"])


def test_values_are_those_of_the_report() -> None:
    report = json.loads(render_json(BROKEN))
    assert (report["grade"], report["passed"], report["seed"]) == ("F", False, 7)
    assert report["results"][1]["advice"] == BROKEN.results[1].advice
    assert json.loads(render_json(CLEAN))["passed"] is True


def test_request_is_text_if_utf_8_and_base64_otherwise() -> None:
    results = json.loads(render_json(BROKEN))["results"]
    [text, binary] = results[2]["requests"]
    assert text["head"].startswith("POST /webhooks/pivotal HTTP/1.1\r\n")
    assert (text["body"], text["body_encoding"]) == ('{"id":"evt_2","data":{"n":1e3}}', "utf-8")
    assert (text["status"], text["response_body"]) == (401, "bad signature")
    assert binary["body_encoding"] == "base64"
    sent = RESERIALISED.requests[1]
    assert base64.b64decode(binary["body"]) == sent.sent[sent.head_size :]


def test_answer_has_headers_and_missing_answer_has_a_reason() -> None:
    whole = replace(exchange(), label="late", response_headers=(("Server", "x"),))
    silent = replace(exchange(status=None, error="It was reset."), failure="connection_reset")
    result = replace(RESERIALISED, requests=(whole, silent))
    [first, second] = json.loads(render_json(replace(CLEAN, results=(result,))))["results"][0][
        "requests"
    ]
    assert (first["label"], first["response_headers"]) == ("late", [["Server", "x"]])
    assert [second[key] for key in ("status", "error", "failure")] == [
        None,
        "It was reset.",
        "connection_reset",
    ]


def test_text_is_shown_as_text() -> None:
    assert text_or_base64("Zoë".encode()) == ("Zoë", "utf-8")
    assert text_or_base64(b"\xff") == ("/w==", "base64")


@given(reports)
def test_any_report_is_valid_json(report: Report) -> None:
    read = json.loads(render_json(report).encode())
    assert [result["id"] for result in read["results"]] == [result.id for result in report.results]
    for result, back in zip(report.results, read["results"], strict=True):
        assert back["title"] == result.title
