"""A believable stream of changes: the lives of many customers, one change at a time.

Each customer is followed from the contract over contacts, onboarding, phases and tasks to the day
when they are at risk, and recover or churn. Which one is next is drawn.
"""

import random
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

from pivotal_sandbox.common.rng import RandomSource
from pivotal_sandbox.common.timestamps import parse_rfc3339
from pivotal_sandbox.domain.models import Record
from pivotal_sandbox.errors import InputError
from pivotal_sandbox.records.factory import RecordFactory
from pivotal_sandbox.records.phases import following
from pivotal_sandbox.records.sample_data import SampleData
from pivotal_sandbox.records.transitions import FLIPS, STATE
from pivotal_sandbox.records.typical_changes import typical_change

CUSTOMERS = 5  # at the same time, so that a minute of them shows whole lives


@dataclass(frozen=True, slots=True)
class RecordAction:
    """A change of a record: `id` of None makes it, `fields` of None deletes it."""

    object: str
    id: str | None
    fields: dict[str, Any] | None = field(default_factory=dict)


_Story = Generator[RecordAction, Record, None]


class CustomerJourney:
    """Says what happens next; it is told what came of that before it is asked again.

    What is chosen depends on the seed only, and not on what the records are like.
    """

    def __init__(self, seed: int, names: SampleData) -> None:
        self._choose = RandomSource(random.Random(f"{seed}/choices"))
        self._maker = RecordFactory(names, RandomSource(random.Random(f"{seed}/fields")))
        self._waiting: list[tuple[_Story, RecordAction]] = []
        self._current: _Story | None = None

    def next(self) -> RecordAction:
        """Return the next change."""
        open_ = len(self._waiting)
        # Seldom where there are many already, so that stories end, too.
        if not open_ or (open_ < CUSTOMERS and self._choose.chance(0.3 / open_)):
            story = self._customer()
            self._waiting.append((story, next(story)))
            open_ += 1
        self._current, act = self._waiting.pop(self._choose.between(0, open_ - 1))
        return act

    def happened(self, record: Record | None) -> None:
        """Tell it what the record is like after the last change.

        None is for one that could not be made: nothing more happens to that customer.
        """
        story, self._current = self._current, None
        if story is None or record is None:
            return
        try:
            act = story.send(record)
        except StopIteration:
            return
        self._waiting.append((story, act))

    # -- one life

    def _customer(self) -> _Story:
        choose = self._choose
        customer = yield RecordAction(
            "customer", None, {"health": "healthy", "lifecycle": "onboarding"}
        )
        contacts = []
        for index in range(choose.between(1, 3)):
            fields = {"customer_id": customer["id"], "primary": index == 0}
            contacts.append((yield RecordAction("contact", None, fields)))
        yield from self._onboarding(customer, contacts[0])
        customer = yield RecordAction("customer", customer["id"], {"lifecycle": "active"})
        for _ in range(choose.between(0, 3)):
            customer = yield self._typical_action("customer.updated", customer)
            if choose.chance(0.4):
                yield self._typical_action("contact.updated", choose.pick(contacts))
        while choose.chance(0.6):
            customer = yield self._typical_action("customer.at_risk", customer)
            for _ in range(choose.between(0, 2)):
                customer = yield self._typical_action("customer.updated", customer)
            if choose.chance(0.35):
                customer = yield self._typical_action("customer.churned", customer)
                if choose.chance(0.25):
                    yield RecordAction("customer", customer["id"], None)
                return
            customer = yield self._typical_action("customer.recovered", customer)

    def _onboarding(self, customer: Record, contact: Record) -> _Story:
        choose = self._choose
        links = {"customer_id": customer["id"], "primary_contact_id": contact["id"]}
        onboarding = yield RecordAction("onboarding", None, links)
        onboarding = yield self._typical_action("onboarding.started", onboarding)
        delayed = choose.between(0, 9)  # in which phase, if there is one with that number
        for index, phase in enumerate(self._maker.names.phases):
            yield from self._tasks(onboarding, phase.key)
            if index == delayed:
                onboarding = yield self._typical_action("onboarding.delayed", onboarding)
                onboarding = yield RecordAction(
                    "onboarding", onboarding["id"], {"status": "in_progress"}
                )
            if following(onboarding["phases"], phase.key) is None:
                yield self._typical_action("onboarding.completed", onboarding)
            else:
                onboarding = yield self._typical_action("phase.changed", onboarding)

    def _tasks(self, onboarding: Record, phase: str) -> _Story:
        choose = self._choose
        for _ in range(choose.between(0, 2)):
            fields = {
                "onboarding_id": onboarding["id"],
                "customer_id": onboarding["customer_id"],
                "phase": phase,
            }
            task = yield RecordAction("task", None, fields)
            if choose.chance(0.3):
                task = yield self._typical_action("task.updated", task)
            if choose.chance(0.2):
                task = yield self._typical_action("task.overdue", task)
            yield self._typical_action("task.completed", task)

    def _typical_action(self, type: str, record: Record) -> RecordAction:
        """Return the change that fires `type`, with what usually changes beside it."""
        object = "onboarding" if type == "phase.changed" else type.partition(".")[0]
        fields = typical_change(type, self._maker, record, _moment(record))
        if type in FLIPS:
            fields[STATE[object]] = FLIPS[type].after
        return RecordAction(object, record["id"], fields)


def _moment(record: Record) -> int:
    """Return the sandbox's time, as near as a record knows it."""
    try:
        return parse_rfc3339(str(record.get("updated_at")))
    except InputError:
        return 0
