"""A story as it is told, in lines for people and in JSON for programs."""

from typing import Any

import click
import msgspec

from pivotal_sandbox.cli.attempt_output import colour, describe_result
from pivotal_sandbox.cli.output import moment, printable
from pivotal_sandbox.common.durations import format_duration
from pivotal_sandbox.common.text import format_count
from pivotal_sandbox.common.timestamps import format_rfc3339
from pivotal_sandbox.domain.retry_policy import consequence
from pivotal_sandbox.faults.registry import find_fault
from pivotal_sandbox.feed import Attempted
from pivotal_sandbox.scenarios.transcript import (
    AttemptMade,
    Done,
    Entry,
    ExpectationChecked,
    Fired,
    Narration,
    Sent,
    Skipped,
    Summary,
)
from pivotal_sandbox.web.views import AttemptOfDelivery, EventView

Json = dict[str, Any]

_REAL = "duration_ms", "first_byte_ms", "connect_ms", "tls_ms"  # of this machine, not the story's


class Transcript:
    """The lines of a story as it goes on. What is the same several times in a row is one line."""

    def __init__(self, file: str = "") -> None:
        self._file = file
        self._held: str | None = None
        self._times = 0

    def add(self, entry: Entry) -> list[str]:
        """Return the lines that can be printed now."""
        if isinstance(entry, AttemptMade):
            [line] = lines_of(entry)
            if line == self._held:
                self._times += 1
                return []
            ready = self.rest()
            self._held, self._times = line, 1
            return ready
        # An event is told by its attempts; only where there are none does it say something.
        lines = lines_of(entry, self._file)
        return [*self.rest(), *lines] if lines else []

    def rest(self) -> list[str]:
        """Return the line that was held back, to be printed at the end."""
        held, self._held = self._held, None
        if held is None:
            return []
        return [held if self._times == 1 else f"{held}  × {self._times}"]


def lines_of(entry: Entry, file: str = "") -> list[str]:
    """Return the lines for people; none for what is told by another entry, too."""
    at = click.style(moment(format_rfc3339(entry.at))[5:], dim=True)
    if isinstance(entry, Narration):
        return ["", f"{at}  {click.style(printable(entry.text), bold=True)}"]
    if isinstance(entry, Done):
        return [f"{at}  {printable(entry.text)}"]
    if isinstance(entry, Fired):
        nobody = "no endpoint wants it"
        return [] if entry.wanted else [f"{at}    {entry.event.type:<21}  {nobody}"]
    if isinstance(entry, AttemptMade):
        return [f"{at}  → {_tried(entry)}"]
    if isinstance(entry, Sent):
        return [f"{at}  → {_sent(entry)}"]
    if isinstance(entry, Skipped):
        return [f"{at}  {click.style('-', fg='yellow')} {printable(entry.what)}: {entry.why}"]
    if isinstance(entry, ExpectationChecked):
        return _judged(at, entry, file)
    return ["", _summary(entry)]


def json_of(entry: Entry) -> Json:
    """Return the entry for programs: the same in each run of the story, to the byte."""
    at = format_rfc3339(entry.at)
    if isinstance(entry, Narration):
        return {"type": "said", "at": at, "text": entry.text}
    if isinstance(entry, Done):
        return {"type": "step", "at": at, "step": entry.kind, "text": entry.text}
    if isinstance(entry, Fired):
        event = msgspec.json.decode(msgspec.json.encode(EventView.of(entry.event)))
        return {"type": "event", "at": at, "event": event, "deliveries": entry.wanted}
    if isinstance(entry, AttemptMade):
        shown = _steady(msgspec.to_builtins(AttemptOfDelivery.of_activity(entry.attempted)))
        verdict = entry.attempted.verdict
        return {"type": "attempt", "at": at, "endpoint": entry.endpoint, **shown} | {
            "verdict": verdict
        }
    if isinstance(entry, Sent):
        response = entry.outcome.response
        return {
            "type": "request",
            "at": at,
            "endpoint": entry.endpoint,
            "method": entry.request.method,
            "url": entry.request.url,
            "headers": entry.request.headers,
            "status_code": response.status_code if response else None,
            "error": entry.outcome.error,
            "detail": entry.outcome.detail,
        }
    if isinstance(entry, Skipped):
        return {"type": "skipped", "at": at, "what": entry.what, "why": entry.why}
    if isinstance(entry, ExpectationChecked):
        judgement = msgspec.to_builtins(entry.judgement)
        return {"type": "expectation", "at": at, **judgement, "line": entry.line}
    return {
        "type": "summary",
        "at": at,
        "ok": entry.ok,
        "held": entry.held,
        "failed": entry.failed,
        "skipped": entry.skipped,
        "events": entry.events,
        "deliveries": entry.deliveries,
        "attempts": entry.attempts,
        "took": format_duration(entry.took),
    }


