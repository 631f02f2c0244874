"""How a story is told: what is done, what came of it, what holds, and what a receiver changes."""

import re

import pytest
from tests.load.receiver import answering
from tests.scenarios.running import story, telling

from pivotal_sandbox.errors import InputError
from pivotal_sandbox.scenarios.executor import Receiver
from pivotal_sandbox.scenarios.transcript import (
    AttemptMade,
    Done,
    ExpectationChecked,
    Fired,
    Narration,
)

HOLDS = """
[[steps]]
say = "A customer signs."
create = { object = "customer", set = { name = "Acme" }, as = "acme" }
[[steps]]
expect_deliveries = { of = "acme", status = "delivered", count = 1 }
"""


async def test_what_happens_is_told_in_order() -> None:
    told = await telling(HOLDS)
    kinds = [type(entry) for entry in told.entries[:-1]]
    assert kinds == [
        Done,
        Fired,
        AttemptMade,
        Narration,
        Done,
        Fired,
        AttemptMade,
        ExpectationChecked,
    ]
    assert told.lines == [
        "01-01 00:00:00  endpoint app wants every type, at bin app",
        "01-01 00:00:00  → webhook.ping           app  200  delivered",
        "",
        "01-01 00:00:00  A customer signs.",
        '01-01 00:00:00  create customer acme: name "Acme"',
        "01-01 00:00:00  → customer.created       app  200  delivered",
        "01-01 00:00:00  ✓ 1 delivery of the step acme: delivered",
        "",
        "✓ It holds. 2 events, 2 deliveries, 2 attempts in 0s.",
    ]


async def test_what_does_not_hold_is_told_with_what_there_is_and_its_line() -> None:
    told = await telling(HOLDS.replace("count = 1", "count = 2"))
    assert not told.summary.ok
    assert told.lines[6:] == [
        "01-01 00:00:00  ✗ story.toml, line 8",
        "                  expected  2 deliveries of the step acme: delivered",
        "                  observed  1 × delivered, 1 attempt, 200",
        "",
        "✗ 1 expectation of 1 failed. 2 events, 2 deliveries, 2 attempts in 0s.",
    ]


