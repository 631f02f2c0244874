"""`simulate`: a stream of believable events, by way of a running sandbox."""

import asyncio
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import click

from pivotal_sandbox.cli.client import Client, Json
from pivotal_sandbox.cli.options import a_rate, duration_option, mode_option
from pivotal_sandbox.cli.output import json_option, not_so, note, print_json
from pivotal_sandbox.cli.signals import on_stop
from pivotal_sandbox.clock import Clock, sleep
from pivotal_sandbox.common.durations import SECOND, format_duration
from pivotal_sandbox.common.text import format_count
from pivotal_sandbox.errors import Conflict, InputError, NotFound

if TYPE_CHECKING:
    from pivotal_sandbox.records.simulation import CustomerJourney, RecordAction

TOLD_MS = 5 * SECOND  # how often it says in a pipe how far it is
LOOKED_MS = 100  # how soon a stop is noticed


@dataclass(slots=True)
class SimulationCounts:
    """What was sent so far."""

    types: Counter[str] = field(default_factory=Counter)
    customers: int = 0
    changes: int = 0
    refused: int = 0
    deliveries: list[str] = field(default_factory=list)

    @property
    def events(self) -> int:
        """How many events there were."""
        return self.types.total()

    def said(self) -> str:
        """Return it in words."""
        parts = [format_count(self.customers, "customer"), format_count(self.events, "event")]
        return ", ".join([*parts, format_count(len(self.deliveries), "delivery")])


class ReportProgress(Protocol):
    """Says how far it is, `spent` ms after the beginning."""

    def __call__(self, tally: SimulationCounts, spent: int) -> None: ...


@click.command()
@click.option(
    "--rate",
    default="5/s",
    show_default=True,
    metavar="N/s",
    callback=a_rate,
    help="So many events in which time: 5/s, 30/m or 1000/h.",
)
@duration_option("60s", "How long to go on.")
@click.option("--seed", type=int, metavar="N", help="Make the same choices again.")
@click.option("--endpoint", "endpoint_id", metavar="ID", help="Send them to this endpoint only.")
@mode_option
@json_option
def simulate(
    rate: float,
    duration: int,
    seed: int | None,
    endpoint_id: str | None,
    mode: str | None,
    as_json: bool,
) -> None:
    """Let customers live: a stream of believable events, at a rate.

    Each customer has a story, of which many go on at a time: contacts, onboarding, phases and
    tasks, at risk, recovered or churned. Records change, so that a flip comes beside its update.
    When an event falls due does not depend on how fast the sandbox answers. Ctrl-C ends it.

    \b
    pivotal-sandbox simulate --rate 5/s --duration 60s
    pivotal-sandbox simulate --rate 30/m --seed 7 --json
    """
    from random import SystemRandom

    from pivotal_sandbox.records.sample_data import load_sample_data
    from pivotal_sandbox.records.simulation import CustomerJourney

    client = Client()
    if endpoint_id is not None:
        its = client.get("endpoints", endpoint_id)["mode"]
        if mode not in (None, its):
            raise InputError(f"The endpoint {endpoint_id} is a {its} one: no {mode} event fits it.")
        mode = its
    seed = SystemRandom().getrandbits(32) if seed is None else seed
    life = CustomerJourney(seed, load_sample_data())
    query = {"mode": mode or "test", "endpoint_id": endpoint_id}
    with _progress(duration) as tell:
        tally = asyncio.run(_run(_Stream(client, query, life, as_json), rate, duration, tell))
    statuses = _statuses(client, tally.deliveries)
    if as_json:
        shown = {"customers": tally.customers, "events": tally.events, "types": tally.types}
        more = {"deliveries": statuses, "refused": tally.refused, "seed": seed}
        print_json({"type": "summary", **shown, **more})
    else:
        _print(tally, statuses)
        note(f"The same choices again: --seed {seed}.")
    if tally.refused:
        changes = format_count(tally.refused, "change")
        note(f"{changes} of records that others had changed were refused.")
    if tally.events and not tally.deliveries:
        note(f"No endpoint of {query['mode']} mode wants them, so nothing was sent.")
        not_so()


