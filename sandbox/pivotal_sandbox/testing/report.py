"""The report of `--pivotal-report`: the deliveries of failed tests as one HTML file."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest
from jinja2 import Template

from pivotal_sandbox.html import page, templates_in
from pivotal_sandbox.testing.failure import KEPT
from pivotal_sandbox.testing.shown import ShownDelivery

_TEMPLATES = Path(__file__).parent / "templates"


class Report:
    """Gathers what the tests' reports carry, those of workers too, and writes it at the end."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        self._failed: list[tuple[str, Sequence[ShownDelivery]]] = []

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


def render_report(failed: Sequence[tuple[str, Sequence[ShownDelivery]]]) -> str:
    """Return the page. It loads nothing, runs nothing, and shows all as text."""
    return page(_template(), failed=failed)


@cache
def _template() -> Template:
    return templates_in(_TEMPLATES).get_template("report.html.j2")
