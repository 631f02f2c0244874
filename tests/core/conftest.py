"""What tests of the world share: the built-in catalog, worlds that are the same each time, and the
words to ask them with.
"""

import random
from typing import Any, Protocol

import pytest

from pivotal_sandbox.core.catalog import Catalog
from pivotal_sandbox.core.draw import Draw
from pivotal_sandbox.core.ids import Ids
from pivotal_sandbox.core.names import Names
from pivotal_sandbox.core.record import Maker
from pivotal_sandbox.core.schema import Schema
from pivotal_sandbox.core.world import Change, World
from pivotal_sandbox.data import load_catalog, load_names

NOW = 1_780_000_000_000
LATER = NOW + 60_000
BUILT_IN = [
    *("customer.created", "customer.updated", "customer.at_risk", "customer.recovered"),
    *("customer.churned", "customer.deleted", "contact.created", "contact.updated"),
    *("contact.deleted", "onboarding.created", "onboarding.updated", "onboarding.started"),
    *("onboarding.delayed", "onboarding.completed", "onboarding.cancelled", "phase.changed"),
    *("task.created", "task.updated", "task.completed", "task.overdue"),
]


class NewWorld(Protocol):
    """Makes a world; the same seed makes the same world."""

    def __call__(self, seed: object = 1, catalog: Catalog = ...) -> World: ...


def types(change: Change) -> list[str]:
    """Return the types of the events that a change fired."""
    return [event.type for event in change.events]


def made(world: World, object: str, /, now: int = NOW, **fields: Any) -> str:
    """Make a record, and return its id."""
    return world.create(object, fields, now).records[-1].id


def schema_of(catalog: Catalog, object: str) -> Schema:
    """Return the schema of the records of one kind."""
    return Schema(catalog.get(f"{object}.created").schema)


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return load_catalog()


@pytest.fixture(scope="session")
def names() -> Names:
    return load_names()


@pytest.fixture(scope="session")
def new_world(catalog: Catalog, names: Names) -> NewWorld:
    def make(seed: object = 1, catalog: Catalog = catalog) -> World:
        source = random.Random(f"{seed}")
        return World("test", catalog, names, Ids(source), source)

    return make


@pytest.fixture
def world(new_world: NewWorld) -> World:
    return new_world()


@pytest.fixture
def maker(names: Names) -> Maker:
    return Maker(names, Draw(random.Random(1)))
