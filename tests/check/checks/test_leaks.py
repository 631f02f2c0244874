"""Broken receivers that the checks of leaks.py have to notice."""

from tests.check.correct import VARIANTS
from tests.check.receivers import find_failures, run_one


def test_echoed_request_is_not_a_leak() -> None:
    report = run_one(VARIANTS["Echoes"].make())
    assert "leak-secret" not in find_failures(report)
