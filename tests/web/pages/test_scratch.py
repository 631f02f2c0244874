"""A world to try things in."""

from pivotal_sandbox.sandbox.sandbox import Sandbox
from pivotal_sandbox.web.pages.scratch import scratch


async def test_what_is_tried_happens_nowhere_else(sandbox: Sandbox) -> None:
    await sandbox.change("test", lambda world, now: world.create("onboarding", {}, now))
    before = {
        object: dict(await sandbox.records("test", object)) for object in sandbox.catalog.objects
    }
    world = await scratch(sandbox, "test")
    [id] = before["customer"]
    change = world.change("customer", id, {"name": "Tried", "tags": ["x"]}, 0)
    assert [event.type for event in change.events] == ["customer.updated"]
    world.delete("customer", id, 0)
    for object, records in before.items():
        assert dict(await sandbox.records("test", object)) == records
    assert not await sandbox.records("live", "customer")