async def test_the_rest_is_told_after_what_does_not_hold() -> None:
    told = await telling(HOLDS.replace("count = 1", "count = 2") + '[[steps]]\nadvance = "1h"')
    assert told.summary.took == 3_600_000
    assert (told.summary.held, told.summary.failed) == (0, 1)


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (
            '[steps.create]\nobject = "customer"\nset = { helth = "at_risk" }',
            "story.toml, line 12: steps[2].create.set.helth: ",
        ),
        (
            'change = { record = "acme", set = { seats = "many" } }',
            "story.toml, line 10: steps[2].change.set.seats: ",
        ),
        (
            'change = { record = "acme", set = { owner.name = 5 } }',
            "story.toml, line 10: steps[2].change.set.owner.name: ",
        ),
        (
            'trigger = { type = "task.updated", set = { titel = "x" } }',
            "story.toml, line 10: steps[2].trigger.set.titel: ",
        ),
        (
            'create = { object = "contact", set = { name = "$acme.nam" } }',
            'story.toml, line 10: steps[2].create.set.name: "$acme.nam" leads nowhere',
        ),
    ],
)
async def test_what_cannot_be_done_is_told_with_its_place(step: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        await telling(f"{HOLDS}[[steps]]\n{step}")
    assert str(caught.value).startswith(said)


EXPECTED: list[tuple[str, str]] = [
    ('expect_events = { of = "fall", types = ["customer.updated"] }', "customer.at_risk"),
    ('expect_record = { record = "acme", has = { health = "healthy" } }', 'health "at_risk"'),
    ('expect_captures = { of = "fall", count = 3 }', "2 × verified, 1 signature, answered 200"),
    ('expect_captures = { bin = "app", type = "customer.at_risk", verified = false }', "verified"),
    ('expect_answer = { of = "hand", code = 500 }', "200"),
    ('expect_captures = { of = "hand", verified = true }', "missing_header"),
    ('expect_deliveries = { type = "customer.at_risk", endpoint = "app", count = 0 }', "1 × deli"),
]


@pytest.mark.parametrize(("expected", "observed"), EXPECTED)
async def test_each_kind_of_expectation_can_fail(expected: str, observed: str) -> None:
    told = await telling(
        f"""{HOLDS}
[[steps]]
change = {{ record = "acme", set = {{ health = "at_risk" }}, as = "fall" }}
[[steps]]
send = {{ to = "app", headers = [], body = "x", as = "hand" }}
[[steps]]
{expected}
"""
    )
    [failed] = told.failed
    assert observed in failed.judgement.observed


OUTAGE = """
[[steps]]
trigger = { type = "task.updated", as = "calm" }
[[steps]]
expect_deliveries = { of = "calm", status = "delivered", attempts = 1, code = 200 }
[[steps]]
expect_captures = { of = "calm", verified = true }
[[steps]]
bin = { name = "app", behaviour = [503, 200] }
[[steps]]
trigger = { type = "task.updated", as = "storm" }
[[steps]]
expect_deliveries = { of = "storm", status = "retrying" }
[[steps]]
expect_deliveries = { of = "storm", status = "delivered", count = 0 }
[[steps]]
send = { to = "app", body = '{"type":"x"}', as = "hand" }
[[steps]]
expect_answer = { of = "hand", code = 200 }
[[steps]]
advance = "1h"
[[steps]]
expect_deliveries = { of = "storm", status = "delivered", attempts = 2, count = 1 }
[[steps]]
expect_events = { of = "storm", types = ["task.updated"] }
"""


class Mine:
    """A receiver of the user's, which notes what it was sent."""

    def __init__(self, answer: str = "204 No Content") -> None:
        self.answer = answer
        self.requests: list[bytes] = []

    async def __call__(self, head: bytes, body: bytes) -> bytes:
        self.requests.append(head)
        return f"HTTP/1.1 {self.answer}\r\ncontent-length: 0\r\n\r\n".encode()


async def test_a_story_is_told_to_a_receiver_of_the_users_without_what_rests_on_bins() -> None:
    mine = Mine()
    async with answering(mine) as url:
        told = await telling(OUTAGE, receiver=Receiver(url, "whsec_mine"))
    assert told.failed == []
    assert [(skipped.what, skipped.why) for skipped in told.skipped] == [
        (
            "expect_captures: of calm, verified true",
            "your receiver keeps what it is sent to itself",
        ),
        ("bin app answers 503, then 200", "your receiver answers for itself"),
        (
            "expect_deliveries: of storm, status retrying",
            "it rests on how the bin answers",
        ),
        (
            "expect_deliveries: of storm, status delivered, count 0",
            "it rests on how the bin answers",
        ),
        ("expect_answer: of hand, code 200", "it rests on how the bin answers"),
    ]
    assert (told.summary.held, told.summary.skipped) == (3, 4)
    assert len(mine.requests) == 4
    assert all(b"pivotal-signature: v1,t=" in request for request in mine.requests)


async def test_a_receiver_that_refuses_fails_the_story() -> None:
    async with answering(Mine("401 Unauthorized")) as url:
        told = await telling(OUTAGE, receiver=Receiver(url, "whsec_mine"))
    assert [checked.judgement.observed for checked in told.failed] == [
        "1 × failed, 1 attempt, 401",
        "1 × failed, 1 attempt, 401",
    ]
    assert "→ POST  app  401  refused" in told.text


async def test_what_is_forged_need_not_be_taken_by_a_receiver_of_the_users() -> None:
    steps = """
[[steps]]
trigger = { type = "task.updated", fault = "wrong-secret", as = "forged" }
[[steps]]
expect_deliveries = { of = "forged", status = "delivered" }
"""
    async with answering(Mine("401 Unauthorized")) as url:
        told = await telling(steps, receiver=Receiver(url, "whsec_mine"))
    assert told.failed == []
    assert len(told.skipped) == 1


async def test_a_story_names_a_url_of_its_own() -> None:
    mine = Mine()
    async with answering(mine) as url:
        endpoints = f'[endpoints.mine]\nurl = "{url}"\nsecret = "whsec_x"\n[endpoints.app]'
        told = await telling(story(HOLDS.replace("count = 1", "count = 2"), endpoints))
    assert told.failed == []
    assert len(mine.requests) == 2
    assert f"endpoint mine wants every type, at {url}" in told.text


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        ("[{ hang = true }]", "timeout  retry in 30s · app did not answer in 10 s."),
        ("[{ reset = true }]", "connection_reset  retry in 30s · app reset the connection."),
        ('[{ delay = "11s" }]', "timeout  retry in 30s · app did not answer in 10 s."),
        ('[{ delay = "9s" }]', "200  delivered"),
        ('[{ status = 302, headers = { location = "/" } }]', "302  failed for good: not retried"),
    ],
)
async def test_however_a_bin_behaves_it_takes_no_time(behaviour: str, said: str) -> None:
    told = await telling(story('[[steps]]\nsay = "x"', f"[endpoints.app]\nbehaviour = {behaviour}"))
    [tried] = [line for line in told.lines if "→" in line]
    assert re.sub(r"retry in \d+s", "retry in 30s", tried).endswith(said)


async def test_a_story_may_speak_of_everything() -> None:
    steps = [
        'create = { object = "customer", mode = "live", as = "acme" }',
        'create = { object = "contact", mode = "live", set = { customer_id = "$acme" }, as = "c" }',
        'chaos = "5xx=100%"',
        'trigger = { type = "customer.updated", record = "acme", as = "chaotic" }',
        'expect_deliveries = { of = "chaotic", status = "retrying", endpoint = "live" }',
        'chaos = ""',
        'endpoint = { name = "live", events = ["customer.churned"], field_filter = [] }',
        'endpoint = { name = "app", enabled = false }',
        'endpoint = { name = "app", enabled = true, field_filter = ["health"] }',
        'trigger = { type = "task.updated", endpoint = "app", count = 3, as = "three" }',
        'expect_deliveries = { of = "three", count = 3 }',
        'replay = { of = "three", set = { data.title = "Again" }, as = "edited" }',
        'expect_captures = { of = "edited", verified = true, events = 3, count = 3 }',
        'delete = { record = "acme", as = "gone" }',
        'expect_record = { record = "c", has = { name = "$c.name" } }',
        'trigger = { type = "webhook.ping", endpoint = "live", as = "ping" }',
        'trigger = { type = "task.updated", data = { title = "T" }, fault = "empty-body" }',
    ]
    text = "\n".join(f"[[steps]]\n{step}" for step in steps)
    endpoints = '[endpoints.app]\n[endpoints.live]\nmode = "live"'
    told = await telling(story(text, endpoints))
    assert [checked.judgement.observed for checked in told.failed] == ["it was deleted"]
    assert "live endpoint live wants every type, at bin live" in told.text
