"""The report for a terminal: the grade, what to mend, what was not tested."""

from collections.abc import Iterable
from io import StringIO
from shlex import quote

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pivotal_sandbox.check.findings import (
    SEVERITIES,
    Finding,
    Untested,
    collect_findings,
    collect_untested,
)
from pivotal_sandbox.check.model import Exchange, Grade, Report, Result, Severity
from pivotal_sandbox.check.reports.phrases import (
    SEVERITY_WORDS,
    describe_grade,
    format_answer,
    format_counts,
    format_excerpt,
    format_extent,
    format_position,
    format_verdict,
    split_request,
)
from pivotal_sandbox.common.text import printable

_GRADE_STYLES: dict[Grade, str] = {
    "A": "bold green",
    "B": "bold green",
    "C": "bold yellow",
    "D": "bold red",
    "F": "bold red",
}
_SEVERITY_STYLES: dict[Severity, str] = {
    "must": "bold red",
    "should": "bold yellow",
    "info": "bold",
}
_LABEL = 11  # columns, the width of "  came back"
_SNIPPET = 160  # bytes of a body


def render_text(report: Report, *, color: bool, width: int) -> str:
    """Return lines of at most `width` columns; without `color` there is no escape in them."""
    file = StringIO()
    console = Console(
        file=file,
        width=width,
        force_terminal=color,
        color_system="standard" if color else None,
        no_color=not color,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    _print_head(console, report)
    findings = collect_findings(report)
    for severity in SEVERITIES:
        matching = [finding for finding in findings if finding.severity == severity]
        if matching:
            console.print()
            title = f"{SEVERITY_WORDS[severity]} ({len(matching)})"
            console.print(_fold(title, _SEVERITY_STYLES[severity]))
        for finding in matching:
            _print_finding(console, finding, report.target)
    untested = collect_untested(report)
    if untested:
        console.print()
        console.print(
            _fold(
                f"Not tested ({sum(len(group.results) for group in untested)})",
                "bold",
            )
        )
    for group in untested:
        _print_untested(console, group)
    return "".join(f"{line.rstrip()}\n" for line in file.getvalue().splitlines())


def _print_head(console: Console, report: Report) -> None:
    grade = Table.grid(padding=(0, 2, 0, 0))
    grade.add_column(no_wrap=True)
    grade.add_column(overflow="fold")
    style = _GRADE_STYLES[report.grade]
    grade.add_row(Text(f"Grade {report.grade}", style), _fold(describe_grade(report), "bold"))
    console.print(grade)
    facts = (
        ("target", report.target),
        ("result", format_counts(report)),
        ("extent", f"{format_extent(report)}, seed {report.seed}"),
    )
    console.print(_facts(facts))


def _print_finding(console: Console, finding: Finding, target: str) -> None:
    cause = finding.cause
    console.print()
    symbol = "?" if cause.outcome == "error" else "✗"
    title = Text(f"{symbol} ", _SEVERITY_STYLES[finding.severity])
    title.append(printable(cause.id), "bold")
    console.print(title.append(f"  {printable(cause.title)}"), overflow="fold")
    sent, received = _exchange(cause.requests)
    console.print(
        _facts(
            (
                ("expected", cause.expected),
                ("observed", cause.observed),
                ("sent", sent),
                ("came back", received),
                ("fate", cause.fate),
                ("why", cause.reason),
                ("mend", cause.advice),
                ("replay", f"pivotal-sandbox check {quote(target)} --replay {cause.id}"),
                (
                    "with it",
                    ", ".join(
                        f"{follower.id} ({_format_follower(follower)})"
                        for follower in finding.followers
                    ),
                ),
            )
        )
    )


def _print_untested(console: Console, untested: Untested) -> None:
    console.print()
    console.print(_fold("– " + ", ".join(result.id for result in untested.results)))
    console.print(_facts((("why", untested.why), ("test it", untested.advice))))


def _exchange(requests: tuple[Exchange, ...]) -> tuple[str, str]:
    """Return what was sent when it went wrong, and what came back."""
    if not requests:
        return "", ""
    first = requests[0]
    head, body = split_request(first)
    lines = head.split(b"\r\n")
    pivotal_headers = [line for line in lines[1:] if line.lower().startswith(b"pivotal-")]
    parts = [format_excerpt(line, _SNIPPET) for line in (lines[0], *pivotal_headers)]
    parts.append(format_excerpt(body, _SNIPPET) or "(no body)")
    if len(requests) > 1 or first.label:
        parts.insert(0, format_position(1, requests))
    snippet = format_excerpt(first.response_body, _SNIPPET)
    return "\n".join(parts), f"{format_answer(first)}: {snippet}" if snippet else format_answer(
        first
    )


def _facts(facts: Iterable[tuple[str, str]]) -> Table:
    """Return names and values below each other, without those that have no value."""
    table = Table.grid(padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(no_wrap=True, style="dim", width=_LABEL)
    table.add_column(overflow="fold")
    for name, value in facts:
        if value:
            is_lost = name == "fate" and value.startswith("LOST")
            table.add_row(f"  {name}", _fold(value, "bold red" if is_lost else ""))
    return table


def _fold(text: str, style: str = "") -> Text:
    """Return text without control characters that folds words wider than their column."""
    return Text(printable(text.expandtabs(4)), style, overflow="fold")


def _format_follower(result: Result) -> str:
    return format_verdict(result).partition(",")[0]
