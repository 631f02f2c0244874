"""One check of the battery as one test."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from pivotal_sandbox.check.case import Case
from pivotal_sandbox.check.model import Exchange, Report, Result
from pivotal_sandbox.check.registry import CASES, CONTROL
from pivotal_sandbox.check.reports.phrases import format_answer, format_excerpt, split_request
from pivotal_sandbox.common.text import printable
from pivotal_sandbox.testing.async_pivotal import PATH
from pivotal_sandbox.testing.pivotal import Pivotal

_SHOWN = 200  # bytes of a line
_TELLING = ("contract", "authenticity")


class BatteryCase:
    """A check, to be run against a receiver. `id` is its name, `severity` must, should or info."""

    def __init__(self, case: Case, pivotal: Pivotal) -> None:
        self.id = case.id
        self.title = case.title
        self.group = case.group
        self.severity = case.severity
        # What judges the requests of all others is run with those that send the most telling ones.
        self._only = (case.id, *(_TELLING if case.stage == "last" else ()))
        self._pivotal = pivotal

    def run(
        self,
        target: Any,
        *,
        secret: str | None = None,
        probe: Callable[[str], int | Awaitable[int]] | None = None,
        path: str = PATH,
        previous_secret: str | None = None,
        revoked_secret: str | None = None,
    ) -> None:
        """Run the check; fail the test where the receiver fails it, skip it where it cannot be run.

        `target` is a URL, or an app, which is served on loopback meanwhile. `probe` says how often
        the event of an id took effect. What is only good to know ends in an expected failure.
        """
        __tracebackhide__ = True
        report = self._pivotal.check(
            target,
            self._only,
            secret=secret,
            probe=probe,
            path=path,
            previous_secret=previous_secret,
            revoked_secret=revoked_secret,
        )
        _conclude(self.id, report)

    def __repr__(self) -> str:
        return f"<BatteryCase {self.id}>"


def parameters() -> list[Any]:
    """Return every check as a parameter of a test: named by its id, marked by its severity."""
    return [
        pytest.param(case, id=case.id, marks=getattr(pytest.mark, case.severity)) for case in CASES
    ]


def _conclude(id: str, report: Report) -> None:
    __tracebackhide__ = True
    result = next(result for result in report.results if result.id == id)
    if result.outcome == "passed":
        return
    if result.outcome == "skipped":
        pytest.skip(f"not tested: {result.observed}. {result.advice}".strip())
    if result.severity == "info":
        pytest.xfail(result.observed)
    # Where even a genuine request failed, nothing is known of a forged one: that is no success.
    first = next(result for result in report.results if result.id == CONTROL)
    blamed = first if result.outcome == "vacuous" and first.outcome != "passed" else result
    pytest.fail(_failure_text(result, blamed), pytrace=False)


def _failure_text(result: Result, blamed: Result) -> str:
    facts = [("observed", result.observed)]
    if blamed is not result:
        facts.append(("because", f"{blamed.id}: {blamed.observed}"))
    sent, came_back = _exchange(blamed.requests)
    facts += [
        ("expected", result.expected),
        ("sent", sent),
        ("came back", came_back),
        ("fate", result.fate),
        ("why", result.reason),
        ("mend", blamed.advice),
    ]
    lines = [f"{result.id}: {result.title}"]
    for name, text in facts:
        if text:
            lines.append(f"  {name:<10}" + printable(text).replace("\n", "\n" + " " * 12))
    return "\n".join(lines)


def _exchange(requests: tuple[Exchange, ...]) -> tuple[str, str]:
    if not requests:
        return "", ""
    head, body = split_request(requests[0])
    lines = head.split(b"\r\n")
    own = [line for line in lines[1:] if line.lower().startswith(b"pivotal-")]
    shown = [format_excerpt(line, _SHOWN) for line in (lines[0], *own, body)]
    if requests[0].label:
        shown.insert(0, requests[0].label)
    said = format_excerpt(requests[0].response_body, _SHOWN)
    return "\n".join(shown), f"{format_answer(requests[0])}: {said}" if said else format_answer(
        requests[0]
    )
