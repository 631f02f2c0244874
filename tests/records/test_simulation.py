"""The lives of many customers, one change at a time."""

import random
from collections import Counter, defaultdict
from itertools import islice

from pivotal_sandbox.common.durations import HOUR
from pivotal_sandbox.common.ids import Ids
from pivotal_sandbox.domain.catalog_loader import load_catalog
from pivotal_sandbox.domain.models import Record
from pivotal_sandbox.records.changes import Change
from pivotal_sandbox.records.record_store import RecordStore
from pivotal_sandbox.records.sample_data import load_sample_data
from pivotal_sandbox.records.simulation import CUSTOMERS, CustomerJourney, RecordAction

START = 1_767_225_600_000


class Happening:
    """Lets a life happen in a world of its own."""

    def __init__(self, seed: int, world_seed: int = 1) -> None:
        ids, source = Ids(random.Random(world_seed)), random.Random(world_seed)
        self.world = RecordStore("test", load_catalog(), load_sample_data(), ids, source)
        self.life = CustomerJourney(seed, load_sample_data())
        self.now = START
        self.acts: list[RecordAction] = []
        self.types: list[str] = []
        self.subjects: list[str] = []  # the customer that each event is about

    def go_on(self, times: int) -> None:
        for _ in range(times):
            act = self.life.next()
            self.acts.append(act)
            self.now += HOUR
            change = self._made(act)
            for fired in change.events:
                self.types.append(fired.type)
                is_customer = fired.type.startswith("customer.")
                self.subjects.append(fired.data["id" if is_customer else "customer_id"])
            record = next((record.record for record in reversed(change.records)), None)
            self.life.happened(record or self._record(act))

    def _made(self, act: RecordAction) -> Change:
        if act.id is None:
            return self.world.create(act.object, act.fields or {}, self.now)
        if act.fields is None:
            return self.world.delete(act.object, act.id, self.now)
        return self.world.change(act.object, act.id, act.fields, self.now)

    def _record(self, act: RecordAction) -> Record:
        return self.world.records(act.object).get(act.id or "", {})


def test_each_customer_lives_from_the_contract_to_its_end() -> None:
    happening = Happening(3)
    happening.go_on(1500)
    lives = defaultdict(list)
    for type, subject in zip(happening.types, happening.subjects, strict=True):
        lives[subject].append(type)
    assert len(lives) > 10
    for life in lives.values():
        assert life[:2] == ["customer.created", "contact.created"]
        order = [fromkey for fromkey in dict.fromkeys(life) if fromkey.startswith("onboarding.")]
        expected = ["onboarding.created", "onboarding.updated", "onboarding.started"]
        assert order[:3] == expected[: len(order[:3])]
        for flip in ("customer.recovered", "customer.churned"):
            if flip in life:
                assert life.index("customer.at_risk") < life.index(flip)
        if "customer.deleted" in life:
            assert life.index("customer.churned") < life.index("customer.deleted")


def test_every_flip_comes_beside_its_update() -> None:
    happening = Happening(4)
    happening.go_on(1000)
    for before, type in zip(["", *happening.types], happening.types, strict=False):
        if type in ("customer.at_risk", "customer.recovered", "task.completed", "task.overdue"):
            assert before == f"{type.partition('.')[0]}.updated"


def test_a_minute_of_it_shows_nearly_every_type() -> None:
    seen: Counter[str] = Counter()
    for seed in range(6):
        happening = Happening(seed)
        happening.go_on(200)
        seen.update(set(happening.types))
    assert seen["customer.at_risk"] >= 4
    assert seen["onboarding.completed"] == 6
    assert {*seen} >= {"onboarding.delayed", "customer.recovered", "customer.churned"}


def test_many_customers_live_at_the_same_time() -> None:
    happening = Happening(5)
    happening.go_on(200)
    changes = sum(
        subject != other
        for subject, other in zip(happening.subjects, happening.subjects[1:], strict=False)
    )
    assert changes > len(happening.subjects) / 4
    assert CUSTOMERS > 1


def test_the_same_seed_makes_the_same_choices_whatever_the_records_are() -> None:
    first, same, other = Happening(7), Happening(7, world_seed=2), Happening(8)
    for happening in (first, same, other):
        happening.go_on(400)
    choices = [
        [(act.object, act.id is None, act.fields is None) for act in happening.acts]
        for happening in (first, same, other)
    ]
    assert choices[0] == choices[1]
    assert choices[0] != choices[2]


def test_nothing_more_happens_to_whom_it_could_not_be_done() -> None:
    life = CustomerJourney(1, load_sample_data())
    acts = []
    for _ in islice(range(100), 50):
        acts.append(life.next())
        life.happened(None)
    assert {act.object for act in acts} == {"customer"}
    life.happened({"id": "nobody asked"})


def test_a_record_without_a_time_is_no_obstacle() -> None:
    happening = Happening(2)
    happening.go_on(1)
    while (act := happening.life.next()).object != "onboarding":
        happening.life.happened({"id": "x", "updated_at": "never"})
    happening.life.happened({"id": "onb", "phases": [], "updated_at": None})
    assert act.id is None
