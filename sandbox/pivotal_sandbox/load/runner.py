"""Sends, in one process: at due times that were fixed before, or as fast as answers come."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from pivotal_sandbox.clock import sleep
from pivotal_sandbox.common.urls import parse_url
from pivotal_sandbox.domain.catalog_loader import load_catalog
from pivotal_sandbox.domain.retry_policy import TIMEOUT
from pivotal_sandbox.errors import InputError, UnreachableError
from pivotal_sandbox.load.connection import LoadConnection
from pivotal_sandbox.load.request_factory import RequestFactory
from pivotal_sandbox.load.scheduler import Done, Sending
from pivotal_sandbox.load.stats import LoadStats
from pivotal_sandbox.sender.egress import AddressGuard
from pivotal_sandbox.sender.failures import Failure
from pivotal_sandbox.sender.pool import Pool

TOLD_MS = 250  # how often it says how far it is
GRACE_MS = 1_000  # after a stop, for what is in flight
SLICES = 60


@dataclass(frozen=True, slots=True)
class Load:
    """What to send: `rate` a second, or None for as fast as answers come, for `duration_ms`.

    At most `connections` requests are in flight. `catalog` is a file of event types in place of the
    built-in ones.
    """

    url: str
    secret: str
    rate: float | None
    duration_ms: int
    connections: int
    allow_hosts: tuple[str, ...] = ()
    catalog: Path | None = None
    timeout_ms: int = TIMEOUT

    def __post_init__(self) -> None:
        parse_url(self.url)
        if self.rate is not None and self.rate <= 0:
            raise InputError("The rate is more than nothing: 200 is 200 a second.", pointer="/rate")
        if self.duration_ms <= 0:
            raise InputError("It takes some time: 30s, for example.", pointer="/duration")
        if self.connections < 1:
            raise InputError("It takes a connection or more.", pointer="/connections")

    @property
    def slice_ms(self) -> float:
        """How long a part of the run is, of which the report shows the latencies."""
        return max(self.duration_ms / SLICES, 100)


@dataclass(frozen=True, slots=True)
class Ended:
    """How long it was sent, and whether it was stopped before its time."""

    took_ms: float
    stopped: bool


async def run(load: Load, tell: Callable[[LoadStats], None], stop: asyncio.Event) -> Ended:
    """Send until the time is over or `stop` is set, and tell what came of it, piece by piece.

    What is in flight at the end is waited for; after a stop, for a second. Raises
    `UnreachableError` where no connection comes about in the first place.
    """
    material = _make_request_factory(load)
    sending = _sending(load, material)
    if failure := await sending.open():
        raise UnreachableError(failure.detail)
    telling = asyncio.create_task(_report_progress(sending, material, tell))
    try:
        sending.start()
        await _finished(sending, stop)
    finally:
        telling.cancel()
        await sending.close()
        tell(sending.rest())
    return Ended(sending.took_ms, stop.is_set())


def _make_request_factory(load: Load) -> RequestFactory:
    catalog = load_catalog(load.catalog)
    source = random.Random(random.SystemRandom().getrandbits(128))  # asking the system takes longer
    return RequestFactory(load.url, load.secret, catalog, source)


def _sending(load: Load, material: RequestFactory) -> Sending:
    url = parse_url(load.url)
    tls = None
    if url.scheme == "https":
        from pivotal_sandbox.sender.httpx_adapter import default_ssl_context

        tls = default_ssl_context()
    pool = Pool(AddressGuard(load.allow_hosts), body_limit=0)
    now = asyncio.get_running_loop().time
    known: dict[bytes, str] = {}

    def connect(done: Done) -> Awaitable[LoadConnection | Failure]:
        return pool.connect(
            url,
            now() + load.timeout_ms / 1000,
            load.timeout_ms,
            tls,
            make=lambda peer: LoadConnection(
                peer, known=known, done=done, timeout_ms=load.timeout_ms
            ),
        )

    return Sending(
        # At a rate there is time to sign each as it falls due.
        material.from_stock if load.rate is None else material.next,
        connect,
        rate=load.rate,
        duration_ms=load.duration_ms,
        slots=load.connections,
        slice_ms=load.slice_ms,
    )


async def _finished(sending: Sending, stop: asyncio.Event) -> None:
    """Wait for all, but after a stop not for long."""
    finished, stopped = (asyncio.create_task(event.wait()) for event in (sending.finished, stop))
    try:
        await asyncio.wait((finished, stopped), return_when=asyncio.FIRST_COMPLETED)
        if not finished.done():
            sending.stop()
            await asyncio.wait((finished,), timeout=GRACE_MS / 1000)
    finally:
        for task in (finished, stopped):
            task.cancel()
        await asyncio.wait((finished, stopped))


async def _report_progress(
    sending: Sending, material: RequestFactory, tell: Callable[[LoadStats], None]
) -> None:
    while True:
        await sleep(TOLD_MS)
        material.freshen()
        tell(sending.take())
