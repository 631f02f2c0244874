"""Broken receivers that the checks of leaks.py have to notice."""

from tests.check.correct import VARIANTS
from tests.check.receivers import run_one, wrong


def test_what_a_request_brought_along_is_no_leak() -> None:
    report = run_one(VARIANTS["Echoes"].make())
    assert "leak-secret" not in wrong(report)
