"""`trigger --to`: one signed event to one URL, without a running sandbox."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from random import SystemRandom

import click
import msgspec

from pivotal_sandbox.cli.client import Json
from pivotal_sandbox.cli.output import milliseconds, note, printable
from pivotal_sandbox.clock import Clock
from pivotal_sandbox.common.ids import DELIVERY, ENDPOINT, EVENT, Ids, new_secret
from pivotal_sandbox.domain.catalog import PING
from pivotal_sandbox.domain.catalog_loader import load_catalog
from pivotal_sandbox.domain.models import Attempt, Event, Mode
from pivotal_sandbox.domain.payload import envelope
from pivotal_sandbox.domain.request import build_request
from pivotal_sandbox.domain.retry_policy import is_retried
from pivotal_sandbox.errors import UnreachableError
from pivotal_sandbox.faults.apply import spoil, spoil_events
from pivotal_sandbox.faults.signature import SigningContext
from pivotal_sandbox.faults.traffic import TIMES, apply_traffic_fault
from pivotal_sandbox.records.record_store import FiredEvent, RecordStore
from pivotal_sandbox.records.sample_data import load_sample_data
from pivotal_sandbox.sender.egress import AddressGuard
from pivotal_sandbox.sender.sender import Sender
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


@dataclass(frozen=True, slots=True)
class _Target:
    """Where it goes, and what makes it right or wrong."""

    url: str
    secret: str
    fault: str | None
    delivery_id: str


def send_and_print(
    wish: Json, url: str, secret: str, allow_hosts: Sequence[str], as_json: bool
) -> bool:
    """Send once, or as often as the fault has it; print each answer, and say whether all were 2xx.

    Raises `UnreachableError` where no connection came about.
    """
    ids, clock = Ids(SystemRandom()), Clock()
    events = _events({**wish, "mode": wish["mode"] or "test"}, ids, clock.now())
    targets = [_Target(url, secret, wish["fault"], ids.new(DELIVERY, clock.now())) for _ in events]
    sent = asyncio.run(_sent(events, targets, AddressGuard(allow_hosts), clock))
    for event, attempt in sent:
        outcome = attempt.outcome
        fate = "delivered" if outcome.ok else "retried" if is_retried(outcome) else "lost"
        if as_json:
            shown = {
                "event": EventView.of(event),
                "delivery_id": attempt.delivery_id,
                "url": url,
                "fault": wish["fault"],
            }
            line = msgspec.json.encode({**shown, "fate": fate, "attempt": AttemptView.of(attempt)})
            click.echo(line)
        else:
            click.echo(_text(event, attempt, fate))
    for _, attempt in sent:
        if attempt.outcome.timing.connect_ms is None and not attempt.outcome.response:
            raise UnreachableError(attempt.outcome.detail or f"{url} cannot be reached.")
    return all(attempt.outcome.ok for _, attempt in sent)


async def _sent(
    events: list[Event], targets: list[_Target], guard: AddressGuard, clock: Clock
) -> list[tuple[Event, Attempt]]:
    """Send the events as the fault has it, and return them in the order of their requests."""
    sender = Sender(guard=guard)

    async def send(event: Event, target: _Target, number: int = 1) -> tuple[Event, Attempt]:
        started_at = clock.now()
        signing = SigningContext([target.secret], int(clock.wall()), SystemRandom())
        planned = build_request(
            target.delivery_id,
            event.type,
            event.body,
            url=target.url,
            secrets=signing.secrets,
            timestamp=signing.timestamp,
        )
        request = spoil(target.fault, planned, signing, number=number)
        outcome = await sender.send(request)
        body = None if request.sent == event.body else request.sent
        id, headers = target.delivery_id, request.headers
        return event, Attempt(id, number, started_at, headers, outcome, body)

    try:
        last, fault = (events[-1], targets[-1]), targets[-1].fault
        if fault == "burst":
            return list(await asyncio.gather(*map(send, events, targets)))
        if fault == "out-of-order":
            return [await send(*last), await send(events[0], targets[0])]
        if fault == "concurrent-duplicate":
            return list(await asyncio.gather(send(*last), send(*last, 2)))
        sent = [await send(*last)]
        if fault == "duplicate" and sent[0][1].outcome.ok:
            sent.append(await send(*last, 2))
        return sent
    finally:
        await sender.close()


def _events(wish: Json, ids: Ids, now: int) -> list[Event]:
    """Return what is to be sent, in order of time: one event, or as many as the fault takes."""
    mode: Mode = wish["mode"]
    fault: str | None = wish["fault"]
    catalog = load_catalog()
    if wish["type"] == PING:
        ping = FiredEvent(PING, {"endpoint_id": ids.new(ENDPOINT, now), "mode": mode})
        all_fired: tuple[FiredEvent, ...] = (ping,) * TIMES.get(fault or "", 1)
    else:
        world = RecordStore(mode, catalog, load_sample_data(), ids, SystemRandom())
        all_fired = apply_traffic_fault(
            fault,
            world,
            wish["type"],
            now,
            set=wish["set"],
            data=wish["data"],
            validate=wish["validate"],
        ).events
    events = []
    for fired in all_fired:
        id = ids.new(EVENT, now)
        body = envelope(id, fired.type, now, fired.data)
        events.append(Event(id, fired.type, mode, now, body, fired.changed))
    return events if fault is None else spoil_events(fault, events, catalog)


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
