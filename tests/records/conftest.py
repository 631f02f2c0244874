"""What tests of the world share: the built-in catalog, worlds that are the same each time, and the
words to ask them with.
"""

import random
from typing import Any

import pytest

from pivotal_sandbox.common.json_schema import Schema
from pivotal_sandbox.common.rng import RandomSource
from pivotal_sandbox.domain.catalog import Catalog
from pivotal_sandbox.records.factory import RecordFactory
from pivotal_sandbox.records.record_store import Change, RecordStore
from pivotal_sandbox.records.sample_data import SampleData

NOW = 1_780_000_000_000
LATER = NOW + 60_000
BUILT_IN = [
    *("customer.created", "customer.updated", "customer.at_risk", "customer.recovered"),
    *("customer.churned", "customer.deleted", "contact.created", "contact.updated"),
    *("contact.deleted", "onboarding.created", "onboarding.updated", "onboarding.started"),
    *("onboarding.delayed", "onboarding.completed", "onboarding.cancelled", "phase.changed"),
    *("task.created", "task.updated", "task.completed", "task.overdue"),
]


def types(change: Change) -> list[str]:
    """Return the types of the events that a change fired."""
    return [event.type for event in change.events]


def made(world: RecordStore, object: str, /, now: int = NOW, **fields: Any) -> str:
    """Make a record, and return its id."""
    return world.create(object, fields, now).records[-1].id


def schema_of(catalog: Catalog, object: str) -> Schema:
    """Return the schema of the records of one kind."""
    return Schema(catalog.get(f"{object}.created").schema)


@pytest.fixture
def maker(names: SampleData) -> RecordFactory:
    return RecordFactory(names, RandomSource(random.Random(1)))
