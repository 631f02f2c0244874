"""What goes on, as nouns: frozen, and told apart by their type."""

from dataclasses import FrozenInstanceError
from typing import get_args

import pytest

from pivotal_sandbox.domain.models import Delivery, Event
from pivotal_sandbox.feed import Activity, ClockChanged, Triggered


def test_each_activity_is_a_type_of_its_own_that_nobody_alters() -> None:
    assert len(get_args(Activity)) == 7
    moved = ClockChanged(7, 1.0)
    with pytest.raises(FrozenInstanceError):
        moved.now = 8  # type: ignore[misc]


def test_events_of_one_fault_are_the_last_with_the_deliveries_of_all() -> None:
    made = []
    for number in (1, 2):
        event = Event(f"evt_{number}", "x", "test", 0, b"{}")
        delivery = Delivery(f"msg_{number}", event.id, "x", "ep_1", "test", "http://a.test/", 0)
        made.append(Triggered(event, (delivery,)))
    together = Triggered.together(made)
    assert together.event.id == "evt_2"
    assert [delivery.id for delivery in together.deliveries] == ["msg_1", "msg_2"]
