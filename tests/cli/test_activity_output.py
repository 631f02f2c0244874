import json

import click

from pivotal_sandbox.cli.activity_output import json_line, text_line
from pivotal_sandbox.domain.models import Attempt, Delivery, Outcome, Response, Timing
from pivotal_sandbox.feed import Attempted

DELIVERY = Delivery(
    id="msg_1",
    event_id="evt_1",
    event_type="customer.at_risk",
    endpoint_id="ep_1",
    mode="test",
    url="http://127.0.0.1:8000/",
    created_at=1_800_000_000_000,
    status="delivered",
    attempt_count=1,
)
OUTCOME = Outcome(Timing(12.4), Response(200, (("x-name", "Zoë"),), b"\xff"))
ATTEMPT = Attempt("msg_1", 1, 1_800_000_000_000, (("accept", "*/*"),), OUTCOME)
VALID = "Signature valid, 0 s old."


def test_people_get_a_line() -> None:
    line = click.unstyle(text_line(Attempted(DELIVERY, ATTEMPT, VALID)))
    assert line == f"01-15 08:00:00  customer.at_risk       200    12 ms  {VALID}"


def test_programs_get_what_the_api_shows_and_the_verdict() -> None:
    shown = json.loads(json_line(Attempted(DELIVERY, ATTEMPT, None)))
    assert (shown["type"], shown["verdict"]) == ("attempt", None)
    assert shown["delivery"]["id"] == "msg_1"
    assert (shown["number"], shown["status_code"], shown["duration_ms"]) == (1, 200, 12.4)
    assert shown["response"]["headers"] == [["x-name", "Zoë"]]
