"""One attempt as one line: when, what, how it ended, and what comes of it."""

from typing import Any

import click

from pivotal_sandbox.cli.output import STYLES, milliseconds, moment, printable
from pivotal_sandbox.common.durations import SECOND, format_duration
from pivotal_sandbox.common.timestamps import parse_rfc3339

Json = dict[str, Any]


def attempt_line(delivery: Json, attempt: Json, verdict: str | None = None) -> str:
    """Return the line for an attempt and its delivery, both as the API shows them."""
    ended = attempt["status_code"] or attempt["error"]
    return "  ".join(
        (
            click.style(moment(attempt["started_at"])[5:], dim=True),
            f"{printable(delivery['event_type']):<21}",
            click.style(f"{ended!s:<3}", fg=colour(delivery["status"])),
            f"{milliseconds(attempt['duration_ms']):>7}",
            describe_result(delivery, attempt, verdict),
        )
    )


def describe_result(delivery: Json, attempt: Json, verdict: str | None) -> str:
    """Return what comes of an attempt, what went wrong, and the capture receiver's verdict."""
    delivered = delivery["status"] == "delivered"
    parts = (
        None if delivered and verdict else describe_consequence(delivery, attempt),
        attempt["detail"],
        verdict,
    )
    return printable(" · ".join(part for part in parts if part))


def describe_consequence(delivery: Json, attempt: Json) -> str:
    """Return what became of a delivery after this attempt of it."""
    status: str = delivery["status"]
    if status == "retrying" and attempt["status_code"] and attempt["status_code"] < 300:
        return "sent once more, on purpose"
    if status == "retrying":
        return f"retry in {until_next(delivery, attempt)}"
    if status == "failed" and attempt["number"] > 1:
        return f"failed for good after {attempt['number']} attempts"
    if status == "failed":
        return "failed for good: not retried"
    return status


def until_next(delivery: Json, attempt: Json) -> str:
    """Return how long after this attempt the next one falls due, to the second."""
    ended = parse_rfc3339(attempt["started_at"]) + attempt["duration_ms"]
    seconds = round((parse_rfc3339(delivery["next_attempt_at"]) - ended) / SECOND)
    return format_duration(max(seconds, 0) * SECOND)


def colour(status: str) -> str:
    """Return the colour of a delivery's status."""
    return STYLES.get(status, "reset")
