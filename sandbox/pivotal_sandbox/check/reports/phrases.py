"""Texts that all report formats share."""

from collections.abc import Iterator

from pivotal_sandbox.check.model import Exchange, Grade, Outcome, Report, Result, Severity
from pivotal_sandbox.check.verdicts import UNSEEN
from pivotal_sandbox.common.durations import format_elapsed
from pivotal_sandbox.common.text import display_bytes, format_count, printable

SEVERITY_WORDS: dict[Severity, str] = {
    "must": "Must be mended",
    "should": "Should be mended",
    "info": "Good to know",
}
OUTCOME_WORDS: dict[Outcome, str] = {
    "passed": "passed",
    "failed": "failed",
    "skipped": "not tested",
    "vacuous": "inconclusive",
    "error": "could not be judged",
}
GRADE_WORDS: dict[Grade, str] = {
    "F": "Forgeable: whoever knows the address can make this receiver act on events that Pivotal "
    "never sent.",
    "D": "Genuine events refused: forgeries are kept out, but some of what Pivotal sends is lost.",
    "C": "Duplicates or races: an event that arrives twice, or twice at once, does its work twice "
    "or not at all.",
    "A": "Clean: forgeries refused, genuine events taken, each done once, as the probe shows.",
}

REPLAYABLE = (
    "Open to replay: nobody can make an event up, but who has once seen a request of Pivotal's can "
    "send it again, or a changed one, and have it taken."
)
_NEEDS_GENUINE_REQUEST = frozenset(
    {
        "body-tampered",
        "t-tampered",
        "mac-without-timestamp",
        "replay-stale",
        "future-timestamp",
        "dup-t-confusion",
        "dup-signature-header",
        "event-header-spoof",
        "version-downgrade",
    }
)


def describe_grade(report: Report) -> str:
    """Return what the grade means in this report."""
    if report.grade in ("A", "B") and report.left_out:
        run = len(report.results)
        verb = "was" if run == 1 else "were"
        sentences = [
            f"Of {run + report.left_out} checks only {run} {verb} run; the others may fail."
        ]
    elif report.grade == "B":
        sentences = ["Sound: no forgery is taken and no genuine event is lost."]
    elif report.grade == "F" and _needs_genuine_request(report):
        sentences = [REPLAYABLE]
    else:
        sentences = [GRADE_WORDS[report.grade]]
    if report.grade == "B":
        sentences += _reasons_against_a(report)
    return " ".join(sentences)


def _reasons_against_a(report: Report) -> Iterator[str]:
    weighted = [result for result in report.results if result.severity != "info"]
    if failures := sum(result.outcome == "failed" for result in weighted):
        yield f"{format_count(failures, 'finding')} of less weight should be mended."
    if errors := sum(result.outcome == "error" for result in weighted):
        yield f"{format_count(errors, 'check')} could not be judged."
    if unprobed := sum(result.observed == UNSEEN for result in report.results):
        checks = format_count(unprobed, "check")
        yield f"{checks} not run without a probe, so that it cannot be an A."


def _needs_genuine_request(report: Report) -> bool:
    """Return whether every accepted forgery needs a captured genuine request."""
    accepted = {
        result.id
        for result in report.results
        if result.group == "authenticity"
        and result.severity == "must"
        and result.outcome == "failed"
    }
    return bool(accepted) and accepted <= _NEEDS_GENUINE_REQUEST


def format_counts(report: Report) -> str:
    """Return how many results have each outcome: "3 passed · 1 failed"."""
    return " · ".join(
        f"{count} {OUTCOME_WORDS[outcome]}" for outcome, count in report.summary.items() if count
    )


def format_extent(report: Report) -> str:
    """Return the size of the run: "49 checks, 189 requests, 12.3 s"."""
    requests = sum(len(result.requests) for result in report.results)
    checks = format_count(len(report.results), "check")
    elapsed = report.duration_ms or sum(result.duration_ms for result in report.results)
    return f"{checks}, {format_count(requests, 'request')}, {format_duration(elapsed)}"


def format_duration(ms: float) -> str:
    """Return a duration for reading: "12 ms", "1.4 s"."""
    return format_elapsed(ms, digits=1)


def format_answer(exchange: Exchange) -> str:
    """Return one line about the answer: "401 in 12 ms", "no answer: reset, after 3 ms"."""
    elapsed = format_duration(exchange.duration_ms)
    if exchange.status is None:
        return f"no answer: {printable(exchange.error or 'nothing came')}, after {elapsed}"
    return f"{exchange.status} in {elapsed}"


def format_position(number: int, requests: tuple[Exchange, ...]) -> str:
    """Return the position of a request with its label: "2 of 7: no t"."""
    position = f"{number} of {len(requests)}"
    label = requests[number - 1].label
    return f"{position}: {label}" if label else position


def format_verdict(result: Result) -> str:
    """Return the outcome with its cause: "inconclusive, because of sig-missing"."""
    cause = f", because of {result.caused_by}" if result.caused_by else ""
    return f"{OUTCOME_WORDS[result.outcome]}{cause}"


def split_request(exchange: Exchange) -> tuple[bytes, bytes]:
    """Return head and body of the request."""
    return exchange.sent[: exchange.head_size], exchange.sent[exchange.head_size :]


def format_excerpt(data: bytes, limit: int) -> str:
    """Return the first `limit` bytes as one line; if there are more, add the total size."""
    text = (
        display_bytes(data[:limit]).replace("\r", "\\r").replace("\n", "\\n").replace("\t", "\\t")
    )
    return text if len(data) <= limit else f"{text}… ({len(data):,} bytes)"
