"""The words that all forms of a report share."""

from pivotal_sandbox.check.model import Exchange, Grade, Outcome, Report, Result, Severity
from pivotal_sandbox.core.plural import counted
from pivotal_sandbox.core.printable import bytes_shown, printable

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


def grade_words(report: Report) -> str:
    """Return what the grade means."""
    if report.grade != "B":
        return GRADE_WORDS[report.grade]
    wrong = sum(one.outcome in ("failed", "error") for one in report.results)
    blind = sum(one.outcome in ("skipped", "vacuous") for one in report.results)
    said = ["Sound: no forgery is taken and no genuine event is lost."]
    if wrong:
        said.append(f"{counted(wrong, 'finding')} of less weight should be mended.")
    if blind:
        said.append(f"{counted(blind, 'check')} not run, so that it cannot be an A.")
    return " ".join(said)


def counts(report: Report) -> str:
    """Return how many results have each outcome: "3 passed · 1 failed"."""
    return " · ".join(
        f"{count} {OUTCOME_WORDS[outcome]}" for outcome, count in report.summary.items() if count
    )


def extent(report: Report) -> str:
    """Return how much was done: "49 checks, 189 requests, 12.3 s"."""
    requests = sum(len(result.requests) for result in report.results)
    took = duration(report.duration_ms or sum(result.duration_ms for result in report.results))
    return f"{counted(len(report.results), 'check')}, {counted(requests, 'request')}, {took}"


def duration(ms: float) -> str:
    """Return a duration for reading: "12 ms", "1.4 s"."""
    return f"{ms:.0f} ms" if ms < 999.5 else f"{ms / 1000:.1f} s"


def answer(exchange: Exchange) -> str:
    """Return what came back, in a line: "401 in 12 ms", "no answer: reset, after 3 ms"."""
    took = duration(exchange.duration_ms)
    if exchange.status is None:
        return f"no answer: {printable(exchange.error or 'nothing came')}, after {took}"
    return f"{exchange.status} in {took}"


def numbered(number: int, requests: tuple[Exchange, ...]) -> str:
    """Return which request this is, and what is special about it: "2 of 7: no t"."""
    place = f"{number} of {len(requests)}"
    label = requests[number - 1].label
    return f"{place}: {label}" if label else place


def verdict(result: Result) -> str:
    """Return how a result went, with what spoilt it: "inconclusive, because of sig-missing"."""
    because = f", because of {result.caused_by}" if result.caused_by else ""
    return f"{OUTCOME_WORDS[result.outcome]}{because}"


def head_and_body(exchange: Exchange) -> tuple[bytes, bytes]:
    """Return the two parts of what was sent."""
    return exchange.sent[: exchange.head_size], exchange.sent[exchange.head_size :]


def beginning(data: bytes, most: int) -> str:
    """Return at most `most` bytes for reading, in one line, and how many there are in all."""
    shown = bytes_shown(data[:most]).replace("\r", "\\r").replace("\n", "\\n").replace("\t", "\\t")
    return shown if len(data) <= most else f"{shown}… ({len(data):,} bytes)"
