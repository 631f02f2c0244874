"""Broken receivers that the checks of leaks.py have to notice."""

from tests.check.correct import VARIANTS
from tests.check.receivers import run_one, wrong


def test_echoed_request_is_not_a_leak() -> None:
    report = run_one(VARIANTS["Echoes"].make())
    assert "leak-secret" not in wrong(report)
