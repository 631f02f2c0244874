"""Broken receivers that the checks of raw_body.py have to notice."""

import pytest
from tests.check.broken import MUTANTS
from tests.check.receivers import mutant_reports, mutants_of, wrong

from pivotal_sandbox.check.checks.raw_body import CASES

NAMES = mutants_of(CASES)


@pytest.mark.parametrize("name", NAMES)
def test_a_broken_receiver_is_caught_by_the_check_that_is_made_for_it(name: str) -> None:
    found = wrong(mutant_reports()[name])
    caught = [id for id in MUTANTS[name].killers if id in found and found[id].outcome == "failed"]
    assert caught == list(MUTANTS[name].killers)
