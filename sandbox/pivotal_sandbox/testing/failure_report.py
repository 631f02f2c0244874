"""Deliveries as plain data for people to read: it passes from process to process."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from textwrap import indent
from typing import TypedDict

import pytest
from jinja2 import Template

from pivotal_sandbox.common.html import page, templates_in
from pivotal_sandbox.common.text import display_bytes, printable
from pivotal_sandbox.domain.catalog import PING
from pivotal_sandbox.testing.async_pivotal import AsyncPivotal
from pivotal_sandbox.testing.explanation import explanation
from pivotal_sandbox.testing.models import Attempt, Delivery, Headers

_BODY = 4096  # bytes of a body


class AttemptText(TypedDict):
    """One try, as text."""

    number: int
    when: str
    took: str
    came_back: str
    request: str
    response: str
    verdict: str
    explanation: str


class DeliveryText(TypedDict):
    """One delivery, as text."""

    event: str
    status: str
    said: str
    url: str
    ids: str
    fault: str
    attempts: list[AttemptText]


def delivery_text(delivery: Delivery) -> DeliveryText:
    """Return a delivery as text, all of it fit to be shown."""
    return {
        "event": printable(delivery.event.type),
        "status": delivery.status,
        "said": printable(delivery.said),
        "url": printable(delivery.url),
        "ids": f"{delivery.id} {delivery.event.id}".strip(),
        "fault": delivery.fault or "",
        "attempts": [_attempt(attempt) for attempt in delivery.attempts],
    }


def _attempt(attempt: Attempt) -> AttemptText:
    request, response = attempt.request, attempt.response
    if response is None:
        answer = printable(attempt.detail or "")
    else:
        line = str(response.status_code)
        answer = _message(line, response.headers, response.body)
    return {
        "number": attempt.number,
        "when": attempt.started_at.isoformat(sep=" ", timespec="seconds").removesuffix("+00:00"),
        "took": f"{attempt.duration_ms:.0f} ms",
        "came_back": attempt.came_back,
        "request": _message(f"{request.method} {request.url}", request.headers, request.body),
        "response": answer,
        "verdict": printable(request.verdict),
        "explanation": printable(explanation(attempt)),
    }


def _message(line: str, headers: Headers, body: bytes) -> str:
    lines = [line, *[f"{name}: {value}" for name, value in headers.pairs]]
    text = display_bytes(body[:_BODY])
    more = len(body) - _BODY
    if more > 0:
        text += f"… ({more:,} bytes more)"
    return printable("\n".join(lines)) + (f"\n\n{text}" if text else "")


TITLE = "pivotal: the deliveries of this test"
KEPT = "pivotal_deliveries"
"""The attribute of a test's report that holds its deliveries; pytest-xdist sends it along."""

_WHOLE = 2  # deliveries that are shown whole
_ATTEMPTS = 15


def show_in(report: pytest.TestReport, sandboxes: list[AsyncPivotal], *, keep: bool) -> None:
    """Add the deliveries of the test's sandboxes to its report; with `keep`, as data too."""
    deliveries = [
        delivery_text(delivery) for sandbox in sandboxes for delivery in sandbox.deliveries
    ]
    if not deliveries:
        return
    add = getattr(report.longrepr, "addsection", None)
    if add is not None:  # a plain text, such as a failed fixture's, has no place for it
        add(TITLE, failure_text(deliveries))
    if keep:
        setattr(report, KEPT, deliveries)


def failure_text(deliveries: Sequence[DeliveryText]) -> str:
    """Return the deliveries for reading: those that did not arrive come last, and whole."""
    undelivered = [delivery for delivery in deliveries if delivery["status"] != "delivered"]
    more_than_pings = [delivery for delivery in undelivered if delivery["event"] != PING]
    whole = (more_than_pings or undelivered)[-_WHOLE:] or list(deliveries[-1:])
    brief = [delivery for delivery in deliveries if not any(delivery is other for other in whole)]
    return "\n".join(
        [
            *[_summary_line(delivery) for delivery in brief],
            *[_whole(delivery) for delivery in whole],
        ]
    )


def _summary_line(delivery: DeliveryText) -> str:
    fault = f" ({delivery['fault']})" if delivery["fault"] else ""
    where = f" -> {delivery['url']}" if delivery["url"] else ""
    return f"{delivery['event']}{fault}{where}: {delivery['status']}, {delivery['said']}"


def _whole(delivery: DeliveryText) -> str:
    parts = [_summary_line(delivery), f"  ids       {delivery['ids']}"]
    attempts = delivery["attempts"]
    if len(attempts) > 1:
        parts += [_brief(attempt) for attempt in attempts[-_ATTEMPTS:]]
    if attempts:
        last = attempts[-1]
        parts += ["  request", indent(last["request"], "    ")]
        parts += [f"  response in {last['took']}", indent(last["response"], "    ")]
        parts.append(f"  verdict   {last['verdict']}")
        if last["explanation"]:
            parts.append(f"  explained {last['explanation']}")
    return "\n".join(parts)


def _brief(attempt: AttemptText) -> str:
    return f"  attempt {attempt['number']:<2} {attempt['when']}  {attempt['came_back']}"


_TEMPLATES = Path(__file__).parent / "templates"


class Report:
    """Gathers what the tests' reports carry, those of workers too, and writes it at the end."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        self._failed: list[tuple[str, Sequence[DeliveryText]]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take what a failed test did."""
        deliveries = getattr(report, KEPT, None)
        if deliveries:
            self._failed.append((report.nodeid, deliveries))

    def pytest_sessionfinish(self) -> None:
        """Write the file."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(render_report(self._failed), "utf-8")

    def pytest_terminal_summary(self, terminalreporter: "pytest.TerminalReporter") -> None:
        """Say where it is."""
        terminalreporter.write_line(f"pivotal: deliveries of failed tests in {self._path}")


def render_report(failed: Sequence[tuple[str, Sequence[DeliveryText]]]) -> str:
    """Return the page. It loads nothing, runs nothing, and shows all as text."""
    return page(_template(), failed=failed)


@cache
def _template() -> Template:
    return templates_in(_TEMPLATES).get_template("report.html.j2")
