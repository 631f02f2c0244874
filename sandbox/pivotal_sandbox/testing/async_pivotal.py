"""The sandbox of one test, awaitable: it lives in the event loop where it is first used."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pivotal_sandbox.clock import Clock
from pivotal_sandbox.common.durations import parse_duration
from pivotal_sandbox.common.ids import new_secret
from pivotal_sandbox.common.timestamps import to_datetime
from pivotal_sandbox.domain.catalog import PING
from pivotal_sandbox.domain.models import Mode
from pivotal_sandbox.errors import Conflict, InputError, NotFound, did_you_mean
from pivotal_sandbox.sandbox.sandbox import Sandbox
from pivotal_sandbox.testing.activity_log import Log
from pivotal_sandbox.testing.app_urls import Mounts
from pivotal_sandbox.testing.capture import AsyncCapture
from pivotal_sandbox.testing.models import Attempt, Delivery, Endpoint, Event
from pivotal_sandbox.testing.options import Options

if TYPE_CHECKING:
    from pivotal_sandbox.check.model import Report
    from pivotal_sandbox.testing.background import Background

PATH = "/webhooks/pivotal"

__tracebackhide__ = True  # pytest then shows the test's own line, and not how it failed in here


class AsyncPivotal:
    """Pivotal's sender, in memory, its clock standing still. Used first, it opens by itself.

    `background` gives the thread that capture receivers live in, where one is needed.
    """

    def __init__(self, options: Options, background: "Callable[[], Background]") -> None:
        self._options = options
        self._background = background
        self._clock = Clock.manual()
        self._sandbox: Sandbox | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._log: Log | None = None
        self._secret = options.secret
        self._captures: list[AsyncCapture] = []

    # -- what there is

    @property
    def secret(self) -> str:
        """The secret of every endpoint that is not given one of its own."""
        if self._secret is None:
            seed = self._options.test_seed
            self._secret = new_secret(random.Random(None if seed is None else f"{seed}/secret"))
        return self._secret

    @property
    def now(self) -> datetime:
        """The sandbox's time, which stands still between advances."""
        return to_datetime(self._clock.now())

    @property
    def deliveries(self) -> list[Delivery]:
        """Every delivery, oldest first, pings and replays included."""
        return list(self._log.deliveries.values()) if self._log else []

    @property
    def events(self) -> list[Event]:
        """Every event, oldest first, pings included."""
        return list(self._log.events.values()) if self._log else []

    @property
    def options(self) -> Options:
        """What this sandbox was told."""
        return self._options

    # -- what can be done

    def freeze(self) -> None:
        """Make ids, bodies and signatures the same in every run; to be called before all else.

        Signatures then carry the sandbox's time: pass `pivotal.now` to what verifies them. Raises
        `Conflict` where something was done already.
        """
        if self._sandbox is not None or self._secret != self._options.secret:
            raise Conflict("Call freeze() first: there are ids already that were drawn at random.")
        self._options = self._options.frozen()

    async def endpoint(
        self,
        target: Any,
        events: str | Sequence[str] = ("*",),
        field_filter: str | Sequence[str] = (),
        mode: Mode = "test",
        secret: str | None = None,
        *,
        path: str = PATH,
        lifespan: bool = True,
        wire: bool = False,
    ) -> Endpoint:
        """Add an endpoint, which is sent its `webhook.ping` at once, and return it.

        `target` is a URL, an ASGI app, a WSGI app or what `capture()` gave. An app is called at
        `path`, without a socket, and started up and shut down by its `lifespan`; over `wire` it is
        served on a free port, for faults that need a connection. Raises `InputError`.
        """
        sandbox = await self._open()
        secret = self.secret if secret is None else secret
        if isinstance(target, AsyncCapture):
            target.verify_with(secret)
            url = target.url
        else:
            url = await self._mounts.url(target, path, lifespan=lifespan, wire=wire)
        model = await sandbox.add_endpoint(
            url,
            mode=mode,
            event_types=_listed(events),
            field_filter=_listed(field_filter),
            secret=secret,
        )
        await self._settle()
        [ping] = [delivery for delivery in self.deliveries if delivery.endpoint_id == model.id]
        return Endpoint(model.id, url, mode, model.secret, ping, lambda: self.deliveries)

    async def trigger(
        self,
        type: str,
        set: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        fault: str | None = None,
        *,
        endpoint: Endpoint | None = None,
        mode: Mode | None = None,
        validate: bool = True,
    ) -> Delivery:
        """Make the change that fires `type`, send that event, and return its delivery.

        All that is due at the present moment has then been attempted. `set` holds dotted paths into
        the record, `data` whole fields; `fault` spoils the delivery. It goes to the `endpoint`, or
        to all of `mode` (default: test) that subscribed: the first one's delivery is returned, the
        others are in `deliveries`. Raises `InputError`, naming what would be right.
        """
        sandbox = await self._open()
        if type == PING and endpoint is None:
            raise InputError(f"{PING} goes to one endpoint: name it, endpoint=...")
        triggered = await sandbox.trigger(
            type,
            mode=mode,
            set=set,
            data=data,
            fault=fault,
            endpoint_id=endpoint.id if endpoint else None,
            validate=validate,
        )
        await self._settle()
        assert self._log is not None
        if not triggered.deliveries:
            why = self._unwanted(sandbox, triggered.event.mode)
            return Delivery(self._log.events[triggered.event.id], why=why)
        return self._log.deliveries[triggered.deliveries[0].id]

    async def change(
        self, record: str | Mapping[str, Any], *, mode: Mode = "test", **fields: Any
    ) -> list[Delivery]:
        """Give `fields` of a record new values; return the deliveries of all that this fires.

        `record` is an id, or a record such as `event.data`. Raises `NotFound` and `InputError`.
        """
        sandbox = await self._open()
        id = record if isinstance(record, str) else record.get("id")
        if not isinstance(id, str):
            raise InputError("The record is an id such as cus_…, or a record with an id.")
        object = await self._object_of(sandbox, mode, id)
        before = len(self.deliveries)
        await sandbox.change(mode, lambda world, now: world.change(object, id, fields, now))
        await self._settle()
        return self.deliveries[before:]

    async def advance(self, duration: str) -> list[Attempt]:
        """Move the clock by a duration such as "24h"; return the attempts that fell due."""
        sandbox = await self._open()
        made = await sandbox.advance(parse_duration(duration))
        await self._settle()
        assert self._log is not None
        return [
            attempt
            for triggered in made
            for attempt in self._log.deliveries[triggered.delivery.id].attempts
            if attempt.number == triggered.attempt.number
        ]

    async def replay(self, delivery: Delivery) -> Delivery:
        """Send a delivery again: the same event, a new delivery, the endpoint's present URL."""
        sandbox = await self._open()
        if not delivery.id:
            raise InputError(f"There is nothing to replay: {delivery.said}")
        [replayed] = await sandbox.replay([delivery.id])
        await self._settle()
        assert self._log is not None
        return self._log.deliveries[replayed.id]

    async def capture(self) -> AsyncCapture:
        """Return a receiver that keeps what it gets; `capture.url` is served on loopback."""
        await self._open()
        capture = AsyncCapture(self._background(), self._wall)
        self._captures.append(capture)
        return capture

    async def check(
        self,
        target: Any,
        only: str | Sequence[str] = (),
        skip: str | Sequence[str] = (),
        *,
        secret: str | None = None,
        probe: Callable[[str], int | Awaitable[int]] | None = None,
        path: str = PATH,
        previous_secret: str | None = None,
        revoked_secret: str | None = None,
    ) -> "Report":
        """Run the battery against a receiver and return its report; `report.passed` is its verdict.

        `only` and `skip` are ids of checks or names of groups; `probe` says how often an event took
        effect. An app is served on a free port meanwhile.
        """
        from pivotal_sandbox.check.options import CheckOptions
        from pivotal_sandbox.check.runner import check
        from pivotal_sandbox.testing.app_server import served

        async with served(target, path) as url:
            return await check(
                url,
                self.secret if secret is None else secret,
                CheckOptions(
                    only=_listed(only),
                    skip=_listed(skip),
                    seed=self._options.test_seed,
                    max_skew=self._options.tolerance,
                    previous_secret=previous_secret,
                    revoked_secret=revoked_secret,
                    allow_host=tuple(self._options.allow_hosts),
                ),
                probe=probe,
            )

    async def aclose(self) -> None:
        """Close the sandbox, and shut the apps down."""
        if self._sandbox is not None:
            sandbox, self._sandbox = self._sandbox, None
            await sandbox.__aexit__(None, None, None)
            await self._mounts.close()
        while self._captures:
            self._captures.pop().close()

    def abandon(self) -> None:
        """Close what is still open because the test never ran, if its event loop is still there."""
        if self._sandbox is not None and self._loop is not None and not self._loop.is_closed():
            self._loop.run_until_complete(self.aclose())

    # -- within

    async def _open(self) -> Sandbox:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            raise InputError(
                "apivotal runs in asyncio, and this test in another event loop, such as trio's: "
                'use the fixture pivotal, or give anyio_backend the value "asyncio".'
            ) from None
        if self._sandbox is not None:
            if loop is not self._loop:
                raise Conflict("apivotal belongs to the event loop where it was first used.")
            return self._sandbox
        options = self._options
        sandbox = Sandbox(
            clock=self._clock,
            seed=options.test_seed,
            catalog=options.catalog,
            allow_hosts=options.allow_hosts,
            timeout=options.timeout,
            sign_time=options.sign_time,
        )
        self._log = Log(self._secrets, self._wall)
        self._mounts = Mounts(sandbox.sender)
        sandbox.feed.subscribe(self._log)
        self._sandbox, self._loop = await sandbox.__aenter__(), loop
        return sandbox

    async def _settle(self) -> None:
        assert self._sandbox is not None
        await self._sandbox.dispatcher.settle()

    def _secrets(self, endpoint_id: str) -> tuple[str, ...]:
        endpoint = self._sandbox.endpoints.find(endpoint_id) if self._sandbox else None
        return endpoint.secrets(self._clock.now()) if endpoint else ()

    def _wall(self) -> float:
        if self._options.sign_time == "sandbox":
            return self._clock.now() / 1000
        return self._clock.wall()

    async def _object_of(self, sandbox: Sandbox, mode: Mode, id: str) -> str:
        known: list[str] = []
        for object in sandbox.catalog.objects:
            records = await sandbox.records(mode, object)
            if id in records:
                return object
            known += records
        raise NotFound(f'There is no {mode} record "{id:.80}".{did_you_mean(id, known)}')

    def _unwanted(self, sandbox: Sandbox, mode: Mode) -> str:
        endpoints = sandbox.endpoints.all(mode)
        if not endpoints:
            return f"there is no {mode} endpoint yet: add one by endpoint(...)"
        wanted = "; ".join(
            f"{endpoint.url} takes {', '.join(endpoint.event_types)}"
            + (
                f" where {', '.join(endpoint.field_filter)} changed"
                if endpoint.field_filter
                else ""
            )
            for endpoint in endpoints
        )
        return f"no endpoint wants it: {wanted}"


def _listed(names: str | Sequence[str]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)