def _tried(entry: AttemptMade) -> str:
    shown = msgspec.to_builtins(AttemptOfDelivery.of_activity(entry.attempted))
    delivery = shown["delivery"]
    ended = shown["status_code"] or shown["error"]
    fault = find_fault(entry.attempted.delivery.fault)
    is_spoilt = fault is not None and (fault.every or entry.attempted.attempt.number == 1)
    spoilt = f" ({fault.name})" if fault and is_spoilt else ""
    replayed = " (replay)" if entry.attempted.delivery.replay_of else ""
    words = (
        f"{printable(delivery['event_type']):<21}",
        printable(entry.endpoint),
        click.style(f"{ended!s:<3}", fg=colour(delivery["status"])),
        describe_result(delivery, _steady(shown) | {"duration_ms": 0.0}, _refusal(entry.attempted))
        + (click.style(f"{spoilt}{replayed}", dim=True) if spoilt or replayed else ""),
    )
    return "  ".join(words)


def _refusal(attempted: Attempted) -> str | None:
    """Return what our own receiver said of a signature that does not hold."""
    verdict = attempted.verdict
    return None if verdict is None or verdict.startswith("Signature valid") else verdict


_CONSEQUENCES = {"delivered": "taken", "retried": "to be retried", "lost": "refused"}


def _sent(entry: Sent) -> str:
    outcome = entry.outcome
    ended = str(outcome.response.status_code if outcome.response else outcome.error)
    fate = _CONSEQUENCES[consequence(outcome)]
    said = " · ".join(part for part in (fate, outcome.detail) if part)
    fg = "green" if outcome.ok else "red"
    return f"{entry.request.method}  {entry.endpoint}  {click.style(ended, fg=fg)}  {said}"


def _judged(at: str, entry: ExpectationChecked, file: str) -> list[str]:
    judgement = entry.judgement
    expected, observed = printable(judgement.expected), printable(judgement.observed)
    if judgement.ok:
        return [f"{at}  {click.style('✓', fg='green')} {expected}"]
    return [
        f"{at}  {click.style('✗', fg='red')} {file}, line {entry.line}",
        f"{' ' * 18}expected  {expected}",
        f"{' ' * 18}observed  {observed}",
    ]


def _summary(entry: Summary) -> str:
    total = entry.held + entry.failed
    if not total:
        holds = "Nothing was expected"
    elif entry.failed:
        holds = f"{format_count(entry.failed, 'expectation')} of {total} failed"
    else:
        holds = f"{'It holds' if total == 1 else f'All {total} expectations hold'}"
    skipped = f", {entry.skipped} skipped" if entry.skipped else ""
    mark = click.style("✓", fg="green") if entry.ok else click.style("✗", fg="red")
    what = ", ".join(
        (
            format_count(entry.events, "event"),
            format_count(entry.deliveries, "delivery"),
            format_count(entry.attempts, "attempt"),
        )
    )
    return f"{mark} {holds}{skipped}. {what} in {format_duration(entry.took)}."


def _steady(shown: Json) -> Json:
    """Return what is shown without what the clock of this machine measured."""
    kept = {key: value for key, value in shown.items() if key not in _REAL}
    if "delivery" in kept:
        kept["delivery"] = {
            key: value for key, value in kept["delivery"].items() if key != "last_duration_ms"
        }
    return kept
