"""The report of a check run, in each format."""

from pivotal_sandbox.check.model import Report
from pivotal_sandbox.errors import InputError

FORMATS = ("text", "json", "junit", "sarif", "html")


def render(report: Report, format: str, *, color: bool = False, width: int = 100) -> str:
    """Return the report as text, json, junit, sarif or html.

    `color` and `width` (columns) are for text. Raises `InputError` for any other format.
    """
    # Import each format on demand: it brings a library that the others do not need.
    match format:
        case "text":
            from pivotal_sandbox.check.reports.text import render_text

            return render_text(report, color=color, width=width)
        case "json":
            from pivotal_sandbox.check.reports.json import render_json

            return render_json(report)
        case "junit":
            from pivotal_sandbox.check.reports.junit import render_junit

            return render_junit(report)
        case "sarif":
            from pivotal_sandbox.check.reports.sarif import render_sarif

            return render_sarif(report)
        case "html":
            from pivotal_sandbox.check.reports.html import render_html

            return render_html(report)
    raise InputError(f'There is no format "{format}"; right is one of {", ".join(FORMATS)}.')
