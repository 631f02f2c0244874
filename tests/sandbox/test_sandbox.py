"""The whole sandbox as a program uses it: trigger events, check requests and the log."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from pivotal_sandbox.clock import MANUAL_START, Clock
from pivotal_sandbox.common.durations import DAY, HOUR, MINUTE, SECOND
from pivotal_sandbox.domain.models import Delivery
from pivotal_sandbox.errors import Conflict, InputError, NotFound
from pivotal_sandbox.sandbox.sandbox import Sandbox
from pivotal_sandbox.signature import verify
from pivotal_sandbox.store.captures import CaptureFilter
from pivotal_sandbox.store.deliveries import DeliveryFilter

ALL = DeliveryFilter()


class Receiver:
    """A receiver behind an httpx transport: it records requests and sends fixed responses."""

    def __init__(self, *answers: int) -> None:
        self.answers = list(answers) or [200]
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        status = self.answers[min(len(self.requests), len(self.answers)) - 1]
        return httpx.Response(status)

    def bodies(self) -> list[bytes]:
        return [request.content for request in self.requests]

    def header(self, name: str) -> list[str]:
        return [request.headers[name] for request in self.requests]


@asynccontextmanager
async def open_sandbox(
    receiver: Callable[[httpx.Request], httpx.Response],
    path: Path | None = None,
    *,
    seed: int | None = 7,
    clock: Clock | None = None,
) -> AsyncIterator[Sandbox]:
    sandbox = Sandbox(
        path,
        clock=clock or Clock.manual(),
        seed=seed,
        transport=httpx.MockTransport(receiver),
        sign_time="sandbox",
    )
    async with sandbox:
        yield sandbox


async def the_only_delivery(sandbox: Sandbox, expected: DeliveryFilter = ALL) -> Delivery:
    [delivery], _ = await sandbox.deliveries.page(expected, limit=10)
    return delivery


async def test_a_new_endpoint_gets_a_ping_whatever_its_subscription() -> None:
    receiver = Receiver()
    async with open_sandbox(receiver) as sandbox:
        endpoint = await sandbox.add_endpoint("http://a.test/x", event_types=["task.created"])
        await sandbox.dispatcher.settle()

    [request] = receiver.requests
    body = json.loads(request.content)
    assert list(body) == ["id", "type", "created_at", "data"]
    assert (body["type"], body["created_at"]) == ("webhook.ping", "2026-01-01T00:00:00.000Z")
    assert body["data"] == {"endpoint_id": endpoint.id, "mode": "test"}


async def test_a_request_has_only_the_documented_headers() -> None:
    receiver = Receiver()
    async with open_sandbox(receiver) as sandbox:
        endpoint = await sandbox.add_endpoint("http://a.test:81/x?y=1")
        await sandbox.dispatcher.settle()

    [request] = receiver.requests
    assert [name.decode() for name, _ in request.headers.raw] == [
        *("host", "content-type", "pivotal-event", "pivotal-delivery-id", "pivotal-signature"),
        *("user-agent", "accept", "content-length"),
    ]
    assert request.headers["host"] == "a.test:81"
    assert request.headers["content-type"] == "application/json"
    verify(
        request.content,
        request.headers["pivotal-signature"],
        endpoint.secret,
        now=MANUAL_START / 1000,
        tolerance=0,
    )


async def test_each_retry_after_a_500_is_signed_again() -> None:
    receiver = Receiver(200, 500, 500, 200)
    async with open_sandbox(receiver) as sandbox:
        endpoint = await sandbox.add_endpoint("http://a.test/")
        await sandbox.dispatcher.settle()
        triggered = await sandbox.trigger("customer.at_risk")
        made = await sandbox.advance(24 * HOUR)
        assert [attempted.attempt.number for attempted in made] == [1, 2, 3]
        delivery = await sandbox.deliveries.get(triggered.deliveries[0].id)
        attempts = await sandbox.deliveries.attempts(delivery.id)

    assert (delivery.status, delivery.attempt_count) == ("delivered", 3)
    requests = receiver.requests[1:]
    assert {request.headers["pivotal-delivery-id"] for request in requests} == {delivery.id}
    assert {request.content for request in requests} == {triggered.event.body}
    signatures = [request.headers["pivotal-signature"] for request in requests]
    for signature, attempt in zip(signatures, attempts, strict=True):
        assert f",t={attempt.started_at // 1000}," in signature
        verify(triggered.event.body, signature, endpoint.secret, now=attempt.started_at / 1000)
    assert len(set(signatures)) == 3


async def test_a_400_is_not_retried() -> None:
    receiver = Receiver(200, 400)
    async with open_sandbox(receiver) as sandbox:
        await sandbox.add_endpoint("http://a.test/")
        await sandbox.dispatcher.settle()
        await sandbox.trigger("customer.updated")
        await sandbox.advance(48 * HOUR)
        delivery = await the_only_delivery(sandbox, DeliveryFilter(event_type="customer.updated"))

    assert (delivery.status, delivery.attempt_count, delivery.last_status_code) == (
        "failed",
        1,
        400,
    )


async def test_a_receiver_that_is_down_gets_15_attempts_the_last_24_h_after_the_first() -> None:
    async with open_sandbox(Receiver(503)) as sandbox:
        await sandbox.add_endpoint("http://a.test/")
        await sandbox.advance(24 * HOUR - 1)
        assert (await the_only_delivery(sandbox)).status == "retrying"
        await sandbox.advance(1)
        delivery = await the_only_delivery(sandbox)
        attempts = await sandbox.deliveries.attempts(delivery.id)

    assert (delivery.status, delivery.attempt_count) == ("failed", 15)
    assert attempts[-1].started_at == attempts[0].started_at + 24 * HOUR
    assert delivery.completed_at == MANUAL_START + 24 * HOUR
    waits = [b.started_at - a.started_at for a, b in itertools.pairwise(attempts)]
    for wait, base in zip(waits[:9], [30 * SECOND << n for n in range(9)], strict=True):
        assert base <= wait <= base * 1.1
    for wait in waits[9:13]:
        assert 4 * HOUR <= wait <= 4.4 * HOUR


async def test_a_timeout_is_retried() -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, Sandbox(clock=Clock.manual(), timeout=150) as sandbox:
        await sandbox.add_endpoint(f"http://127.0.0.1:{port}/")
        await sandbox.dispatcher.settle()
        delivery = await the_only_delivery(sandbox)
        [attempt] = await sandbox.deliveries.attempts(delivery.id)

    assert (delivery.status, attempt.outcome.error) == ("retrying", "timeout")
    assert attempt.outcome.timing.total_ms >= 150


async def test_a_refused_connection_is_retried(unused_port: int) -> None:
    async with Sandbox(clock=Clock.manual()) as sandbox:
        await sandbox.add_endpoint(f"http://127.0.0.1:{unused_port}/")
        await sandbox.dispatcher.settle()
        delivery = await the_only_delivery(sandbox)
        [attempt] = await sandbox.deliveries.attempts(delivery.id)

    assert (delivery.status, attempt.outcome.error) == ("retrying", "connection_refused")


@pytest.fixture
async def unused_port() -> int:
    server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return port


async def test_a_blocked_address_is_not_retried() -> None:
    async with Sandbox(clock=Clock.manual()) as sandbox:
        await sandbox.add_endpoint("http://192.0.2.1/")
        await sandbox.dispatcher.settle()
        delivery = await the_only_delivery(sandbox)
        [attempt] = await sandbox.deliveries.attempts(delivery.id)

    assert (delivery.status, attempt.outcome.error) == ("failed", "blocked")
    assert "--allow-host" in str(attempt.outcome.detail)


async def test_retries_use_the_old_url_and_replays_the_new_one() -> None:
    receiver = Receiver(200, 503)
    async with open_sandbox(receiver) as sandbox:
        endpoint = await sandbox.add_endpoint("http://old.test/")
        await sandbox.dispatcher.settle()
        old = (await sandbox.trigger("customer.churned")).deliveries[0]
        await sandbox.dispatcher.settle()
        await sandbox.update_endpoint(endpoint.id, url="http://new.test/")
        await sandbox.advance(MINUTE)
        [replay] = await sandbox.replay([old.id])
        await sandbox.dispatcher.settle()

    _, first, retry, replayed = receiver.requests
    assert [request.url.host for request in (first, retry, replayed)] == [
        *("old.test", "old.test", "new.test")
    ]
    assert first.content == retry.content == replayed.content
    assert retry.headers["pivotal-delivery-id"] == old.id
    assert replayed.headers["pivotal-delivery-id"] == replay.id != old.id
    assert replay.replay_of == old.id


async def test_events_only_go_to_endpoints_of_their_mode() -> None:
    receiver = Receiver()
    async with open_sandbox(receiver) as sandbox:
        await sandbox.add_endpoint("http://test.test/")
        live = await sandbox.add_endpoint("http://live.test/", mode="live")
        await sandbox.dispatcher.settle()
        receiver.requests.clear()
        for mode in ("test", "live"):
            await sandbox.trigger("customer.created", mode=mode)
        await sandbox.dispatcher.settle()
        with pytest.raises(Conflict, match="is a live one"):
            await sandbox.trigger("customer.created", mode="test", endpoint_id=live.id)

    assert [request.url.host for request in receiver.requests] == ["test.test", "live.test"]


async def test_an_endpoint_gets_what_it_subscribed_to_and_a_field_filter_narrows_updates() -> None:
    receiver = Receiver()
    async with open_sandbox(receiver) as sandbox:
        await sandbox.add_endpoint(
            "http://a.test/",
            event_types=["customer.updated", "customer.at_risk"],
            field_filter=["health"],
        )
        await sandbox.dispatcher.settle()
        receiver.requests.clear()
        await sandbox.trigger("customer.updated", set={"name": "Ørsted & Søn"})
        await sandbox.trigger("customer.created")
        await sandbox.trigger("customer.at_risk")
        await sandbox.trigger("customer.updated", set={"health": "at_risk"})
        await sandbox.dispatcher.settle()

    assert sorted(receiver.header("pivotal-event")) == ["customer.at_risk", "customer.updated"]


@pytest.mark.parametrize("deleted", [True, False])
async def test_pending_deliveries_of_a_deleted_endpoint_are_cancelled_and_stay_in_the_log(
    deleted: bool,
) -> None:
    receiver = Receiver(503)
    async with open_sandbox(receiver) as sandbox:
        endpoint = await sandbox.add_endpoint("http://a.test/")
        await sandbox.dispatcher.settle()
        if deleted:
            await sandbox.delete_endpoint(endpoint.id)
        else:
            await sandbox.update_endpoint(endpoint.id, enabled=False)
        await sandbox.advance(24 * HOUR)
        delivery = await the_only_delivery(sandbox)
        assert (delivery.status, delivery.next_attempt_at) == ("cancelled", None)
        with pytest.raises(Conflict, match="deleted" if deleted else "disabled"):
            await sandbox.replay([delivery.id])
        with pytest.raises(NotFound if deleted else Conflict):
            await sandbox.ping(endpoint.id)
        assert (await sandbox.trigger("task.created")).deliveries == ()

    assert len(receiver.requests) == 1


async def test_both_secrets_sign_during_a_rotation() -> None:
    receiver = Receiver()
    async with open_sandbox(receiver) as sandbox:
        old = await sandbox.add_endpoint("http://a.test/")
        new = await sandbox.rotate_secret(old.id, HOUR)
        await sandbox.trigger("task.created")
        await sandbox.advance(HOUR)
        await sandbox.trigger("task.created")
        await sandbox.dispatcher.settle()

    during, after = receiver.requests[1:]
    for secret in (old.secret, new.secret):
        verify(
            during.content,
            during.headers["pivotal-signature"],
            secret,
            now=MANUAL_START / 1000,
        )
    assert during.headers["pivotal-signature"].count("sig=") == 2
    assert after.headers["pivotal-signature"].count("sig=") == 1


async def test_a_replay_with_an_unknown_delivery_sends_none() -> None:
    receiver = Receiver()
    async with open_sandbox(receiver) as sandbox:
        await sandbox.add_endpoint("http://a.test/")
        await sandbox.dispatcher.settle()
        known = await the_only_delivery(sandbox)
        with pytest.raises(NotFound, match="msg_nowhere") as caught:
            await sandbox.replay([known.id, "msg_nowhere"])
        assert caught.value.pointer == "/ids/1"
        await sandbox.dispatcher.settle()

    assert len(receiver.requests) == 1


async def test_the_same_seed_sends_the_same_bytes() -> None:
    async def traffic(seed: int) -> list[tuple[str, bytes, object]]:
        receiver = Receiver(200, 503, 200)
        async with open_sandbox(receiver, seed=seed) as sandbox:
            await sandbox.add_endpoint("http://a.test/")
            for event_type in sandbox.catalog:
                if event_type.name != "webhook.ping":
                    await sandbox.trigger(event_type.name)
                    await sandbox.advance(HOUR)
        return [(str(r.url), r.content, r.headers.raw) for r in receiver.requests]

    first = await traffic(7)
    assert first == await traffic(7)
    assert len(first) == 22
    assert first != await traffic(8)


async def test_open_deliveries_continue_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.db"
    async with open_sandbox(Receiver(503), path) as sandbox:
        endpoint = await sandbox.add_endpoint("http://a.test/")
        await sandbox.advance(HOUR)
        before = await the_only_delivery(sandbox)

    receiver = Receiver()
    async with open_sandbox(
        receiver, path, clock=Clock.manual(MANUAL_START + 30 * MINUTE)
    ) as sandbox:
        assert sandbox.clock.now() >= before.created_at + 30 * MINUTE
        assert sandbox.endpoints.get(endpoint.id) == endpoint
        await sandbox.advance(4 * HOUR)
        after = await the_only_delivery(sandbox)

    assert before.status == "retrying"
    assert (after.status, after.attempt_count) == ("delivered", before.attempt_count + 1)
    assert receiver.header("pivotal-delivery-id") == [before.id]


async def test_records_survive_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.db"
    async with open_sandbox(Receiver(), path) as sandbox:
        created = json.loads((await sandbox.trigger("customer.created")).event.body)["data"]

    async with open_sandbox(Receiver(), path, seed=8) as sandbox:
        updated = json.loads(
            (await sandbox.trigger("customer.updated", set={"name": "Nové s.r.o."})).event.body
        )["data"]

    assert updated["id"] == created["id"]
    assert updated["name"] == "Nové s.r.o."


async def test_deliveries_older_than_90_days_are_deleted() -> None:
    async with open_sandbox(Receiver()) as sandbox:
        endpoint = await sandbox.add_endpoint("http://a.test/")
        await sandbox.advance(89 * DAY)
        assert (await the_only_delivery(sandbox)).event_type == "webhook.ping"
        await sandbox.trigger("task.created", endpoint_id=endpoint.id)
        await sandbox.advance(2 * DAY)
        assert (await the_only_delivery(sandbox)).event_type == "task.created"


async def test_advancing_by_a_negative_duration_is_refused() -> None:
    async with open_sandbox(Receiver()) as sandbox:
        with pytest.raises(InputError, match="does not go back"):
            await sandbox.advance(-1)


async def test_invalid_input_stores_nothing() -> None:
    async with open_sandbox(Receiver()) as sandbox:
        for url in ("ftp://a.test/", "", "http://", "a.test"):
            with pytest.raises(InputError) as caught:
                await sandbox.add_endpoint(url)
            assert caught.value.pointer == "/url"
        with pytest.raises(InputError, match=r"customer\.created"):
            await sandbox.add_endpoint("http://a.test/", event_types=["customer.createt"])
        with pytest.raises(NotFound, match=r"customer\.at_risk"):
            await sandbox.trigger("customer.atrisk")
        with pytest.raises(InputError, match="health"):
            await sandbox.trigger("customer.updated", set={"healht": "at_risk"})
        with pytest.raises(InputError, match="name it"):
            await sandbox.trigger("webhook.ping")
        assert sandbox.endpoints.all() == []
        assert await sandbox.deliveries.page(ALL, limit=1) == ([], None)
        assert await sandbox.captures.page(CaptureFilter(), limit=1) == ([], None)
