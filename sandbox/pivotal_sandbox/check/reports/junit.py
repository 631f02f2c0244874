"""The report as JUnit XML, as Jenkins, GitLab and their like read it.

Red is what makes `check` exit with 1: a `must`. A `should` that failed is a case that passes and
carries its finding as output.
"""

import re
from xml.etree import ElementTree

from pivotal_sandbox.check.model import Outcome, Report, Result
from pivotal_sandbox.check.reports.phrases import (
    describe_grade,
    format_counts,
    format_excerpt,
    format_verdict,
    split_request,
)

_NO_XML = re.compile("[^\t\n\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MAX_BYTES = 2048
_MAX_REQUESTS = 3


def render_junit(report: Report) -> str:
    """Return a document with a suite for each group and a case for each result."""
    root = ElementTree.Element("testsuites", name="pivotal-sandbox check")
    root.attrib |= _format_totals(report.results)
    for group in dict.fromkeys(result.group for result in report.results):
        results = tuple(result for result in report.results if result.group == group)
        suite = ElementTree.SubElement(root, "testsuite", name=_escape_invalid(group))
        suite.attrib |= _format_totals(results)
        properties = ElementTree.SubElement(suite, "properties")
        lines_by_name = {"target": report.target, "grade": report.grade, "seed": str(report.seed)}
        lines_by_name |= {"meaning": describe_grade(report), "summary": format_counts(report)}
        for name, value in lines_by_name.items():
            ElementTree.SubElement(properties, "property", name=name, value=_escape_invalid(value))
        for result in results:
            suite.append(_case(result))
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _case(result: Result) -> ElementTree.Element:
    case = ElementTree.Element(
        "testcase",
        classname=_escape_invalid(f"check.{result.group}"),
        name=_escape_invalid(result.id),
        time=_seconds(result.duration_ms),
    )
    state = _element_name(result)
    if state == "skipped":
        ElementTree.SubElement(
            case, state, message=_escape_invalid(f"{format_verdict(result)}: {result.observed}")
        )
    elif state is not None:
        element = ElementTree.SubElement(
            case,
            state,
            message=_escape_invalid(result.observed or result.title),
            type=result.severity,
        )
        element.text = _escape_invalid(_describe(result))
    elif result.outcome == "failed":
        ElementTree.SubElement(case, "system-out").text = _escape_invalid(_describe(result))
    return case


def _element_name(result: Result) -> str | None:
    states: dict[Outcome, str] = {"skipped": "skipped", "vacuous": "skipped", "error": "skipped"}
    if result.severity == "must":
        states |= {"failed": "failure", "error": "error"}
    return states.get(result.outcome)


def _describe(result: Result) -> str:
    """Return everything known about a finding, for a build log."""
    lines_by_name = {
        "check": f"{result.id} ({result.severity}): {result.title}",
        "expected": result.expected,
        "observed": result.observed,
        "fate": result.fate,
        "why": result.reason,
        "mend": result.advice,
        "because of": result.caused_by or "",
    }
    lines = [f"{name}: {value}" for name, value in lines_by_name.items() if value]
    for exchange in result.requests[:_MAX_REQUESTS]:
        head, body = split_request(exchange)
        label = f" ({exchange.label})" if exchange.label else ""
        lines.append(f"sent{label}: {format_excerpt(head, _MAX_BYTES)}")
        lines.append(f"body: {format_excerpt(body, _MAX_BYTES)}")
        lines.append(f"answer: {exchange.status or exchange.error}")
    return "\n".join(lines)


def _format_totals(results: tuple[Result, ...]) -> dict[str, str]:
    states = [_element_name(result) for result in results]
    return {
        "tests": str(len(results)),
        "failures": str(states.count("failure")),
        "errors": str(states.count("error")),
        "skipped": str(states.count("skipped")),
        "time": _seconds(sum(result.duration_ms for result in results)),
    }


def _seconds(ms: float) -> str:
    return f"{ms / 1000:.3f}"


def _escape_invalid(text: str) -> str:
    """Return the text with characters that XML forbids replaced by escapes."""
    return _NO_XML.sub(lambda match: match[0].encode("unicode_escape").decode(), text)
