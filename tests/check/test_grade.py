"""Grades."""

import pytest
from tests.check.test_root_causes import result

from pivotal_sandbox.check.grade import grade
from pivotal_sandbox.check.model import Outcome, Severity


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        ("authenticity", "F"),
        ("contract", "D"),
        ("raw-body", "D"),
        ("transport", "D"),
        ("idempotency", "C"),
    ],
)
def test_failed_must_gives_the_grade_of_its_group(group: str, expected: str) -> None:
    assert grade([result("x", group=group)], probed=True) == expected


@pytest.mark.parametrize(
    ("severity", "outcome", "expected"),
    [
        ("should", "failed", "B"),
        ("info", "failed", "A"),
        ("must", "error", "B"),
        ("info", "error", "A"),
        ("must", "vacuous", "A"),
        ("must", "skipped", "A"),
        ("must", "passed", "A"),
    ],
)
def test_lesser_results_lower_the_grade_to_b_at_most(
    severity: Severity, outcome: Outcome, expected: str
) -> None:
    assert grade([result("x", severity, outcome)], probed=True) == expected


def test_worst_result_decides_and_b_is_best_without_a_probe() -> None:
    both = [result("x", group="idempotency"), result("y", group="contract")]
    assert grade(both, probed=True) == "D"
    assert grade([], probed=True) == "A"
    assert grade([], probed=False) == "B"
    assert grade([result("x", group="idempotency")], probed=False) == "C"
