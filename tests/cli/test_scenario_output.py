"""A story in lines for people, and in JSON for programs."""

import json

import click
import pytest
from tests.scenarios.running import story, telling

from pivotal_sandbox.cli.scenario_output import Transcript, json_of, lines_of
from pivotal_sandbox.scenarios.transcript import Narration, Summary

STEPS = """
[[steps]]
say = "A burst."
trigger = { type = "task.updated", fault = "burst", as = "burst" }
[[steps]]
expect_captures = { of = "burst", events = 20, count = 20 }
[[steps]]
trigger = { type = "task.updated", fault = "wrong-secret" }
[[steps]]
bin = { name = "app", behaviour = [{ reset = true }] }
[[steps]]
send = { to = "app", headers = [], body = "x", as = "hand" }
[[steps]]
expect_answer = { of = "hand", code = 200 }
[[steps]]
replay = "burst"
"""


async def test_what_is_the_same_in_a_row_is_one_line() -> None:
    told = await telling(STEPS)
    assert told.lines[3:8] == [
        "01-01 00:00:00  A burst.",
        "01-01 00:00:00  trigger task.updated with the fault burst",
        "01-01 00:00:00  → task.updated           app  200  delivered (burst)  × 20",
        "01-01 00:00:00  ✓ 20 requests of the step burst, 20 events in all",
        "01-01 00:00:00  trigger task.updated with the fault wrong-secret",
    ]
    assert "Signature does not match" in told.lines[8]
    assert told.lines[8].endswith("(wrong-secret)")
    assert "01-01 00:00:00  → POST  app  connection_reset  to be retried · app" in told.text


async def test_json_has_everything_and_nothing_of_this_machine() -> None:
    told = await telling(STEPS)
    lines = [json.loads(json.dumps(line)) for line in told.json]
    assert {line["type"] for line in lines} == {
        *("step", "event", "attempt", "said", "request", "expectation", "summary")
    }
    [first] = [line for line in lines if line["type"] == "attempt"][:1]
    assert first["endpoint"] == "app"
    assert first["status_code"] == 200
    assert first["delivery"]["status"] == "delivered"
    assert not {"duration_ms", "first_byte_ms"} & first.keys()
    assert "last_duration_ms" not in first["delivery"]
    [event] = [line for line in lines if line["type"] == "event"][:1]
    assert event["event"]["body"]["type"] == "webhook.ping"
    assert lines[-1]["type"] == "summary"
    assert lines[-1]["ok"] is False
    [judged] = [line for line in lines if line["type"] == "expectation" and not line["ok"]]
    assert (judged["line"], judged["observed"]) == (16, "connection_reset")


@pytest.mark.parametrize(
    ("held", "failed", "skipped", "said"),
    [
        (0, 0, 0, "✓ Nothing was expected."),
        (1, 0, 0, "✓ It holds."),
        (3, 0, 2, "✓ All 3 expectations hold, 2 skipped."),
        (2, 1, 0, "✗ 1 expectation of 3 failed."),
    ],
)
def test_the_end_says_what_holds(held: int, failed: int, skipped: int, said: str) -> None:
    lines = lines_of(Summary(0, held, failed, skipped, 1, 2, 3, 3_600_000))
    assert click.unstyle(lines[-1]) == f"{said} 1 event, 2 deliveries, 3 attempts in 1h."


def test_what_a_stranger_wrote_does_not_reach_the_terminal_as_it_is() -> None:
    [_, line] = lines_of(Narration(0, "a\x1b[31mb"))
    assert "\x1b[31m" not in line


async def test_what_nobody_wants_and_what_is_skipped_is_said() -> None:
    told = await telling(
        story('[[steps]]\ntrigger = "task.updated"', '[endpoints.app]\nevents = ["task.created"]')
    )
    assert "01-01 00:00:00    task.updated           no endpoint wants it" in told.lines
    assert Transcript().rest() == []
    assert json_of(Narration(0, "x")) == {
        "type": "said",
        "at": "1970-01-01T00:00:00.000Z",
        "text": "x",
    }
