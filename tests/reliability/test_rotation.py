"""A secret is rotated, and a receiver that verifies by itself lives through it."""

import base64
import hashlib
import hmac
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx
import pytest

from pivotal_sandbox.clock import Clock
from pivotal_sandbox.common.durations import DAY, HOUR, MINUTE
from pivotal_sandbox.domain.models import Endpoint
from pivotal_sandbox.sandbox.sandbox import Sandbox


@dataclass
class Receiver:
    """A customer's handler with one secret, written without any of our code."""

    secret: str = ""
    is_down: bool = False
    verdicts: list[int] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        header = request.headers["pivotal-signature"]
        t = header.split("t=")[1].split(",")[0]
        sigs = [part[4:] for part in header.split(",") if part.startswith("sig=")]
        digest = hmac.new(self.secret.encode(), f"{t}.".encode() + request.content, hashlib.sha256)
        genuine = base64.b64encode(digest.digest()).decode() in sigs
        self.counts.append(len(sigs))
        self.verdicts.append(503 if self.is_down else 200 if genuine else 401)
        return httpx.Response(self.verdicts[-1])


@dataclass
class Stage:
    """A sandbox on a clock that stands still, one endpoint, and the receiver behind it."""

    sandbox: Sandbox
    endpoint: Endpoint
    receiver: Receiver

    async def verdicts(self) -> list[int]:
        """Return what the receiver made of an event of now."""
        self.receiver.verdicts.clear()
        await self.sandbox.trigger("task.created")
        await self.sandbox.dispatcher.settle()
        return self.receiver.verdicts


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    receiver = Receiver()
    transport = httpx.MockTransport(receiver)
    async with Sandbox(
        clock=Clock.manual(), seed=7, transport=transport, sign_time="sandbox"
    ) as sandbox:
        endpoint = await sandbox.add_endpoint("http://a.test/")
        receiver.secret = endpoint.secret
        await sandbox.dispatcher.settle()
        receiver.counts.clear()
        yield Stage(sandbox, endpoint, receiver)


async def test_within_the_overlap_both_secrets_hold_and_after_it_only_the_new_one(
    stage: Stage,
) -> None:
    old = stage.endpoint.secret
    new = (await stage.sandbox.rotate_secret(stage.endpoint.id)).secret
    for secret in (old, new):
        stage.receiver.secret = secret
        assert await stage.verdicts() == [200]
    await stage.sandbox.advance(DAY - 1)
    for secret in (old, new):
        stage.receiver.secret = secret
        assert await stage.verdicts() == [200]
    assert stage.receiver.counts == [2, 2, 2, 2]
    await stage.sandbox.advance(1)
    assert await stage.verdicts() == [200]
    stage.receiver.secret = old
    assert await stage.verdicts() == [401]
    assert stage.receiver.counts[-2:] == [1, 1]


async def test_a_retry_under_way_is_signed_by_the_secrets_of_its_moment(stage: Stage) -> None:
    stage.receiver.is_down = True
    triggered = await stage.sandbox.trigger("task.created")
    await stage.sandbox.advance(MINUTE)
    assert stage.receiver.counts == [1, 1]
    new = (await stage.sandbox.rotate_secret(stage.endpoint.id, HOUR)).secret
    await stage.sandbox.advance(10 * MINUTE)
    assert set(stage.receiver.counts[2:]) == {2}
    stage.receiver.secret = new
    stage.receiver.is_down = False
    stage.receiver.counts.clear()
    await stage.sandbox.advance(DAY)
    assert stage.receiver.counts == [2]
    delivery = await stage.sandbox.deliveries.get(triggered.deliveries[0].id)
    assert delivery.status == "delivered"
    attempts = await stage.sandbox.deliveries.attempts(delivery.id)
    headers = [dict(attempt.request_headers)["pivotal-signature"] for attempt in attempts]
    assert [header.count("sig=") for header in headers] == [1, 1, *[2] * (len(headers) - 2)]


async def test_a_retry_after_the_overlap_is_refused_by_who_kept_the_old_secret(
    stage: Stage,
) -> None:
    stage.receiver.is_down = True
    triggered = await stage.sandbox.trigger("task.created")
    await stage.sandbox.rotate_secret(stage.endpoint.id, 2 * HOUR)
    await stage.sandbox.advance(2 * HOUR)
    stage.receiver.is_down = False
    await stage.sandbox.advance(DAY)
    delivery = await stage.sandbox.deliveries.get(triggered.deliveries[0].id)
    assert (delivery.status, delivery.last_status_code) == ("failed", 401)


async def test_two_rotations_in_one_overlap_leave_the_two_newest_secrets(stage: Stage) -> None:
    oldest = stage.endpoint.secret
    middle = (await stage.sandbox.rotate_secret(stage.endpoint.id)).secret
    newest = (await stage.sandbox.rotate_secret(stage.endpoint.id)).secret
    verdicts = {}
    for secret in (oldest, middle, newest):
        stage.receiver.secret = secret
        verdicts[secret] = [*await stage.verdicts()]
    assert verdicts == {oldest: [401], middle: [200], newest: [200]}


async def test_without_an_overlap_the_old_secret_is_refused_at_once(stage: Stage) -> None:
    await stage.sandbox.rotate_secret(stage.endpoint.id, 0)
    assert await stage.verdicts() == [401]
    assert stage.receiver.counts == [1]


async def test_the_rehearsal_of_a_rotation_is_right_for_who_has_the_secret(stage: Stage) -> None:
    await stage.sandbox.trigger("task.created", fault="rotated-secret")
    await stage.sandbox.dispatcher.settle()
    assert (stage.receiver.verdicts[-1], stage.receiver.counts) == (200, [2])
