"""What steps do in an open sandbox."""

import pytest
from tests.scenarios.running import story

from pivotal_sandbox.clock import Clock
from pivotal_sandbox.errors import InputError
from pivotal_sandbox.sandbox.sandbox import Sandbox
from pivotal_sandbox.scenarios.executor import Receiver, StepExecutor
from pivotal_sandbox.scenarios.in_memory_bins import Bins
from pivotal_sandbox.scenarios.parser import Target
from pivotal_sandbox.scenarios.recorder import ActivityRecorder
from pivotal_sandbox.scenarios.steps import Change, Create, Delete, Trigger


async def test_a_name_stands_for_the_record_as_it_is_and_was() -> None:
    async with Sandbox(clock=Clock.manual(), seed=1) as sandbox:
        sandbox.sender.mount(sandbox.base_url, Bins(sandbox.receiver))
        sight = ActivityRecorder()
        sandbox.feed.subscribe(sight)
        actor = StepExecutor(sandbox, sight, 1, None)
        await actor.add("app", Target(bin="app"))
        assert actor.name_of(actor.endpoints["app"]) == "app"
        assert actor.name_of("ep_other") == "ep_other"
        made = await actor.do(Create(object="customer", set={"name": "A"}, as_="a"))
        assert made.types == ["customer.created"]
        await actor.do(Change(record="a", set={"name": "B"}))
        assert (await actor.records(["$a", "$null"]))["a"]["name"] == "B"
        await actor.do(Delete(record="a"))
        assert await actor.record("a") is None
        assert (await actor.records({"x": "$a.name"}))["a"]["name"] == "B"
        assert actor.named(None) is None
        with pytest.raises(InputError):
            await actor.do(Change(record="a", set={"name": "C"}))


async def test_what_a_fault_left_of_an_event_may_be_no_record() -> None:
    async with Sandbox(clock=Clock.manual(), seed=1) as sandbox:
        actor = StepExecutor(sandbox, ActivityRecorder(), 1, None)
        for fault in ("empty-body", "invalid-json"):
            done = await actor.do(Trigger(type="task.updated", fault=fault, as_="x"))
            assert done.record is None
            for use in (actor.record("x"), actor.records("$x"), actor.do(Delete(record="x"))):
                with pytest.raises(InputError, match="its fault left no record"):
                    await use
        assert await actor.records("none") == {}


def test_an_endpoint_leads_to_its_bin_its_url_or_the_users_receiver() -> None:
    sandbox = Sandbox(clock=Clock.manual(), seed=1)
    target = story('[[steps]]\nsay = "x"').endpoints["app"]
    mine = Receiver("http://127.0.0.1:9/hook", "s")
    assert (
        StepExecutor(sandbox, ActivityRecorder(), 1, None).url(target)
        == "http://127.0.0.1:8400/in/app"
    )
    assert StepExecutor(sandbox, ActivityRecorder(), 1, mine).url(target) == mine.url
    assert (
        StepExecutor(sandbox, ActivityRecorder(), 1, mine).url(Target(url="http://x")) == "http://x"
    )
    assert "secret" not in repr(mine)
