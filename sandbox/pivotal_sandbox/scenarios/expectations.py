"""What a scenario expects: a struct for each kind, and the judgement of what was seen."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from msgspec import Struct

from pivotal_sandbox.common.headers import SIGNATURE_HEADER
from pivotal_sandbox.common.json_values import dump_json
from pivotal_sandbox.common.text import format_count
from pivotal_sandbox.domain.models import Capture, Delivery, ErrorCode, Outcome, Record, Status
from pivotal_sandbox.errors import InputError, did_you_mean
from pivotal_sandbox.scenarios.references import Scope, flatten, resolve_references, value_at
from pivotal_sandbox.scenarios.steps import Step

REASONS = (
    *("missing_header", "duplicate_header", "malformed_header", "unsupported_version"),
    *("no_match", "too_old", "too_new"),
)


@dataclass(frozen=True, slots=True)
class ExpectationResult:
    """Whether it is so, what was expected and what there is instead, in words."""

    ok: bool
    expected: str
    observed: str


class Expectation(Step, frozen=True):
    """One kind of step that does nothing but look."""


class ExpectDeliveries(Expectation, frozen=True):
    """Of the deliveries of that step, type and endpoint: with a `count` so many are as the other
    keys say; without it there are some, and all are.
    """

    of: str | None = None
    type: str | None = None
    endpoint: str | None = None
    status: Status | None = None
    attempts: int | None = None
    code: int | None = None
    error: ErrorCode | None = None
    count: int | None = None

    def check(self, scope: Scope) -> None:
        scope.known(self.of)
        scope.type(self.type)
        scope.endpoint(self.endpoint)
        _something(self, "status", "attempts", "code", "error", "count")

    def judge(
        self, seen: Sequence[Delivery], errors: Mapping[str, ErrorCode | None]
    ) -> ExpectationResult:
        """Judge the deliveries selected; `errors` has the last error code of each, by id."""
        fits = [
            item
            for item in seen
            if self.status in (None, item.status)
            and self.attempts in (None, item.attempt_count)
            and self.code in (None, item.last_status_code)
            and self.error in (None, errors.get(item.id))
        ]
        said = [_describe(self.status, self.attempts, self.code or self.error)]
        there = Counter(
            _describe(item.status, item.attempt_count, item.last_status_code or errors.get(item.id))
            for item in seen
        )
        return _judgement("delivery", self.count, fits, seen, _of(self), said, there)


class ExpectCaptures(Expectation, frozen=True):
    """Of the requests that a bin was sent: with a `count` so many are as the other keys say;
    without it there are some, and all are. `events` is how many different events they carry.
    """

    bin: str | None = None
    of: str | None = None
    type: str | None = None
    verified: bool | None = None
    reason: str | None = None
    signatures: int | None = None
    answered: int | None = None
    events: int | None = None
    count: int | None = None

    def check(self, scope: Scope) -> None:
        scope.bin(self.bin)
        scope.known(self.of)
        scope.type(self.type)
        if self.reason is not None and self.reason not in REASONS:
            hint = did_you_mean(self.reason, REASONS) or f" There are: {', '.join(REASONS)}."
            raise InputError(f'There is no reason "{self.reason:.40}".{hint}', pointer="/reason")
        _something(self, "verified", "reason", "signatures", "answered", "events", "count")

    def judge(self, seen: Sequence[Capture], events: Mapping[str, str]) -> ExpectationResult:
        """Judge the captures selected; `events` has the event of each, by the capture's id."""
        fits = [
            item
            for item in seen
            if self.verified in (None, item.verified)
            and self.reason in (None, item.reason)
            and self.signatures in (None, signatures(item))
            and self.answered in (None, item.status)
        ]
        said = [
            {None: "", True: "verified", False: "refused"}[self.verified],
            self.reason or "",
            "" if self.signatures is None else format_count(self.signatures, "signature"),
            "" if self.answered is None else f"answered {self.answered}",
        ]
        distinct = len({events.get(fit.id, fit.id) for fit in fits})
        there = Counter(
            ", ".join(
                (
                    "verified" if item.verified else item.reason or "not judged",
                    format_count(signatures(item), "signature"),
                    f"answered {item.status}" if item.status else "no answer",
                )
            )
            for item in seen
        )
        of = _of(self) + (f" in {self.bin}" if self.bin else "")
        judged = _judgement("request", self.count, fits, seen, of, said, there)
        if self.events is None:
            return judged
        return ExpectationResult(
            judged.ok and distinct == self.events,
            f"{judged.expected}, {format_count(self.events, 'event')} in all",
            f"{judged.observed}; {format_count(distinct, 'event')} in all",
        )


