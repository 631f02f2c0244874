"""Try changes on a copy of the records."""

from pivotal_sandbox.sandbox.sandbox import Sandbox


async def test_a_change_of_a_copy_changes_no_record(sandbox: Sandbox) -> None:
    await sandbox.change("test", lambda store, now: store.create("onboarding", {}, now))
    before = {
        object: dict(await sandbox.records("test", object)) for object in sandbox.catalog.objects
    }
    copy = await sandbox.copy_records("test")
    [id] = before["customer"]
    change = copy.change("customer", id, {"name": "Tried", "tags": ["x"]}, 0)
    assert [event.type for event in change.events] == ["customer.updated"]
    copy.delete("customer", id, 0)
    for object, records in before.items():
        assert dict(await sandbox.records("test", object)) == records
    assert not await sandbox.records("live", "customer")
