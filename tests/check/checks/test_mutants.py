"""Each broken receiver of the suite is caught by the checks that are made for it."""

import pytest
from tests.check.broken import MUTANTS
from tests.check.receivers import find_failures, mutant_reports


@pytest.mark.parametrize("name", MUTANTS)
def test_broken_receiver_is_caught_by_its_checks(name: str) -> None:
    found = find_failures(mutant_reports()[name])
    caught = [id for id in MUTANTS[name].killers if id in found and found[id].outcome == "failed"]
    assert caught == list(MUTANTS[name].killers)
