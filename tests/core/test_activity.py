"""What goes on, as nouns: frozen, and told apart by their type."""

from dataclasses import FrozenInstanceError
from typing import get_args

import pytest

from pivotal_sandbox.core.activity import Activity, ClockChanged


def test_each_activity_is_a_type_of_its_own_that_nobody_alters() -> None:
    assert len(get_args(Activity)) == 6
    moved = ClockChanged(7, 1.0)
    with pytest.raises(FrozenInstanceError):
        moved.now = 8  # type: ignore[misc]
