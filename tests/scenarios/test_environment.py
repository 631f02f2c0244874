"""The sandbox of a story's own."""

from pathlib import Path

import pytest
from tests.load.receiver import NO_CONTENT, answering
from tests.scenarios.running import story, telling

from pivotal_sandbox.clock import MANUAL_START, wall_time
from pivotal_sandbox.errors import InputError, SignatureError
from pivotal_sandbox.faults.registry import FAULTS
from pivotal_sandbox.scenarios.environment import has_transport_fault, scenario_clock, uses_user_url
from pivotal_sandbox.scenarios.executor import Receiver
from pivotal_sandbox.scenarios.transcript import AttemptMade
from pivotal_sandbox.signature import verify

FAULTY = """
[[steps]]
trigger = {{ type = "task.updated", fault = "{fault}", as = "spoilt" }}
[[steps]]
expect_captures = {{ of = "spoilt", count = 1 }}
"""


def test_the_clock_of_a_story_stands_still_at_its_start() -> None:
    told = story('[[steps]]\nsay = "x"', 'start = "2026-01-05T09:00:00Z"')
    assert scenario_clock(told).now() == 1_767_603_600_000
    assert scenario_clock(story('[[steps]]\nsay = "x"')).now() == MANUAL_START
    assert scenario_clock(told).mode == "manual"


def test_only_what_is_spoilt_on_the_way_needs_a_socket() -> None:
    for fault in FAULTS:
        told = story(FAULTY.format(fault=fault.name))
        assert has_transport_fault(told) == (fault.group == "transport")


@pytest.mark.parametrize("fault", ["chunked-body", "abort-before-response"])
async def test_a_fault_of_the_transport_is_done_over_a_socket(fault: str) -> None:
    told = await telling(FAULTY.format(fault=fault))
    assert told.failed == []
    tried = [entry for entry in told.entries if isinstance(entry, AttemptMade)]
    assert (fault == "chunked-body") == tried[-1].attempted.attempt.outcome.ok


async def test_a_receiver_of_the_users_is_sent_signatures_of_its_own_time() -> None:
    refused = []

    async def verifying(head: bytes, body: bytes) -> bytes:
        signature = head.decode().partition("pivotal-signature: ")[2].partition("\r\n")[0]
        try:
            verify(body, signature, "whsec_x", now=wall_time())
        except SignatureError as error:
            refused.append(error.reason)
        return NO_CONTENT

    steps = '[[steps]]\nadvance = "30d"\n[[steps]]\ntrigger = "task.updated"'
    async with answering(verifying) as url:
        mine = f'[endpoints.mine]\nurl = "{url}"\nsecret = "whsec_x"'
        told = [
            await telling(story(steps, mine)),
            await telling(steps, receiver=Receiver(url, "whsec_x")),
        ]
    assert [run.summary.attempts for run in told] == [2, 2]
    assert refused == []


def test_an_endpoint_may_come_to_lead_to_a_url() -> None:
    moved = '[[steps]]\nendpoint = { name = "app", url = "http://127.0.0.1:1" }'
    assert uses_user_url(story(moved))
    assert not uses_user_url(story('[[steps]]\nendpoint = { name = "app", enabled = false }'))


async def test_what_is_not_allowed_is_not_reached() -> None:
    endpoints = '[endpoints.far]\nurl = "http://192.0.2.1/hook"'
    told = await telling(story('[[steps]]\nsay = "x"', endpoints))
    assert "blocked  failed for good" in told.text


async def test_the_catalog_may_be_the_users_own(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        await telling('[[steps]]\nsay = "x"', catalog=tmp_path / "none.json")
