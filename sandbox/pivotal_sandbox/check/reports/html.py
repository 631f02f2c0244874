"""The report as one HTML file, which loads nothing and runs nothing."""

from functools import cache
from pathlib import Path

from jinja2 import Template

from pivotal_sandbox.check.curl import as_curl
from pivotal_sandbox.check.findings import SEVERITIES, collect_findings, collect_untested
from pivotal_sandbox.check.model import Exchange, Report
from pivotal_sandbox.check.reports.phrases import (
    OUTCOME_WORDS,
    SEVERITY_WORDS,
    describe_grade,
    format_answer,
    format_counts,
    format_duration,
    format_extent,
    format_position,
    format_verdict,
    split_request,
)
from pivotal_sandbox.common.html import page, templates_in
from pivotal_sandbox.common.text import display_bytes, format_count, printable
from pivotal_sandbox.errors import InputError

_TEMPLATES = Path(__file__).parent / "templates"
_MAX_BODY_BYTES = 64 * 1024
_MAX_COMMAND_BYTES = 8 * 1024  # larger commands are unreadable
_MAX_REQUESTS = 12  # per check; the forty of a burst are alike


def render_html(report: Report) -> str:
    """Return the page."""
    findings = collect_findings(report)
    return page(
        _template(),
        report=report,
        groups=[
            (severity, [finding for finding in findings if finding.severity == severity])
            for severity in SEVERITIES
        ],
        untested=collect_untested(report),
        sections=list(dict.fromkeys(result.group for result in report.results)),
        meaning=describe_grade(report),
        counts=format_counts(report),
        extent=format_extent(report),
        most=_MAX_REQUESTS,
    )


@cache
def _template() -> Template:
    environment = templates_in(_TEMPLATES)
    environment.globals |= {"outcome_words": OUTCOME_WORDS, "severity_words": SEVERITY_WORDS}
    environment.globals |= {
        "command": _curl_command,
        "numbered": format_position,
        "counted": format_count,
    }
    environment.filters |= {
        "answer": format_answer,
        "body": lambda exchange: _format_bytes(split_request(exchange)[1]),
        "bytes": _format_bytes,
        "duration": format_duration,
        "head": lambda exchange: _format_bytes(
            split_request(exchange)[0].replace(b"\r\n", b"\n")
        ).rstrip(),
        "safe_text": printable,
        "verdict": format_verdict,
    }
    return environment.get_template("report.html.j2")


def _format_bytes(data: bytes) -> str:
    text = display_bytes(data[:_MAX_BODY_BYTES])
    more = len(data) - _MAX_BODY_BYTES
    return f"{text}\n… {more:,} bytes more" if more > 0 else text


def _curl_command(exchange: Exchange, url: str) -> str:
    """Return the command that repeats the request, or "" if it would be too long."""
    if len(exchange.sent) > _MAX_COMMAND_BYTES:
        return ""
    try:
        return as_curl(exchange, url)
    except InputError:
        return ""
