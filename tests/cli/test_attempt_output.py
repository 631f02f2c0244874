from typing import Any

import click
import pytest

from pivotal_sandbox.cli.attempt_output import attempt_line

DELIVERY = {"event_type": "customer.at_risk", "status": "delivered", "next_attempt_at": None}
ATTEMPT = {
    "number": 1,
    "started_at": "2026-05-24T08:00:12.345Z",
    "duration_ms": 12.4,
    "status_code": 200,
    "error": None,
    "detail": None,
}


def plain_line(
    delivery: dict[str, Any], attempt: dict[str, Any], verdict: str | None = None
) -> str:
    return click.unstyle(attempt_line({**DELIVERY, **delivery}, {**ATTEMPT, **attempt}, verdict))


@pytest.mark.parametrize(
    ("delivery", "attempt", "verdict", "tail"),
    [
        ({}, {}, "Signature valid, 0 s old.", "200    12 ms  Signature valid, 0 s old."),
        ({}, {}, None, "200    12 ms  delivered"),
        (
            {"status": "retrying", "next_attempt_at": "2026-05-24T08:00:43.357Z"},
            {"status_code": 503, "duration_ms": 1012.0},
            None,
            "503   1.01 s  retry in 30s",
        ),
        (
            {"status": "retrying", "next_attempt_at": "2026-05-24T12:00:12.345Z"},
            {"status_code": 503, "duration_ms": 0.4},
            "Signature valid, 0 s old.",
            "503   0.4 ms  retry in 4h · Signature valid, 0 s old.",
        ),
        (
            {"status": "failed"},
            {"status_code": 404},
            None,
            "404    12 ms  failed for good: not retried",
        ),
        (
            {"status": "failed"},
            {"status_code": None, "error": "timeout", "detail": "No answer.", "number": 15},
            None,
            "timeout    12 ms  failed for good after 15 attempts · No answer.",
        ),
        (
            {"status": "failed"},
            {"status_code": 410, "number": 2},
            None,
            "410    12 ms  failed for good after 2 attempts",
        ),
        (
            {"status": "retrying", "next_attempt_at": "2026-05-24T08:00:13.000Z"},
            {"status_code": 503, "duration_ms": 9000.0},
            None,
            "503   9.00 s  retry in 0s",
        ),
        ({"status": "cancelled"}, {"status_code": 503}, None, "503    12 ms  cancelled"),
    ],
)
def test_a_line_says_when_what_how_it_ended_and_what_comes_of_it(
    delivery: dict[str, Any], attempt: dict[str, Any], verdict: str | None, tail: str
) -> None:
    assert (
        plain_line(delivery, attempt, verdict) == f"05-24 08:00:12  customer.at_risk       {tail}"
    )


def test_what_a_customer_named_an_event_cannot_drive_the_terminal() -> None:
    assert "\x1b" not in plain_line({"event_type": "a\x1b[2J"}, {}, "bad\x1b]0;x\x07")


def test_what_was_accepted_and_comes_again_says_so() -> None:
    delivery = {"status": "retrying", "next_attempt_at": "2026-05-24T08:00:12.345Z"}
    assert plain_line(delivery, {}).endswith("sent once more, on purpose")
