"""An event that the sandbox fired, and its deliveries, as lines on stdout."""

from urllib.parse import urlsplit

import click

from pivotal_sandbox.cli.attempt_output import describe_result
from pivotal_sandbox.cli.client import Client, Json
from pivotal_sandbox.cli.output import STYLES, milliseconds, note, printable


def print_triggered(event: Json, deliveries: list[Json]) -> None:
    """Print an event and its deliveries, with their last attempts where those are known."""
    click.echo(f"{click.style(printable(event['type']), bold=True)}  {event['id']}")
    for delivery in deliveries:
        click.echo(_delivery_line(delivery))


def waited_for(client: Client, deliveries: list[Json], timeout: str) -> list[Json]:
    """Return deliveries after their first attempt, with what our own receiver said of them."""
    found = [_waited_for(client, delivery["id"], timeout) for delivery in deliveries]
    for delivery in found:
        if delivery["status"] == "pending":
            note(
                f"No answer within {timeout}: `pivotal-sandbox deliveries show {delivery['id']}` "
                "says what became of it."
            )
    return found


def all_delivered(deliveries: list[Json]) -> bool:
    """Say whether a receiver took every one of them."""
    return all(delivery["status"] == "delivered" for delivery in deliveries)


def _waited_for(client: Client, delivery_id: str, timeout: str) -> Json:
    delivery = client.get("deliveries", delivery_id, query={"wait": timeout})
    verdict = None
    if urlsplit(delivery["url"]).path.startswith("/in/"):
        captures = client.get("captures", query={"q": delivery_id})["items"]
        verdict = captures[0]["verdict"] if captures else None
    return {**delivery, "verdict": verdict}


def _delivery_line(delivery: Json) -> str:
    status = click.style(delivery["status"], fg=STYLES[delivery["status"]])
    parts = [status, delivery["id"], printable(delivery["url"])]
    if attempts := delivery.get("attempts"):
        last = attempts[-1]
        ended = last["status_code"] or last["error"]
        parts += [
            f"{ended} in {milliseconds(last['duration_ms'])}",
            describe_result(delivery, last, delivery["verdict"]),
        ]
    return "  " + "  ".join(parts)
