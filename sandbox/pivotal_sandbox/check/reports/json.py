"""The report as JSON: the keys that the contract promises, and no other."""

import base64
import json
from typing import Any

from pivotal_sandbox.check.model import Exchange, Report, Result
from pivotal_sandbox.check.reports.phrases import split_request


def render_json(report: Report) -> str:
    """Return one JSON object, indented, with a line break at its end."""
    value = {
        "target": report.target,
        "passed": report.passed,
        "grade": report.grade,
        "seed": report.seed,
        "summary": report.summary,
        "results": [_result(result) for result in report.results],
    }
    text = json.dumps(value, ensure_ascii=False, indent=2)
    # A lone surrogate cannot be encoded as UTF-8, so write it as a JSON escape.
    return text.encode("utf-8", "backslashreplace").decode() + "\n"


def text_or_base64(data: bytes) -> tuple[str, str]:
    """Return bytes as a JSON string, and the encoding: "base64" where they are no UTF-8."""
    try:
        return data.decode(), "utf-8"
    except UnicodeDecodeError:
        return base64.b64encode(data).decode(), "base64"


def _result(result: Result) -> dict[str, Any]:
    return {
        "id": result.id,
        "title": result.title,
        "group": result.group,
        "severity": result.severity,
        "outcome": result.outcome,
        "expected": result.expected,
        "observed": result.observed,
        "fate": result.fate,
        "advice": result.advice,
        "duration_ms": result.duration_ms,
        "requests": [_exchange(exchange) for exchange in result.requests],
    }


def _exchange(exchange: Exchange) -> dict[str, Any]:
    head, body = (text_or_base64(part) for part in split_request(exchange))
    answer = text_or_base64(exchange.response_body)
    return {
        "label": exchange.label,
        "head": head[0],
        "head_encoding": head[1],
        "body": body[0],
        "body_encoding": body[1],
        "status": exchange.status,
        "error": exchange.error,
        "failure": exchange.failure,
        "response_headers": [[name, value] for name, value in exchange.response_headers],
        "response_body": answer[0],
        "response_body_encoding": answer[1],
        "duration_ms": exchange.duration_ms,
    }
