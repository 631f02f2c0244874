"""A world to try things in: a copy of the sandbox's, whose changes nobody sends."""

import random

from pivotal_sandbox import data
from pivotal_sandbox.core.ids import Ids
from pivotal_sandbox.core.model import Mode
from pivotal_sandbox.core.value import copied
from pivotal_sandbox.core.world import World
from pivotal_sandbox.sandbox import Sandbox


async def scratch(sandbox: Sandbox, mode: Mode) -> World:
    """Return a copy of one mode's world."""
    catalog = sandbox.catalog
    records = {object: await sandbox.records(mode, object) for object in catalog.objects}
    world = World(mode, catalog, data.load_names(), Ids(random.Random(0)), random.Random(0))
    world.restore(copied({object: dict(its) for object, its in records.items()}))
    return world
