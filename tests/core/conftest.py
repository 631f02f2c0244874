"""What tests of the world share: the built-in catalog, and worlds that are the same each time."""

import random
from collections.abc import Callable

import pytest

from pivotal_sandbox.core.catalog import Catalog
from pivotal_sandbox.core.draw import Draw
from pivotal_sandbox.core.ids import Ids
from pivotal_sandbox.core.names import Names
from pivotal_sandbox.core.record import Maker
from pivotal_sandbox.core.world import World
from pivotal_sandbox.data import load_catalog, load_names

NewWorld = Callable[..., World]


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return load_catalog()


@pytest.fixture(scope="session")
def names() -> Names:
    return load_names()


@pytest.fixture(scope="session")
def new_world(catalog: Catalog, names: Names) -> NewWorld:
    """Make a world; the same seed makes the same world."""

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