class ExpectEvents(Expectation, frozen=True):
    """A named step fired events of these types, in this order."""

    of: str
    types: list[str]

    def check(self, scope: Scope) -> None:
        scope.known(self.of)
        for index, name in enumerate(self.types):
            scope.type(name, f"/types/{index}")

    def judge(self, fired: Sequence[str]) -> ExpectationResult:
        """Judge the types of what the step fired."""
        said = f"{self.of} fired {', '.join(self.types) or 'nothing'}"
        return ExpectationResult(list(fired) == self.types, said, ", ".join(fired) or "nothing")


class ExpectRecord(Expectation, frozen=True):
    """A named record has these values at these dotted paths."""

    record: str
    has: dict[str, Any]

    def check(self, scope: Scope) -> None:
        scope.record(self.record)
        scope.values(self.has, "/has")
        if not self.has:
            raise InputError('Say what it has, as { health = "churned" }.', pointer="/has")

    def judge(self, record: Record | None, records: Mapping[str, Record]) -> ExpectationResult:
        """Judge the record as it is now; None where it is gone."""
        wanted = {
            path: resolve_references(value, records) for path, value in flatten(self.has).items()
        }
        there = {path: _field(record, path) for path in wanted}
        said = ", ".join(f"{path} {dump_json(value)}" for path, value in wanted.items())
        ok = record is not None and there == wanted
        seen = ", ".join(f"{path} {dump_json(value)}" for path, value in there.items())
        return ExpectationResult(
            ok, f"{self.record} has {said}", seen if record else "it was deleted"
        )


class ExpectAnswer(Expectation, frozen=True):
    """What a named `send` was answered: each request of it the same."""

    of: str
    code: int | None = None
    error: ErrorCode | None = None

    def check(self, scope: Scope) -> None:
        scope.known(self.of)
        _something(self, "code", "error")

    def judge(self, outcomes: Sequence[Outcome]) -> ExpectationResult:
        """Judge how the exchanges ended."""
        ends = [
            outcome.response.status_code if outcome.response else outcome.error
            for outcome in outcomes
        ]
        wanted = self.error if self.code is None else self.code
        ok = bool(ends) and all(end == wanted for end in ends)
        said = ", ".join(map(str, ends)) or "no request"
        return ExpectationResult(ok, f"{self.of} is answered {wanted}", said)


def signatures(capture: Capture) -> int:
    """Return how many signatures the header of a captured request holds."""
    return sum(
        value.count("sig=") for name, value in capture.headers if name.lower() == SIGNATURE_HEADER
    )


def _judgement(
    noun: str,
    count: int | None,
    fits: Sequence[object],
    seen: Sequence[object],
    of: str,
    said: Iterable[str],
    there: Counter[str],
) -> ExpectationResult:
    ok = bool(seen) and len(fits) == len(seen) if count is None else len(fits) == count
    how = ", ".join(filter(None, said))
    who = f"each {noun}" if count is None else format_count(count, noun)
    observed = "; ".join(f"{times} × {what}" for what, times in sorted(there.items()))
    return ExpectationResult(ok, f"{who}{of}{f': {how}' if how else ''}", observed or "none")


def _of(expected: Struct) -> str:
    parts = (("type", " of "), ("of", " of the step "), ("endpoint", " to "))
    named = [(word, getattr(expected, key, None)) for key, word in parts]
    return "".join(f"{word}{name}" for word, name in named if name)


def _describe(status: object, attempts: int | None, ended: object) -> str:
    tries = None if attempts is None else format_count(attempts, "attempt")
    return ", ".join(str(part) for part in (status, tries, ended) if part)


def _something(expected: Struct, *keys: str) -> None:
    if all(getattr(expected, key) is None for key in keys):
        raise InputError(f"Say what is expected: one of {', '.join(keys)}.", pointer=f"/{keys[0]}")


def _field(record: Record | None, path: str) -> Any:
    try:
        return value_at(record, path)
    except LookupError:
        return None
