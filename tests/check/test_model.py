"""Reports as data."""

from dataclasses import replace

import pytest
from tests.check.test_root_causes import result

from pivotal_sandbox.check.model import Outcome, Report, Severity


@pytest.mark.parametrize(
    ("severity", "outcome", "passed"),
    [
        ("must", "failed", False),
        ("must", "error", False),
        ("must", "vacuous", True),
        ("must", "skipped", True),
        ("should", "failed", True),
        ("info", "failed", True),
    ],
)
def test_report_passes_unless_a_must_fails(
    severity: Severity, outcome: Outcome, passed: bool
) -> None:
    good = result("one", outcome="passed")
    assert Report("url", 1, "A", (good, result("two", severity, outcome))).passed is passed


def test_a_summary_counts_every_outcome() -> None:
    results = (result("one"), result("two", outcome="passed"), result("three", outcome="passed"))
    assert Report("url", 1, "F", results).summary == {
        "passed": 2,
        "failed": 1,
        "skipped": 0,
        "vacuous": 0,
        "error": 0,
    }


def test_repr_shows_grade_and_failures_by_severity() -> None:
    results = (
        result("later", "should"),
        result("fine", outcome="passed"),
        result("worst"),
        replace(result("follower"), caused_by="worst"),
    )
    shown = repr(Report("url", 1, "F", results))
    assert shown.startswith("<Report: grade F; worst failed: ")
    assert "; later failed: " in shown
    assert "follower" not in shown
    assert "fine" not in shown
    assert repr(Report("url", 1, "A", ())) == "<Report: grade A>"
