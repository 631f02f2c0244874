"""The shape is asserted by hand: no package on PyPI carries the official schema of SARIF."""

import json
import re
from dataclasses import replace
from typing import Any

from hypothesis import given
from tests.check.samples import BROKEN, CAPPED, CLEAN, FORGED, TARGET, reports

from pivotal_sandbox.check.model import Report
from pivotal_sandbox.check.reports.sarif import render_sarif

RUN = {"tool", "automationDetails", "invocations", "results", "properties"}
RULE = {
    "id",
    "shortDescription",
    "fullDescription",
    "help",
    "defaultConfiguration",
    "properties",
}
RESULT = {
    "ruleId",
    "ruleIndex",
    "kind",
    "level",
    "message",
    "locations",
    "partialFingerprints",
    "properties",
    "webRequest",
    "webResponse",
}
URI = re.compile(r"[\w:/?#\[\]@!$&'()*+,;=.~%-]*", re.ASCII)


def run_of(report: Report) -> Any:
    log = json.loads(render_sarif(report).encode())
    assert log.keys() == {"$schema", "version", "runs"}
    assert (log["version"], log["$schema"].rpartition("/")[2]) == (
        "2.1.0",
        "sarif-schema-2.1.0.json",
    )
    [run] = log["runs"]
    return run


def check_shape(run: Any) -> None:
    """Assert what the format demands: the properties, their types, and that indices lead home."""
    assert run.keys() == RUN
    driver = run["tool"]["driver"]
    assert driver["name"]
    assert driver["version"]
    rules = driver["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    for rule in rules:
        assert rule.keys() == RULE
        assert all(isinstance(rule[key]["text"], str) for key in ("shortDescription", "help"))
        assert rule["defaultConfiguration"]["level"] in {"none", "note", "warning", "error"}
    for result in run["results"]:
        assert result.keys() <= RESULT
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert (result["kind"], result["level"] in {"note", "warning", "error"}) == ("fail", True)
        assert result["message"].keys() == {"text"}
        [place] = result["locations"]
        assert URI.fullmatch(place["physicalLocation"]["artifactLocation"]["uri"])
        assert all(isinstance(mark, str) for mark in result["partialFingerprints"].values())
        assert isinstance(result.get("webResponse", {}).get("statusCode", 0), int)
    [invocation] = run["invocations"]
    assert isinstance(invocation["executionSuccessful"], bool)
    for notification in invocation["toolExecutionNotifications"]:
        assert notification["message"]["text"]
        assert (
            rules[notification["associatedRule"]["index"]]["id"]
            == (notification["associatedRule"]["id"])
        )


def test_each_check_is_a_rule_and_each_finding_a_result() -> None:
    run = run_of(BROKEN)
    check_shape(run)
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == [r.id for r in BROKEN.results]
    assert {result["ruleId"]: result["level"] for result in run["results"]} == {
        "sig-missing": "error",
        "body-numbers": "error",
        "body-escapes": "error",
        "future-timestamp": "warning",
        "body-1m": "note",
    }


def test_result_has_location_message_and_fix() -> None:
    result = run_of(BROKEN)["results"][0]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == TARGET
    for words in (FORGED.title, FORGED.observed, FORGED.advice):
        assert words in result["message"]["text"]
    assert result["webRequest"]["method"] == "POST"
    assert result["webRequest"]["target"] == "/webhooks/pivotal"
    assert result["webResponse"]["statusCode"] == 200


def test_a_request_without_an_answer_says_so() -> None:
    [result] = [
        result for result in run_of(BROKEN)["results"] if result["ruleId"] == "body-escapes"
    ]
    assert result["webResponse"] == {
        "noResponseReceived": True,
        "reasonPhrase": "connection_reset",
    }


def test_error_is_a_notification_and_no_result() -> None:
    [invocation] = run_of(BROKEN)["invocations"]
    assert invocation["executionSuccessful"] is False
    [notification] = invocation["toolExecutionNotifications"]
    assert notification["associatedRule"]["id"] == "burst"


def test_passed_and_untested_checks_are_no_results() -> None:
    assert run_of(CLEAN)["results"] == []
    assert [result["ruleId"] for result in run_of(CAPPED)["results"]] == ["future-timestamp"]


def test_fingerprint_is_stable_across_runs() -> None:
    def marks(report: Report) -> list[str]:
        return [str(result["partialFingerprints"]) for result in run_of(report)["results"]]

    first, again = marks(BROKEN), marks(CAPPED)
    assert len(set(first)) == len(first)
    assert again[0] in first


def test_a_target_with_a_lone_surrogate_is_still_a_uri() -> None:
    check_shape(run_of(replace(BROKEN, target="http://h/\ud800")))


@given(reports)
def test_any_report_is_valid_sarif(report: Report) -> None:
    check_shape(run_of(report))
