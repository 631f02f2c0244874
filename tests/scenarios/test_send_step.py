"""The request that a `send` step gives: its bytes, its headers, its signature."""

import httpx
import pytest
from tests.scenarios.running import story, telling

from pivotal_sandbox.domain.models import Request
from pivotal_sandbox.domain.retry_policy import USER_AGENT
from pivotal_sandbox.scenarios.executor import build_send_request
from pivotal_sandbox.scenarios.steps import Send
from pivotal_sandbox.scenarios.transcript import Sent
from pivotal_sandbox.signature import sign, verify

EVENT = '{"id":"evt_1", "type":"task.updated"}'


def request(send: Send) -> Request:
    return build_send_request(
        send, url="http://127.0.0.1:8400/in/app", secrets=["s"], timestamp=7, delivery_id="msg_1"
    )


def test_without_headers_it_is_a_delivery_signed_now() -> None:
    made = request(Send(to="app", body=EVENT))
    assert made.body == EVENT.encode()
    assert made.headers == (
        ("host", "127.0.0.1:8400"),
        ("content-type", "application/json"),
        ("pivotal-event", "task.updated"),
        ("pivotal-delivery-id", "msg_1"),
        ("pivotal-signature", sign(EVENT.encode(), "s", timestamp=7)),
        ("user-agent", USER_AGENT),
        ("accept", "*/*"),
        ("content-length", str(len(EVENT))),
    )


HEADERS = (
    ("X-First", "1"),
    ("Host", "elsewhere:1"),
    ("Connection", "keep-alive"),
    ("Transfer-Encoding", "chunked"),
    ("Pivotal-Signature", "v1,t=1,sig=x"),
    ("pivotal-signature", "v1,t=2,sig=y"),
    ("x-first", "2"),
)


def test_given_headers_go_out_as_they_are_but_for_those_of_the_connection() -> None:
    made = request(Send(to="app", headers=HEADERS, body_base64="AP8=", path="/below?x=1"))
    assert made.url == "http://127.0.0.1:8400/in/app/below?x=1"
    assert made.body == b"\x00\xff"
    assert made.headers == (
        ("X-First", "1"),
        ("Host", "127.0.0.1:8400"),
        ("Pivotal-Signature", "v1,t=1,sig=x"),
        ("pivotal-signature", "v1,t=2,sig=y"),
        ("x-first", "2"),
        ("content-length", "2"),
    )


def test_the_signature_among_given_headers_can_be_made_anew() -> None:
    made = request(Send(to="app", headers=HEADERS, body="x", sign=True))
    names = [name for name, _ in made.headers]
    assert names == ["X-First", "Host", "Pivotal-Signature", "x-first", "content-length"]
    verify(b"x", dict(made.headers)["Pivotal-Signature"], "s", now=7)


def test_what_is_missing_among_given_headers_is_added() -> None:
    made = request(Send(to="app", headers=(), sign=True, method="GET"))
    assert [name for name, _ in made.headers] == ["host", "pivotal-signature"]
    assert request(Send(to="app", headers=(), method="POST")).headers[-1] == ("content-length", "0")


async def test_captured_traffic_comes_again_byte_for_byte() -> None:
    """What was captured once, written as steps, is captured once more: as it was, in its order."""
    told = await telling(
        story(
            """
[[steps]]
[steps.send]
to = "app"
as = "one"
headers = [["X-A", "1"], ["x-a", "ü"], ["pivotal-event", "task.updated"]]
body_base64 = "AP/+"
[[steps]]
expect_captures = { of = "one", type = "task.updated", verified = false, count = 1 }
[[steps]]
advance = "1s250ms"
[[steps]]
send = { to = "app", as = "two", body = '{"id":"evt_9","type":"task.updated"}' }
[[steps]]
expect_captures = { of = "two", type = "task.updated", verified = true, events = 1, count = 1 }
[[steps]]
[steps.send]
to = "app"
as = "three"
method = "PUT"
headers = []
sign = true
path = "/deeper"
body = "x"
[[steps]]
expect_answer = { of = "three", code = 200 }
"""
        )
    )
    assert told.failed == []
    sent = [entry for entry in told.entries if isinstance(entry, Sent)]
    assert [entry.request.body for entry in sent][::2] == [b"\x00\xff\xfe", b"x"]
    assert sent[1].at - sent[0].at == 1250
    assert httpx.URL(sent[2].request.url).path == "/in/app/deeper"


@pytest.mark.parametrize(
    ("start", "anew", "holds"),
    [
        ("2027-01-15T08:00:00Z", "false", True),
        ("2026-01-05T09:00:00Z", "false", False),
        ("2026-01-05T09:00:00Z", "true", True),
    ],
)
async def test_an_old_signature_holds_at_its_own_time_or_made_anew(
    start: str, anew: str, holds: bool
) -> None:
    header = sign(b"x", "whsec_x", timestamp=1_800_000_000)
    told = await telling(
        story(
            f"""
[[steps]]
[steps.send]
to = "app"
as = "old"
sign = {anew}
headers = [["pivotal-signature", "{header}"]]
body = "x"
[[steps]]
expect_captures = {{ of = "old", verified = true, count = 1 }}
""",
            f'start = "{start}"\n[endpoints.app]\nsecret = "whsec_x"',
        )
    )
    assert (told.failed == []) is holds
