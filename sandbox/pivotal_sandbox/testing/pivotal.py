"""The sandbox of one test, for tests that are no coroutines: the awaitable one, run to its end."""

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from pivotal_sandbox.domain.models import Mode
from pivotal_sandbox.errors import Conflict, SandboxError
from pivotal_sandbox.testing.async_pivotal import PATH, AsyncPivotal
from pivotal_sandbox.testing.capture import Capture
from pivotal_sandbox.testing.models import Attempt, Delivery, Endpoint, Event

if TYPE_CHECKING:
    from pivotal_sandbox.check.model import Report

T = TypeVar("T")

__tracebackhide__ = True  # pytest then shows the test's own line, and not how it failed in here


class Pivotal:
    """Pivotal's sender, in memory, its clock standing still.

    Apps run in the thread of the test, in an event loop that runs while a call does: connections
    to databases, transactions and context are the test's own.
    """

    def __init__(self, awaitable: AsyncPivotal, runner: asyncio.Runner) -> None:
        self.awaitable = awaitable
        self._runner = runner

    @property
    def secret(self) -> str:
        """The secret of every endpoint that is not given one of its own."""
        return self.awaitable.secret

    @property
    def now(self) -> datetime:
        """The sandbox's time, which stands still between advances."""
        return self.awaitable.now

    @property
    def deliveries(self) -> list[Delivery]:
        """Every delivery, oldest first, pings and replays included."""
        return self.awaitable.deliveries

    @property
    def events(self) -> list[Event]:
        """Every event, oldest first, pings included."""
        return self.awaitable.events

    def freeze(self) -> None:
        """Make ids, bodies and signatures the same in every run; to be called before all else.

        Signatures then carry the sandbox's time: pass `pivotal.now` to what verifies them. Raises
        `Conflict` where something was done already.
        """
        self.awaitable.freeze()

    def endpoint(
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
        return self._run(
            self.awaitable.endpoint(
                target.awaitable if isinstance(target, Capture) else target,
                events,
                field_filter,
                mode,
                secret,
                path=path,
                lifespan=lifespan,
                wire=wire,
            )
        )

    def trigger(
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
        return self._run(
            self.awaitable.trigger(
                type, set, data, fault, endpoint=endpoint, mode=mode, validate=validate
            )
        )

    def change(
        self, record: str | Mapping[str, Any], *, mode: Mode = "test", **fields: Any
    ) -> list[Delivery]:
        """Give `fields` of a record new values; return the deliveries of all that this fires.

        `record` is an id, or a record such as `event.data`. Raises `NotFound` and `InputError`.
        """
        return self._run(self.awaitable.change(record, mode=mode, **fields))

    def advance(self, duration: str) -> list[Attempt]:
        """Move the clock by a duration such as "24h"; return the attempts that fell due."""
        return self._run(self.awaitable.advance(duration))

    def replay(self, delivery: Delivery) -> Delivery:
        """Send a delivery again: the same event, a new delivery, the endpoint's present URL."""
        return self._run(self.awaitable.replay(delivery))

    def capture(self) -> Capture:
        """Return a receiver that keeps what it gets; `capture.url` is served on loopback."""
        return Capture(self._run(self.awaitable.capture()), self._run)

    def check(
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
        return self._run(
            self.awaitable.check(
                target,
                only,
                skip,
                secret=secret,
                probe=probe,
                path=path,
                previous_secret=previous_secret,
                revoked_secret=revoked_secret,
            )
        )

    def close(self) -> None:
        """Close the sandbox, shut the apps down, and end what they left running."""
        self._run(self._end())

    async def _end(self) -> None:
        await self.awaitable.aclose()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        if _in_a_loop():
            work.close()
            raise Conflict(
                "The fixture pivotal is for tests that are no coroutines; in this one an event "
                "loop runs: use apivotal, and await what it does."
            )
        # Not `Runner.run`: to set a signal handler for each call costs more than a request.
        loop = self._runner.get_loop()
        task = loop.create_task(work, context=contextvars.copy_context())
        try:
            return loop.run_until_complete(task)
        except SandboxError as error:
            # It is about what the test gave: the way it went in here helps nobody.
            raise error.with_traceback(None) from None


def _in_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
