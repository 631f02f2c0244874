"""`trigger --to`: send a signed event to a URL, without a running sandbox."""

import asyncio
from collections.abc import Sequence
from random import SystemRandom

import click
import msgspec

from pivotal_sandbox.cli.client import Json
from pivotal_sandbox.cli.output import milliseconds, note, printable
from pivotal_sandbox.common.ids import new_secret
from pivotal_sandbox.domain.models import Attempt, Event
from pivotal_sandbox.domain.retry_policy import consequence
from pivotal_sandbox.errors import UnreachableError
from pivotal_sandbox.feed import Activity, Attempted, Triggered
from pivotal_sandbox.sandbox.sandbox import Sandbox
from pivotal_sandbox.web.views import AttemptView, EventView

BODY_SHOWN = 400  # characters of the response's body

FATES = {
    "delivered": "delivered",
    "retried": "Pivotal would retry for 24 h",
    "lost": "LOST: Pivotal does not retry this",
}


def generate_secret() -> str:
    """Return a new secret after printing it."""
    secret = new_secret(SystemRandom())
    note(f"Signed with a new secret, {secret}; give your own by --secret.")
    return secret


def send_and_print(
    request: Json, url: str, secret: str, allow_hosts: Sequence[str], as_json: bool
) -> bool:
    """Trigger an event in a sandbox of its own, and print each attempt.

    Return whether every response was 2xx. Raise `UnreachableError` if no connection was made.
    """
    attempts = asyncio.run(_trigger(request, url, secret, allow_hosts))
    for event, attempt in attempts:
        fate = consequence(attempt.outcome)
        if as_json:
            shown = {
                "event": EventView.of(event),
                "delivery_id": attempt.delivery_id,
                "url": url,
                "fault": request["fault"],
            }
            line = msgspec.json.encode({**shown, "fate": fate, "attempt": AttemptView.of(attempt)})
            click.echo(line)
        else:
            click.echo(_text(event, attempt, fate))
    for _, attempt in attempts:
        if attempt.outcome.timing.connect_ms is None and not attempt.outcome.response:
            raise UnreachableError(attempt.outcome.detail or f"{url} cannot be reached.")
    return all(attempt.outcome.ok for _, attempt in attempts)


async def _trigger(
    request: Json, url: str, secret: str, allow_hosts: Sequence[str]
) -> list[tuple[Event, Attempt]]:
    """Return the first attempts at every delivery, in the order of their requests.

    The sandbox lives in memory and closes before any retry is due.
    """
    events: dict[str, Event] = {}
    attempts: list[Attempted] = []

    def collect(activity: Activity) -> None:
        if isinstance(activity, Triggered):
            events[activity.event.id] = activity.event
        elif isinstance(activity, Attempted):
            attempts.append(activity)

    async with Sandbox(allow_hosts=allow_hosts) as sandbox:
        endpoint = await sandbox.add_endpoint(
            url, mode=request["mode"] or "test", secret=secret, ping=False
        )
        sandbox.feed.subscribe(collect)
        await sandbox.trigger(
            request["type"],
            set=request["set"],
            data=request["data"],
            validate=request["validate"],
            fault=request["fault"],
            endpoint_id=endpoint.id,
        )
        await sandbox.dispatcher.settle()
    return [(events[attempted.delivery.event_id], attempted.attempt) for attempted in attempts]


def _text(event: Event, attempt: Attempt, fate: str) -> str:
    response, timing = attempt.outcome.response, attempt.outcome.timing
    ended = str(response.status_code) if response else str(attempt.outcome.error)
    took = milliseconds(timing.total_ms)
    said = click.style(FATES[fate], fg={"delivered": "green", "lost": "red"}.get(fate, "yellow"))
    lines = [f"{click.style(event.type, bold=True)}  {event.id}", f"  {ended} in {took}  {said}"]
    if response and response.body:
        body = response.body.decode("utf-8", "replace")
        cut = "…" if len(body) > BODY_SHOWN else ""
        lines += [f"  {printable(line)}" for line in f"{body[:BODY_SHOWN]}{cut}".splitlines()]
    # Without a connection it is the error, on stderr.
    if attempt.outcome.detail and timing.connect_ms is not None:
        lines.append(f"  {printable(attempt.outcome.detail)}")
    return "\n".join(lines)
