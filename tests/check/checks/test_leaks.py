"""Broken receivers that the checks of leaks.py have to notice."""

import pytest
from tests.check.broken import MUTANTS
from tests.check.correct import VARIANTS
from tests.check.receivers import mutant_reports, mutants_of, run_one, wrong

from pivotal_sandbox.check.checks.leaks import CASES

NAMES = mutants_of(CASES)


@pytest.mark.parametrize("name", NAMES)
def test_a_broken_receiver_is_caught_by_the_check_that_is_made_for_it(name: str) -> None:
    found = wrong(mutant_reports()[name])
    caught = [id for id in MUTANTS[name].killers if id in found and found[id].outcome == "failed"]
    assert caught == list(MUTANTS[name].killers)


def test_what_a_request_brought_along_is_no_leak() -> None:
    report = run_one(VARIANTS["Echoes"].make())
    assert "leak-secret" not in wrong(report)
