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
def test_a_must_of_a_group_gives_its_grade(group: str, expected: str) -> None:
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
def test_what_weighs_less_takes_the_a_away_or_nothing(
    severity: Severity, outcome: Outcome, expected: str
) -> None:
    assert grade([result("x", severity, outcome)], probed=True) == expected


def test_the_worst_counts_and_without_a_probe_b_is_the_best() -> None:
    both = [result("x", group="idempotency"), result("y", group="contract")]
    assert grade(both, probed=True) == "D"
    assert grade([], probed=True) == "A"
    assert grade([], probed=False) == "B"
    assert grade([result("x", group="idempotency")], probed=False) == "C"
