"""A world to try things in: a copy of the sandbox's, whose changes nobody sends."""

import random

from pivotal_sandbox.common.ids import Ids
from pivotal_sandbox.common.json_values import deep_copy
from pivotal_sandbox.domain.models import Mode
from pivotal_sandbox.records.record_store import RecordStore
from pivotal_sandbox.records.sample_data import load_sample_data
from pivotal_sandbox.sandbox.sandbox import Sandbox


async def scratch(sandbox: Sandbox, mode: Mode) -> RecordStore:
    """Return a copy of one mode's world."""
    catalog = sandbox.catalog
    records = {object: await sandbox.records(mode, object) for object in catalog.objects}
    world = RecordStore(mode, catalog, load_sample_data(), Ids(random.Random(0)), random.Random(0))
    world.restore(deep_copy({object: dict(its) for object, its in records.items()}))
    return world
