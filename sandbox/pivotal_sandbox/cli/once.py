"""`trigger --to`: one signed event to one URL, once, without a running sandbox."""

import asyncio
from collections.abc import Sequence
from random import SystemRandom

import click
import msgspec

from pivotal_sandbox import data
from pivotal_sandbox.cli.client import Json
from pivotal_sandbox.cli.output import milliseconds, note, printable
from pivotal_sandbox.clock import Clock
from pivotal_sandbox.core.catalog import PING
from pivotal_sandbox.core.event import envelope
from pivotal_sandbox.core.ids import DELIVERY, ENDPOINT, EVENT, Ids, new_secret
from pivotal_sandbox.core.model import Attempt, Event, Mode, Request
from pivotal_sandbox.core.plan import plan
from pivotal_sandbox.core.policy import is_retried
from pivotal_sandbox.core.world import Fired, World
from pivotal_sandbox.engine.guard import Guard
from pivotal_sandbox.engine.sender import Sender
from pivotal_sandbox.errors import UnreachableError
from pivotal_sandbox.web.views import AttemptView, EventView

BODY_SHOWN = 400  # characters of the answer's body

FATES = {
    "delivered": "delivered",
    "retried": "Pivotal would retry for 24 h",
    "lost": "LOST: Pivotal does not retry this",
}


def shown_secret() -> str:
    """Return a new secret, and show it."""
    secret = new_secret(SystemRandom())
    note(f"Signed with a new secret, {secret}; give your own by --secret.")
    return secret


def send_and_print(
    wish: Json, url: str, secret: str, allow_hosts: Sequence[str], as_json: bool
) -> bool:
    """Send once, print the answer, and say whether Pivotal would take it as delivered."""
    ids, clock = Ids(SystemRandom()), Clock()
    event = _event({**wish, "mode": wish["mode"] or "test"}, ids, clock.now())
    delivery_id = ids.new(DELIVERY, clock.now())
    request = plan(
        delivery_id,
        event.type,
        event.body,
        url=url,
        secrets=[secret],
        timestamp=int(clock.wall()),
    )
    attempt = asyncio.run(_attempt(delivery_id, request, Guard(allow_hosts), clock))
    outcome = attempt.outcome
    fate = "delivered" if outcome.ok else "retried" if is_retried(outcome) else "lost"
    if as_json:
        shown = {"event": EventView.of(event), "delivery_id": delivery_id, "url": url}
        click.echo(msgspec.json.encode({**shown, "fate": fate, "attempt": AttemptView.of(attempt)}))
    else:
        click.echo(_text(event, attempt, fate))
    if outcome.timing.connect_ms is None:
        raise UnreachableError(outcome.detail or f"{url} cannot be reached.")
    return outcome.ok


async def _attempt(delivery_id: str, request: Request, guard: Guard, clock: Clock) -> Attempt:
    sender = Sender(guard=guard)
    try:
        started_at = clock.now()
        outcome = await sender.send(request)
        return Attempt(delivery_id, 1, started_at, request.headers, outcome)
    finally:
        await sender.close()


def _event(wish: Json, ids: Ids, now: int) -> Event:
    mode: Mode = wish["mode"]
    if wish["type"] == PING:
        fired = Fired(PING, {"endpoint_id": ids.new(ENDPOINT, now), "mode": mode})
    else:
        world = World(mode, data.load_catalog(), data.load_names(), ids, SystemRandom())
        change = world.trigger(
            wish["type"], now, set=wish["set"], data=wish["data"], validate=wish["validate"]
        )
        [fired] = change.events
    id = ids.new(EVENT, now)
    body = envelope(id, fired.type, now, fired.data)
    return Event(id, fired.type, mode, now, body, fired.changed)


def _text(event: Event, attempt: Attempt, fate: str) -> str:
    response = attempt.outcome.response
    ended = str(response.status_code) if response else str(attempt.outcome.error)
    took = milliseconds(attempt.outcome.timing.total_ms)
    said = click.style(FATES[fate], fg={"delivered": "green", "lost": "red"}.get(fate, "yellow"))
    lines = [f"{click.style(event.type, bold=True)}  {event.id}", f"  {ended} in {took}  {said}"]
    if response and response.body:
        body = response.body.decode("utf-8", "replace")
        cut = "…" if len(body) > BODY_SHOWN else ""
        lines += [f"  {printable(line)}" for line in f"{body[:BODY_SHOWN]}{cut}".splitlines()]
    return "\n".join(lines)