class _Stream:
    """Makes one change after the other, as the lives of the customers have it."""

    def __init__(self, client: Client, query: Json, life: "CustomerJourney", as_json: bool) -> None:
        self._client = client
        self._query = query
        self._life = life
        self._as_json = as_json
        self.tally = SimulationCounts()

    def go_on(self) -> None:
        """Make the next change."""
        act, tally = self._life.next(), self.tally
        try:
            answer = self._call(act)
        except (NotFound, Conflict) as error:
            tally.refused += 1
            self._life.happened(None)
            if tally.refused > tally.changes + 10:  # it is not others who are in the way
                raise InputError(f"The records of this sandbox refuse it: {error}") from error
            return
        tally.changes += 1
        tally.customers += act.object == "customer" and act.id is None
        for fired in answer["events"]:
            tally.types[fired["event"]["type"]] += 1
            tally.deliveries += [delivery["id"] for delivery in fired["deliveries"]]
        self._life.happened(answer["record"] or {})
        if self._as_json:
            print_json({"type": "change", "object": act.object, **answer})

    def _call(self, act: "RecordAction") -> Json:
        path = ("records", act.object) if act.id is None else ("records", act.object, act.id)
        if act.fields is None:
            return self._client.call("DELETE", *path, query=self._query)
        method = "POST" if act.id is None else "PATCH"
        return self._client.call(method, *path, query=self._query, body={"set": act.fields})


async def _run(
    stream: _Stream, rate: float, duration: int, tell: ReportProgress
) -> SimulationCounts:
    """Make changes until the time is over or somebody stops it."""
    stop = asyncio.Event()
    on_stop(stop.set)
    clock = Clock()
    start = clock.now()
    while not stop.is_set():
        due = start + stream.tally.events * SECOND / rate
        if due >= start + duration:
            await _until(start + duration, clock, stop)
            break
        await _until(due, clock, stop)
        if not stop.is_set():
            if clock.now() >= start + duration:
                break
            await asyncio.to_thread(stream.go_on)
            tell(stream.tally, clock.now() - start)
    return stream.tally


async def _until(moment: float, clock: Clock, stop: asyncio.Event) -> None:
    while (left := moment - clock.now()) > 0 and not stop.is_set():
        await sleep(min(left, LOOKED_MS))


@contextmanager
def _progress(duration: int) -> Iterator[ReportProgress]:
    """Report progress: a bar on a terminal, a line now and then elsewhere."""
    if not sys.stderr.isatty():
        told = [0]

        def report_line(tally: SimulationCounts, spent: int) -> None:
            if spent - told[0] >= TOLD_MS:
                told[0] = spent
                note(f"{format_duration(spent // SECOND * SECOND)}: {tally.said()}")

        yield report_line
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("connecting", total=duration)

        def tell(tally: SimulationCounts, spent: int) -> None:
            bar.update(task, completed=min(spent, duration), description=tally.said())

        yield tell


def _statuses(client: Client, ids: list[str]) -> Json:
    """Return how many deliveries are in which state by now."""
    if not ids:
        return {}
    wanted, oldest, found = set(ids), min(ids), Counter[str]()
    for row in client.all("deliveries", query={"limit": 500}):
        if row["id"] < oldest:  # newest first, and ids sort by time
            break
        found[row["status"]] += row["id"] in wanted
    return dict(+found)


def _print(tally: SimulationCounts, statuses: Json) -> None:
    click.echo(tally.said())
    for status, count in statuses.items():
        click.echo(f"  {count:>6}  {status}")
    click.echo()
    for type, count in tally.types.most_common():
        click.echo(f"  {count:>6}  {type}")
