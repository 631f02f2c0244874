"""What is seen of a sandbox while a story is told in it."""

from pivotal_sandbox.clock import Clock
from pivotal_sandbox.common.headers import header_value
from pivotal_sandbox.domain.bins import Bin, parse_behavior
from pivotal_sandbox.sandbox.sandbox import Sandbox
from pivotal_sandbox.scenarios.in_memory_bins import Bins
from pivotal_sandbox.scenarios.recorder import ActivityRecorder


async def test_deliveries_attempts_and_captures_are_seen_in_their_order() -> None:
    sight = ActivityRecorder()
    async with Sandbox(clock=Clock.manual(), seed=1, sign_time="sandbox") as sandbox:
        sandbox.feed.subscribe(sight)
        sandbox.sender.mount(sandbox.base_url, Bins(sandbox.receiver))
        await sandbox.receiver.set_bin(Bin("a", parse_behavior([200, 503, 200])))
        endpoint = await sandbox.add_endpoint(f"{sandbox.base_url}/in/a")
        two = await sandbox.add_endpoint(f"{sandbox.base_url}/in/b")
        await sandbox.dispatcher.settle()
        assert len(sight.attempts()) == 2
        assert sight.attempts() == []
        fired = await sandbox.trigger("task.updated")
        await sandbox.dispatcher.settle()
        await sandbox.advance(60_000)
        [replayed] = await sandbox.replay([fired.deliveries[1].id])
        await sandbox.dispatcher.settle()
    made = sight.attempts()
    assert [(a.delivery.endpoint_id, a.attempt.number) for a in made] == [
        (endpoint.id, 1),
        (two.id, 1),
        (endpoint.id, 2),
        (two.id, 1),
    ]
    ids = [delivery.id for delivery in fired.deliveries]
    assert [d.id for d in sight.select_deliveries(ids, None, two.id)] == [ids[1]]
    assert len(sight.select_deliveries(None, "webhook.ping", None)) == 2
    assert sight.deliveries[replayed.id].status == "delivered"
    caught = sight.select_captures(ids, "task.updated", "a")
    assert [header_value(capture.headers, "pivotal-delivery-id") for capture in caught] == [
        ids[0],
        ids[0],
    ]
    assert set(sight.events(caught).values()) == {fired.event.id}
    assert len(sight.select_captures(None, None, None)) == 6
    assert header_value(caught[0].headers, "x-none") is None


async def test_a_request_that_carries_no_event_counts_as_one_of_its_own() -> None:
    sight = ActivityRecorder()
    async with Sandbox(clock=Clock.manual(), seed=1) as sandbox:
        sandbox.feed.subscribe(sight)
        bins = Bins(sandbox.receiver)
        import httpx

        for body in (b"{", b"[]", b'{"id":5}', b'{"id":"evt_1"}'):
            await bins.handle_async_request(httpx.Request("POST", "http://x/in/a", content=body))
    captures = sight.select_captures(None, None, "a")
    assert list(sight.events(captures).values()) == [
        *(capture.id for capture in captures[:3]),
        "evt_1",
    ]
