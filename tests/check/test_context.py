"""Events and requests that checks are made of."""

import json
from typing import Any

import pytest
from tests.check.test_session import Counts, Script

from pivotal_sandbox import SignatureError, verify
from pivotal_sandbox.check.context import CheckContext
from pivotal_sandbox.check.options import CheckOptions, Waits
from pivotal_sandbox.check.request import CheckRequest
from pivotal_sandbox.check.session import Session, Settings

SECRET = "whsec_context"
OPTIONS = CheckOptions(timeout=1.0, waits=Waits(quiet_ms=0))
NOW = 1_795_000_000_000


def make_context(
    seed: int = 1, client: Script | None = None, probe: Counts | None = None
) -> CheckContext:
    settings = Settings("http://127.0.0.1:1/hooks", SECRET, seed, OPTIONS)
    return CheckContext(
        Session(settings, client or Script(200), NOW, probe), "valid-accepted", "first"
    )


def signature(request: CheckRequest) -> str:
    lines = request.head.decode("latin-1").split("\r\n")
    return next(line.partition(": ")[2] for line in lines if line.startswith("pivotal-signature"))


def test_events_are_compact_ascii_and_have_unique_ids() -> None:
    first, second = make_context().new_event(), make_context(2).new_event()
    assert first.body.isascii()
    body = json.loads(first.body)
    assert json.dumps(body, separators=(",", ":")).encode() == first.body
    assert body["id"] == first.id != second.id
    assert body["data"]["id"] != json.loads(second.body)["data"]["id"]
    assert body["type"] == "customer.at_risk"


def test_seed_determines_the_ids() -> None:
    assert make_context(7).new_event() == make_context(7).new_event()
    assert make_context(7).new_delivery_id() == make_context(7).new_delivery_id()


def test_event_can_be_edited_and_have_any_type() -> None:
    def edit(record: dict[str, Any]) -> None:
        record["name"] = "Edited"

    assert json.loads(make_context().new_event(edit=edit).body)["data"]["name"] == "Edited"
    assert json.loads(make_context().new_event("no.such_type").body)["type"] == "no.such_type"
    assert json.loads(make_context().new_event(created_at=0).body)["created_at"].startswith(
        "1970-01-01"
    )


def test_genuine_request_is_signed_now_and_forged_request_is_marked() -> None:
    context = make_context()
    genuine, forged = (
        context.build_genuine("a", context.new_event()),
        context.build_forged("b", context.new_event()),
    )
    for request in (genuine, forged):
        verify(request.body, signature(request), SECRET)
    assert (genuine.genuine, forged.genuine) == (True, False)


def test_resigned_request_has_the_given_signature() -> None:
    context = make_context()
    request = context.build_resigned("x", lambda body, t: f"{len(body)}.{t}", t=5)
    assert signature(request) == f"v1,t=5,sig={len(request.body)}.5"
    with pytest.raises(SignatureError):
        verify(request.body, signature(request), SECRET)


async def test_timeout_ends_a_series_of_requests() -> None:
    context = make_context(client=Script(200, 401, "timeout", 200))
    await context.send(context.build_genuine("first", context.new_event()))
    answers = await context.send_all(
        context.build_genuine("x", context.new_event()) for _ in range(5)
    )
    assert [answer.failure for answer in answers] == [None, "timeout"]


async def test_effects_are_counted_per_event() -> None:
    context = make_context(probe=Counts(1))
    assert context.has_probe
    assert await context.count_effects(context.new_event(), context.new_event()) == [1, 1]
    assert await context.has_effect(context.new_event())
    assert not make_context().has_probe
