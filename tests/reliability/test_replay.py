"""Replay, every way: signed anew, verbatim, edited, by filter, at a rate."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
import pytest

from pivotal_sandbox.clock import Clock
from pivotal_sandbox.common.durations import HOUR, SECOND
from pivotal_sandbox.domain.models import Delivery, Endpoint
from pivotal_sandbox.errors import Conflict, InputError, NotFound, SignatureError
from pivotal_sandbox.feed import Activity, Attempted
from pivotal_sandbox.sandbox.sandbox import Sandbox
from pivotal_sandbox.signature import verify


@dataclass
class Receiver:
    """Answers as it is told, and notes what came."""

    answers: list[int] = field(default_factory=list)
    requests: list[httpx.Request] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return httpx.Response(self.answers.pop(0) if self.answers else 200)


@dataclass
class Stage:
    """A sandbox on a clock that stands still, one endpoint, and a delivery to replay."""

    sandbox: Sandbox
    endpoint: Endpoint
    receiver: Receiver
    old: Delivery

    async def replay(self, **how: object) -> tuple[Delivery, httpx.Request]:
        [new] = await self.sandbox.replay([self.old.id], **how)  # type: ignore[arg-type]
        await self.sandbox.dispatcher.settle()
        return new, self.receiver.requests[-1]


@asynccontextmanager
async def staged(fault: str | None = None) -> AsyncIterator[Stage]:
    receiver = Receiver()
    sandbox = Sandbox(
        clock=Clock.manual(),
        seed=7,
        transport=httpx.MockTransport(receiver),
        sign_time="sandbox",
    )
    async with sandbox:
        endpoint = await sandbox.add_endpoint("http://a.test/")
        triggered = await sandbox.trigger("customer.at_risk", fault=fault)
        await sandbox.advance(HOUR)
        yield Stage(sandbox, endpoint, receiver, triggered.deliveries[0])


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged() as stage:
        yield stage


async def test_by_default_it_is_the_same_body_signed_anew_under_a_new_id(stage: Stage) -> None:
    new, request = await stage.replay()
    first = stage.receiver.requests[1]
    assert request.content == first.content
    assert request.headers["pivotal-delivery-id"] == new.id != stage.old.id
    assert request.headers["pivotal-signature"] != first.headers["pivotal-signature"]
    assert (new.replay_of, new.fault, new.event_id) == (stage.old.id, None, stage.old.event_id)


async def test_verbatim_it_is_the_very_bytes_and_headers_of_the_last_attempt(stage: Stage) -> None:
    new, request = await stage.replay(verbatim=True)
    first = stage.receiver.requests[1]
    assert request.content == first.content
    assert request.headers.raw == first.headers.raw
    assert request.headers["pivotal-delivery-id"] == stage.old.id
    assert (new.id != stage.old.id, new.replay_of, new.fault) == (True, stage.old.id, "verbatim")
    header = request.headers["pivotal-signature"]
    now = stage.sandbox.clock.now() / 1000
    with pytest.raises(SignatureError) as caught:
        verify(request.content, header, stage.endpoint.secret, now=now)
    assert caught.value.reason == "too_old"


async def test_verbatim_repeats_what_was_on_the_wire_of_a_spoiled_attempt() -> None:
    async with staged("tampered-body") as stage:
        new, request = await stage.replay(verbatim=True)
        [attempt] = await stage.sandbox.deliveries.attempts(new.id)
    first = stage.receiver.requests[1]
    assert request.content == first.content == attempt.request_body
    assert request.headers.raw == first.headers.raw


async def test_the_retries_of_a_verbatim_replay_are_verbatim_too(stage: Stage) -> None:
    stage.receiver.answers = [503]
    await stage.replay(verbatim=True)
    await stage.sandbox.advance(HOUR)
    first, *others = stage.receiver.requests[1:]
    assert len(others) == 2
    assert {other.headers["pivotal-signature"] for other in others} == {
        first.headers["pivotal-signature"]
    }


async def test_a_verbatim_replay_goes_to_the_url_that_the_endpoint_has_now(stage: Stage) -> None:
    await stage.sandbox.update_endpoint(stage.endpoint.id, url="http://a.test/moved")
    _, request = await stage.replay(verbatim=True)
    assert request.url.path == "/moved"


async def test_what_was_not_attempted_cannot_be_repeated(stage: Stage) -> None:
    [waiting] = await stage.sandbox.replay([stage.old.id], rate=1)
    [_, later] = await stage.sandbox.replay([stage.old.id, waiting.id], rate=1)
    assert later.attempt_count == 0
    with pytest.raises(Conflict, match="was not attempted yet: there is nothing") as caught:
        await stage.sandbox.replay([stage.old.id, later.id], verbatim=True)
    assert caught.value.pointer == "/ids/1"


async def test_edited_it_is_a_new_event_that_says_so(stage: Stage) -> None:
    new, request = await stage.replay(set={"data.arr": 1, "data.owner.email": "x@y.example"})
    first, body = (json.loads(request.content) for request in (stage.receiver.requests[1], request))
    assert body["id"] == new.event_id != stage.old.event_id
    assert (new.fault, new.replay_of) == ("edited", stage.old.id)
    assert body["data"]["arr"] == 1
    assert body["data"]["owner"]["email"] == "x@y.example"
    owner = first["data"]["owner"] | {"email": "x@y.example"}
    assert body == {**first, "id": body["id"], "data": first["data"] | {"arr": 1, "owner": owner}}
    header = request.headers["pivotal-signature"]
    now = stage.sandbox.clock.now() / 1000
    verify(request.content, header, stage.endpoint.secret, now=now)
    kept = await stage.sandbox.deliveries.event(new.event_id)
    assert kept.body == request.content


async def test_an_event_id_that_is_given_is_the_body_s(stage: Stage) -> None:
    old = await stage.sandbox.deliveries.event(stage.old.event_id)
    new, request = await stage.replay(set={"id": old.id, "data.arr": 2})
    assert json.loads(request.content)["id"] == old.id
    assert new.event_id != old.id
    assert await stage.sandbox.deliveries.event(old.id) == old


async def test_another_type_is_in_the_header_and_in_the_log(stage: Stage) -> None:
    new, request = await stage.replay(set={"type": "customer.churned"})
    assert request.headers["pivotal-event"] == new.event_type == "customer.churned"


async def test_deliveries_of_one_event_share_its_edited_copy(stage: Stage) -> None:
    replays = await stage.sandbox.replay([stage.old.id, stage.old.id], set={"data.arr": 3})
    assert len({replay.event_id for replay in replays}) == 1


@pytest.mark.parametrize(
    ("edits", "pointer", "says"),
    [
        ({"data.arr": "much"}, "/set/data/arr", '"arr" is "much", but must be'),
        ({"data.aar": 1}, "/set/data/aar", 'Did you mean "arr"'),
        ({"arr": 1}, "/set/arr", 'An event has no "arr". Did you mean "data.arr"'),
        ({"dat.arr": 1}, "/set/dat/arr", 'An event has no "dat.arr".'),
        ({"data.name.first": "x"}, "/set/data/name/first", 'has no "first"'),
        ({"type": "customer.risk"}, "/set/type", 'Did you mean "customer'),
        ({"type": "a\r\nb"}, "/set/type", "A type is sent as a header"),
        ({"type": 5}, "/set/type", "A type is sent as a header"),
        ({"data.arr": float("nan")}, "/set/data/arr", "no JSON value"),
    ],
)
async def test_a_wrong_edit_is_refused_by_field_and_nothing_is_sent(
    stage: Stage, edits: dict[str, object], pointer: str, says: str
) -> None:
    before = len(stage.receiver.requests)
    with pytest.raises(InputError) as caught:
        await stage.sandbox.replay([stage.old.id], set=edits)
    await stage.sandbox.dispatcher.settle()
    assert says in str(caught.value)
    assert caught.value.pointer == pointer
    assert len(stage.receiver.requests) == before


async def test_what_is_not_validated_may_be_as_it_likes(stage: Stage) -> None:
    edits = {"data.arr": "much", "data.name.first": "x", "type": "customer.risk"}
    new, request = await stage.replay(set=edits, validate=False)
    body = json.loads(request.content)
    assert (body["data"]["arr"], body["data"]["name"]) == ("much", {"first": "x"})
    assert new.event_type == "customer.risk"


@pytest.mark.parametrize("fault", ["invalid-json", "empty-body"])
async def test_what_is_no_json_cannot_be_edited_but_replayed(fault: str) -> None:
    async with staged(fault) as stage:
        with pytest.raises(InputError, match="is no JSON object: there is nothing to edit"):
            await stage.replay(set={"data.arr": 1})
        _, request = await stage.replay()
    assert request.content == stage.receiver.requests[1].content


async def test_verbatim_and_edited_exclude_each_other(stage: Stage) -> None:
    with pytest.raises(InputError, match="give one of verbatim and set") as caught:
        await stage.replay(verbatim=True, set={"data.arr": 1})
    assert caught.value.pointer == "/verbatim"


async def test_a_rate_spaces_them_on_the_sandbox_s_clock(stage: Stage) -> None:
    before, start = len(stage.receiver.requests), stage.sandbox.clock.now()
    replays = await stage.sandbox.replay([stage.old.id] * 5, rate=4)
    assert [replay.next_attempt_at for replay in replays] == [
        start + delay for delay in (0, 250, 500, 750, 1000)
    ]
    await stage.sandbox.dispatcher.settle()
    assert len(stage.receiver.requests) == before + 1
    await stage.sandbox.advance(SECOND // 2)
    assert len(stage.receiver.requests) == before + 3
    await stage.sandbox.advance(SECOND)
    assert len(stage.receiver.requests) == before + 5


async def test_an_unknown_id_stops_all_of_it(stage: Stage) -> None:
    before = len(stage.receiver.requests)
    with pytest.raises(NotFound):
        await stage.sandbox.replay([stage.old.id, "msg_none"], verbatim=True)
    await stage.sandbox.dispatcher.settle()
    assert len(stage.receiver.requests) == before


async def test_what_the_bin_says_of_a_verbatim_replay_comes_with_its_attempt() -> None:
    said: list[str | None] = []

    def listen(activity: Activity) -> None:
        if isinstance(activity, Attempted):
            said.append(activity.verdict)

    sandbox = Sandbox(clock=Clock.manual(), sign_time="sandbox", base_url="http://bin.test")
    async with sandbox:
        sandbox.sender.mount("http://bin.test", sandbox.receiver)
        await sandbox.add_endpoint("http://bin.test/in/demo")
        [old] = (await sandbox.trigger("customer.at_risk")).deliveries
        await sandbox.advance(HOUR)
        sandbox.feed.subscribe(listen)
        await sandbox.replay([old.id], verbatim=True)
        await sandbox.dispatcher.settle()
    [verdict] = said
    assert verdict is not None
    assert verdict.startswith("Signature is 3600 s old")
