"""The report as SARIF 2.1.0: a rule for each check, a result for each finding.

Checks that could not be judged are notifications of the run; what passed or was not tested is no
result, because readers of SARIF take every result for an alert.
"""

import base64
import hashlib
import json
from typing import Any
from urllib.parse import quote

from pivotal_sandbox import __version__
from pivotal_sandbox.check.model import Exchange, Report, Result, Severity
from pivotal_sandbox.check.reports.phrases import describe_grade, split_request

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
LEVELS: dict[Severity, str] = {"must": "error", "should": "warning", "info": "note"}

Json = dict[str, Any]


def render_sarif(report: Report) -> str:
    """Return one SARIF log with one run."""
    indexes = {result.id: place for place, result in enumerate(report.results)}
    failed = [result for result in report.results if result.outcome == "failed"]
    errors = [result for result in report.results if result.outcome == "error"]
    run = {
        "tool": {
            "driver": {
                "name": "pivotal-sandbox",
                "version": __version__,
                "rules": [_rule(result) for result in report.results],
            }
        },
        "automationDetails": {"id": "pivotal-sandbox/check/"},
        "invocations": [
            {
                "executionSuccessful": not errors,
                "toolExecutionNotifications": [_notification(error, indexes) for error in errors],
            }
        ],
        "results": [_finding(result, report, indexes) for result in failed],
        "properties": {
            "target": report.target,
            "grade": report.grade,
            "meaning": describe_grade(report),
            "seed": report.seed,
            "summary": report.summary,
        },
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    text = json.dumps(log, ensure_ascii=False, indent=2)
    return text.encode("utf-8", "backslashreplace").decode() + "\n"


def _rule(result: Result) -> Json:
    return {
        "id": result.id,
        "shortDescription": {"text": result.title},
        "fullDescription": {"text": result.reason or result.title},
        "help": {"text": result.advice or result.expected or result.title},
        "defaultConfiguration": {"level": LEVELS[result.severity]},
        "properties": {"tags": [result.group]},
    }


def _finding(result: Result, report: Report, indexes: dict[str, int]) -> Json:
    sentences = (result.title, result.observed, result.fate, result.advice)
    finding: Json = {
        "ruleId": result.id,
        "ruleIndex": indexes[result.id],
        "kind": "fail",
        "level": LEVELS[result.severity],
        "message": {"text": "\n".join(filter(None, sentences))},
        "locations": [_location(report, result)],
        "partialFingerprints": {"pivotalSandboxCheck/v1": _fingerprint(report, result)},
        "properties": {
            "expected": result.expected,
            "observed": result.observed,
            "fate": result.fate,
            "causedBy": result.caused_by,
        },
    }
    if result.requests:
        finding["webRequest"] = _request(result.requests[0])
        finding["webResponse"] = _response(result.requests[0])
    return finding


def _notification(result: Result, indexes: dict[str, int]) -> Json:
    return {
        "level": "error",
        "message": {"text": f"{result.id} could not be judged: {result.observed}"},
        "associatedRule": {"id": result.id, "index": indexes[result.id]},
    }


def _location(report: Report, result: Result) -> Json:
    uri = quote(report.target, safe="/:?&=#%+,;@!$'()*~[]", errors="replace")
    return {
        "physicalLocation": {"artifactLocation": {"uri": uri}},
        "logicalLocations": [{"name": result.id, "kind": "resource"}],
    }


def _fingerprint(report: Report, result: Result) -> str:
    """Return a fingerprint that is stable across runs."""
    identity = f"{report.target}\n{result.id}".encode("utf-8", "backslashreplace")
    return hashlib.sha256(identity).hexdigest()


def _request(exchange: Exchange) -> Json:
    head, body = split_request(exchange)
    method, _, rest = head.decode("latin-1").partition(" ")
    return {
        "method": method,
        "target": rest.partition(" ")[0],
        "body": {"binary": base64.b64encode(body).decode()},
        "properties": {"head": base64.b64encode(head).decode()},
    }


def _response(exchange: Exchange) -> Json:
    if exchange.status is None:
        return {"noResponseReceived": True, "reasonPhrase": exchange.error or ""}
    body = base64.b64encode(exchange.response_body).decode()
    return {"statusCode": exchange.status, "body": {"binary": body}}
