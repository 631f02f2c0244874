"""Every fault as it comes out of the socket, seen by a server that reads bytes and no HTTP.

What the log says of each attempt is compared with what was on the wire.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.sender.peer import Peer, ScriptedServers

from pivotal_sandbox.clock import Clock
from pivotal_sandbox.common.durations import DAY, HOUR
from pivotal_sandbox.common.timestamps import parse_rfc3339
from pivotal_sandbox.domain.models import Attempt, Delivery, Endpoint
from pivotal_sandbox.errors import InputError, SignatureError
from pivotal_sandbox.faults.registry import FAULTS
from pivotal_sandbox.feed import Triggered
from pivotal_sandbox.sandbox.sandbox import Sandbox
from pivotal_sandbox.signature import verify_headers

ORDER = [
    *("host", "content-type", "pivotal-event", "pivotal-delivery-id", "pivotal-signature"),
    *("user-agent", "accept", "content-length"),
]


@dataclass
class Seen:
    """One request, as far as it came, and how the connection stood then."""

    head: bytes = b""
    body: bytes = b""
    end: str = ""
    reads: int = 0

    @property
    def headers(self) -> list[tuple[str, str]]:
        lines = self.head.decode("latin-1").split("\r\n")[1:-2]
        return [(name, value) for name, _, value in (line.partition(": ") for line in lines)]

    def values(self, name: str) -> list[str]:
        return [value for header, value in self.headers if header == name]

    def payload(self) -> bytes:
        """Return the body without the framing of its chunks."""
        if not self.values("transfer-encoding"):
            return self.body
        rest, payload = self.body, b""
        while rest:
            size, _, rest = rest.partition(b"\r\n")
            payload, rest = payload + rest[: int(size, 16)], rest[int(size, 16) + 2 :]
        return payload


@dataclass
class Receiver:
    """Reads each request from the socket, notes it, and answers 200 once it is whole."""

    seen: list[Seen] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, peer: Peer) -> None:
        while await self._one(peer):
            status = self.answers.pop(0) if self.answers else 200
            with suppress(ConnectionError):
                await peer.send(b"HTTP/1.1 %d X\r\ncontent-length: 0\r\n\r\n" % status)

    async def _one(self, peer: Peer) -> bool:
        seen = Seen()
        try:
            seen.head = await peer.reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return False
        self.seen.append(seen)
        length = int((seen.values("content-length") or ["0"])[0])
        try:
            while not (
                seen.body.endswith(b"0\r\n\r\n")
                if seen.values("transfer-encoding")
                else len(seen.body) >= length
            ):
                data = await peer.reader.read(1 << 16)
                seen.reads += 1
                seen.body += data
                if not data:
                    seen.end = "closed"
                    break
        except ConnectionResetError:
            seen.end = "reset"
        seen.end = seen.end or "whole"
        self.ended.set()
        return seen.end == "whole"


@dataclass
class FaultSetup:
    """A sandbox, one endpoint, and the receiver behind it."""

    sandbox: Sandbox
    endpoint: Endpoint
    receiver: Receiver

    async def trigger(self, fault: str, type: str = "customer.at_risk", **how: Any) -> Triggered:
        """Trigger, and return once all attempts that are due at once have ended."""
        triggered = await self.sandbox.trigger(type, fault=fault, **how)
        await self.sandbox.dispatcher.settle()
        return triggered

    async def delivery(self, triggered: Triggered) -> Delivery:
        return await self.sandbox.deliveries.get(triggered.deliveries[0].id)

    async def attempts(self, triggered: Triggered) -> list[Attempt]:
        return await self.sandbox.deliveries.attempts(triggered.deliveries[0].id)

    def reason(self, seen: Seen, at: int | None = None) -> str | None:
        """Return why a right receiver refuses the request then (now), or None if it does not."""
        now = self.sandbox.clock.now() if at is None else at
        values = seen.values("pivotal-signature")
        try:
            verify_headers(seen.payload(), values, self.endpoint.secret, now=now / 1000)
        except SignatureError as error:
            return error.reason
        return None


@pytest.fixture
async def setup() -> AsyncIterator[FaultSetup]:
    stage, receiver = ScriptedServers(), Receiver()
    port = await stage.serve(receiver)
    async with Sandbox(clock=Clock.manual(), seed=7, sign_time="sandbox", timeout=3000) as sandbox:
        endpoint = await sandbox.add_endpoint(f"http://127.0.0.1:{port}/hook")
        await sandbox.dispatcher.settle()
        receiver.seen.clear()
        receiver.ended.clear()
        yield FaultSetup(sandbox, endpoint, receiver)
    await stage.close()


async def test_without_a_fault_the_request_is_as_it_should_be(setup: FaultSetup) -> None:
    await setup.sandbox.trigger("customer.at_risk")
    await setup.sandbox.dispatcher.settle()
    [seen] = setup.receiver.seen
    assert [name for name, _ in seen.headers] == ORDER
    assert setup.reason(seen) is None


@pytest.mark.parametrize(
    ("fault", "reason", "count"),
    [
        ("no-signature", "missing_header", 0),
        ("empty-signature", "malformed_header", 1),
        ("wrong-secret", "no_match", 1),
        ("tampered-body", "no_match", 1),
        ("reserialized-body", "no_match", 1),
        ("stale-timestamp", "too_old", 1),
        ("future-timestamp", "too_new", 1),
        ("unknown-version", "unsupported_version", 1),
        ("unpadded-signature", "no_match", 1),
        ("hex-signature", "no_match", 1),
        ("duplicate-signature-header", "duplicate_header", 2),
        ("rotated-secret", None, 1),
    ],
)
async def test_a_spoiled_signature_is_on_the_wire_and_in_the_log(
    fault: str, reason: str | None, count: int, setup: FaultSetup
) -> None:
    setup.receiver.answers = [503]
    triggered = await setup.trigger(fault)
    await setup.sandbox.advance(HOUR)
    seen = setup.receiver.seen
    attempts = await setup.attempts(triggered)
    assert len(seen) == len(attempts) == 2
    for item, attempt in zip(seen, attempts, strict=True):
        expected = ORDER[:4] + ["pivotal-signature"] * count + ORDER[5:]
        assert [name for name, _ in item.headers] == expected
        assert item.headers == [*attempt.request_headers]
        assert item.values("content-length") == [str(len(item.body))]
        changed = fault in ("tampered-body", "reserialized-body")
        assert attempt.request_body == (item.body if changed else None)
        assert (item.body == triggered.event.body) is not changed
        assert setup.reason(item, attempt.started_at) == reason
    assert (await setup.delivery(triggered)).fault == fault


async def test_a_duplicate_comes_right_after_the_success_with_the_same_id(
    setup: FaultSetup,
) -> None:
    triggered = await setup.trigger("duplicate")
    first, second = setup.receiver.seen
    assert first == second
    delivery = await setup.delivery(triggered)
    assert (delivery.status, delivery.attempt_count) == ("delivered", 2)
    assert delivery.first_failed_at is None
    assert [attempt.number for attempt in await setup.attempts(triggered)] == [1, 2]


async def test_what_was_not_accepted_has_no_duplicate_but_its_retries(setup: FaultSetup) -> None:
    setup.receiver.answers = [500]
    triggered = await setup.trigger("duplicate")
    assert len(setup.receiver.seen) == 1
    await setup.sandbox.advance(DAY)
    delivery = await setup.delivery(triggered)
    assert (delivery.status, delivery.attempt_count) == ("delivered", 2)


async def test_a_duplicate_that_fails_is_retried(setup: FaultSetup) -> None:
    setup.receiver.answers = [200, 503, 200]
    triggered = await setup.trigger("duplicate")
    assert (await setup.delivery(triggered)).status == "retrying"
    await setup.sandbox.advance(DAY)
    assert (await setup.delivery(triggered)).attempt_count == 3


async def test_concurrent_duplicates_are_there_at_the_same_time() -> None:
    stage, both = ScriptedServers(), asyncio.Barrier(2)
    bodies: list[bytes] = []

    async def script(peer: Peer) -> None:
        bodies.append(await peer.request())
        if b"webhook.ping" not in bodies[-1]:
            await asyncio.wait_for(both.wait(), 5)  # neither is answered before both are here
        await peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")

    port = await stage.serve(script)
    async with Sandbox(clock=Clock.manual(), seed=7) as sandbox:
        await sandbox.add_endpoint(f"http://127.0.0.1:{port}/")
        triggered = await sandbox.trigger("task.created", fault="concurrent-duplicate")
        await sandbox.dispatcher.settle()
        delivery = await sandbox.deliveries.get(triggered.deliveries[0].id)
        attempts = await sandbox.deliveries.attempts(delivery.id)
    await stage.close()
    assert bodies[1] == bodies[2]
    assert (delivery.status, delivery.attempt_count) == ("delivered", 2)
    assert [attempt.number for attempt in attempts] == [1, 2]


@pytest.mark.parametrize("answers", [[200, 500], [500, 200], [400, 200]])
async def test_of_concurrent_duplicates_one_success_is_enough(
    answers: list[int], setup: FaultSetup
) -> None:
    setup.receiver.answers = [*answers]
    triggered = await setup.trigger("concurrent-duplicate")
    delivery = await setup.delivery(triggered)
    assert (delivery.status, delivery.last_status_code) == ("delivered", 200)
    codes = [
        a.outcome.response and a.outcome.response.status_code
        for a in await setup.attempts(triggered)
    ]
    assert codes == sorted(answers, reverse=True)


async def test_of_concurrent_duplicates_that_both_fail_one_makes_it_retry(
    setup: FaultSetup,
) -> None:
    setup.receiver.answers = [503, 404]
    triggered = await setup.trigger("concurrent-duplicate")
    assert (await setup.delivery(triggered)).status == "retrying"
    await setup.sandbox.advance(DAY)
    assert (await setup.delivery(triggered)).attempt_count == 3


async def test_out_of_order_the_older_event_comes_after_the_newer(setup: FaultSetup) -> None:
    triggered = await setup.trigger("out-of-order")
    newer, older = (json.loads(seen.body) for seen in setup.receiver.seen)
    assert (newer["type"], older["type"]) == ("customer.at_risk", "customer.updated")
    assert newer["data"]["id"] == older["data"]["id"]
    assert newer["created_at"] > older["created_at"]
    assert newer["id"] == triggered.event.id
    assert [delivery.fault for delivery in triggered.deliveries] == ["out-of-order"] * 2


async def test_out_of_order_the_older_event_waits_for_an_answer_to_the_newer() -> None:
    stage, open_, second = ScriptedServers(), asyncio.Event(), asyncio.Event()
    types: list[str] = []

    async def script(peer: Peer) -> None:
        with suppress(asyncio.IncompleteReadError):
            while request := await peer.request():
                types.append(json.loads(request.partition(b"\r\n\r\n")[2])["type"])
                if types.count("task.completed") == 2:
                    second.set()
                if types[-1] == "task.completed":
                    await open_.wait()
                await peer.send(b"HTTP/1.1 500 X\r\ncontent-length: 0\r\n\r\n")

    port = await stage.serve(script)
    async with Sandbox(clock=Clock.manual(), seed=7) as sandbox:
        await sandbox.add_endpoint(f"http://127.0.0.1:{port}/", event_types=["task.completed"])
        await sandbox.dispatcher.settle()
        await sandbox.trigger("task.completed", fault="out-of-order")
        await sandbox.trigger("task.completed")  # what comes later need not wait
        await asyncio.wait_for(second.wait(), 10)
        assert "task.updated" not in types
        open_.set()
        await sandbox.dispatcher.settle()
    await stage.close()
    assert types.index("task.updated") > types.index("task.completed")


async def test_a_delayed_event_is_old_and_its_signature_fresh(setup: FaultSetup) -> None:
    await setup.trigger("delayed")
    [seen] = setup.receiver.seen
    created_at = parse_rfc3339(json.loads(seen.body)["created_at"])
    assert setup.sandbox.clock.now() - created_at == 6 * HOUR
    assert setup.reason(seen) is None


async def test_a_burst_is_twenty_events_of_one_moment(setup: FaultSetup) -> None:
    triggered = await setup.trigger("burst", "task.created")
    bodies = [json.loads(seen.body) for seen in setup.receiver.seen]
    assert len({body["id"] for body in bodies}) == len(triggered.deliveries) == 20
    assert len({body["created_at"] for body in bodies}) == 1
    assert triggered.event.id == max(body["id"] for body in bodies)


@pytest.mark.parametrize("fault", [fault.name for fault in FAULTS if fault.group == "content"])
async def test_a_spoiled_content_is_signed_kept_sent_and_replayed(
    fault: str, setup: FaultSetup
) -> None:
    triggered = await setup.trigger(fault)
    [replayed] = await setup.sandbox.replay([triggered.deliveries[0].id])
    await setup.sandbox.dispatcher.settle()
    kept = await setup.sandbox.deliveries.event(triggered.event.id)
    first, second = setup.receiver.seen
    assert first.body == second.body == kept.body == triggered.event.body
    assert setup.reason(first) is None
    assert setup.reason(second) is None
    assert first.values("pivotal-event") == [kept.type]
    plain = "text/plain" if fault == "wrong-content-type" else "application/json"
    assert first.values("content-type") == [plain]
    [attempt] = await setup.attempts(triggered)
    assert first.headers == [*attempt.request_headers]
    assert replayed.event_type == kept.type
    assert (await setup.delivery(triggered)).fault == fault


async def test_an_unknown_type_goes_to_those_who_want_the_known_one(setup: FaultSetup) -> None:
    await setup.sandbox.update_endpoint(setup.endpoint.id, event_types=["customer.at_risk"])
    triggered = await setup.trigger("unknown-event-type")
    [seen] = setup.receiver.seen
    assert triggered.event.type == json.loads(seen.body)["type"] == "customer.reassigned"
    assert seen.values("pivotal-event") == ["customer.reassigned"]


async def test_a_slow_body_comes_in_eight_pieces_over_two_seconds(setup: FaultSetup) -> None:
    triggered = await setup.trigger("slow-body", "task.created")
    [seen] = setup.receiver.seen
    [attempt] = await setup.attempts(triggered)
    assert seen.body == triggered.event.body
    assert 7 <= seen.reads <= 8  # the first piece may come with the head
    assert 1900 <= attempt.outcome.timing.total_ms < 2900
    assert setup.reason(seen) is None


async def test_a_chunked_body_has_no_length_and_several_chunks(setup: FaultSetup) -> None:
    triggered = await setup.trigger("chunked-body")
    [seen] = setup.receiver.seen
    assert [name for name, _ in seen.headers] == [*ORDER[:-1], "transfer-encoding"]
    assert seen.payload() == triggered.event.body
    assert seen.body.count(b"\r\n") >= 2 * 4 + 1
    assert setup.reason(seen) is None
    assert (await setup.delivery(triggered)).status == "delivered"


async def test_a_reset_comes_in_the_middle_of_the_body_and_then_the_retry(
    setup: FaultSetup,
) -> None:
    triggered = await setup.trigger("reset-mid-body")
    await asyncio.wait_for(setup.receiver.ended.wait(), 10)
    [seen] = setup.receiver.seen
    half = len(triggered.event.body) // 2
    assert (seen.end, seen.body) == ("reset", triggered.event.body[:half])
    assert seen.values("content-length") == [str(len(triggered.event.body))]
    [attempt] = await setup.attempts(triggered)
    assert attempt.outcome.error == "connection_reset"
    assert attempt.request_body == seen.body
    await setup.sandbox.advance(HOUR)
    retry = setup.receiver.seen[-1]
    assert (retry.end, retry.body) == ("whole", triggered.event.body)
    assert (await setup.delivery(triggered)).status == "delivered"


async def test_a_truncated_body_ends_in_silence_and_the_answer_is_awaited(
    setup: FaultSetup,
) -> None:
    triggered = await setup.trigger("truncated-body")
    [seen] = setup.receiver.seen
    half = len(triggered.event.body) // 2
    assert (seen.end, seen.body) == ("closed", triggered.event.body[:half])
    assert seen.values("content-length") == [str(len(triggered.event.body))]
    [attempt] = await setup.attempts(triggered)
    assert attempt.request_body == seen.body
    await setup.sandbox.advance(HOUR)
    assert setup.receiver.seen[-1].body == triggered.event.body


async def test_a_truncated_body_may_be_answered() -> None:
    stage = ScriptedServers()

    async def script(peer: Peer) -> None:
        if b"webhook.ping" not in await peer.reader.readuntil(b"\r\n\r\n"):
            await peer.reader.read()  # as far as it goes
        await peer.send(b"HTTP/1.1 400 Bad\r\ncontent-length: 0\r\n\r\n")

    port = await stage.serve(script)
    async with Sandbox(clock=Clock.manual(), seed=7) as sandbox:
        await sandbox.add_endpoint(f"http://127.0.0.1:{port}/", event_types=["task.created"])
        triggered = await sandbox.trigger("task.created", fault="truncated-body")
        await sandbox.dispatcher.settle()
        delivery = await sandbox.deliveries.get(triggered.deliveries[0].id)
    await stage.close()
    assert (delivery.status, delivery.last_status_code) == ("failed", 400)


async def test_a_sender_that_leaves_before_the_answer_comes_again() -> None:
    stage = ScriptedServers()
    left: list[bool] = []
    bodies: list[bytes] = []

    async def script(peer: Peer) -> None:
        head, _, body = (await peer.request()).partition(b"\r\n\r\n")
        bodies.append(body)
        if b"webhook.ping" not in head and not left:
            await peer.wait_closed()  # the handler is at work, while the other side closes
            left.append(True)
            return
        await peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")

    port = await stage.serve(script)
    async with Sandbox(clock=Clock.manual(), seed=7) as sandbox:
        endpoint = await sandbox.add_endpoint(f"http://127.0.0.1:{port}/")
        await sandbox.dispatcher.settle()
        bodies.clear()
        triggered = await sandbox.trigger(
            "task.created", endpoint_id=endpoint.id, fault="abort-before-response"
        )
        await sandbox.advance(HOUR)
        delivery = await sandbox.deliveries.get(triggered.deliveries[0].id)
        first, second = await sandbox.deliveries.attempts(delivery.id)
    await stage.close()
    assert left == [True]
    assert bodies == [triggered.event.body] * 2
    assert (first.outcome.error, first.outcome.timing.first_byte_ms) == ("timeout", None)
    assert second.outcome.ok
    assert delivery.status == "delivered"


async def test_a_ping_can_be_spoiled_too(setup: FaultSetup) -> None:
    triggered = await setup.trigger("no-signature", "webhook.ping", endpoint_id=setup.endpoint.id)
    burst = await setup.trigger("burst", "webhook.ping", endpoint_id=setup.endpoint.id)
    assert setup.receiver.seen[0].values("pivotal-signature") == []
    assert triggered.deliveries[0].fault == "no-signature"
    assert len(burst.deliveries) == 20


async def test_an_unknown_fault_names_the_nearest_and_nothing_happens(setup: FaultSetup) -> None:
    for how in ({"type": "task.created"}, {"type": "webhook.ping"}):
        with pytest.raises(InputError, match=r'"hex-sig"\. Did you mean "hex-signature"'):
            await setup.sandbox.trigger(how["type"], endpoint_id=setup.endpoint.id, fault="hex-sig")
    assert not await setup.sandbox.records("test", "task")
    assert setup.receiver.seen == []


async def test_a_fault_that_cannot_be_leaves_the_records_as_they_were(setup: FaultSetup) -> None:
    with pytest.raises(InputError):
        await setup.sandbox.trigger("customer.at_risk", set={"plan": "gold"}, fault="out-of-order")
    assert not await setup.sandbox.records("test", "customer")
