"""A receiver that keeps what it gets, and answers as it is told to."""

import asyncio
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pivotal_sandbox.common.durations import parse_duration
from pivotal_sandbox.domain import models
from pivotal_sandbox.domain.bins import Bin, parse_behavior
from pivotal_sandbox.feed import Activity, Captured
from pivotal_sandbox.receiver.capture import PREFIX
from pivotal_sandbox.receiver.verification import verify_request
from pivotal_sandbox.testing.models import Headers, Request

if TYPE_CHECKING:
    from pivotal_sandbox.testing.background import Background


class AsyncCapture:
    """A receiver at `url`, on loopback: an endpoint of the sandbox's, or whatever your code calls.

    It answers from a thread of its own, so that a test that waits holds nothing up. `now` is the
    time (Unix seconds) that signatures are judged by.
    """

    def __init__(self, background: "Background", now: Callable[[], float]) -> None:
        self._background = background
        self._now = now
        self._served = background.served
        self._name = secrets.token_hex(8)
        self._secrets: tuple[str, ...] = ()
        self._changed: list[Callable[[], object]] = []
        self.url = f"{self._served.url}{PREFIX}{self._name}"
        self.requests: list[Request] = []
        self.close = self._served.sandbox.feed.subscribe(self._listen)

    async def behaviour(self, *steps: int | dict[str, Any]) -> None:
        """Say how it answers: a step for each request, the last of which repeats.

        A step is a status, or an object such as {"status": 200, "delay": "50ms", "headers": {},
        "body": ""}, {"hang": True} or {"reset": True}. Raises `InputError`.
        """
        bin = Bin(self._name, parse_behavior(list(steps)))
        work = self._served.sandbox.receiver.set_bin(bin)
        await asyncio.wrap_future(self._background.submit(work))

    async def wait(
        self, count: int = 1, *, event: str | None = None, timeout: str = "10s"
    ) -> list[Request]:
        """Return the requests once there are so many; those of one type of event, if it is named.

        Raises `TimeoutError`, saying what came.
        """
        loop, changed = asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            loop.call_soon_threadsafe(changed.set)

        self._changed.append(wake)
        try:
            async with asyncio.timeout(parse_duration(timeout) / 1000):
                while len(found := self._of(event)) < count:
                    await changed.wait()
                    changed.clear()
                return found
        except TimeoutError:
            came = ", ".join(
                f"{request.method} {request.event or request.url}" for request in self.requests
            )
            of = f" of {event}" if event else ""
            raise TimeoutError(
                f"{count} request{'s' if count > 1 else ''}{of} did not come in {timeout}; "
                f"what came: {came or 'nothing'}."
            ) from None
        finally:
            self._changed.remove(wake)

    def verify_with(self, secret: str) -> None:
        """Judge the signatures of what comes by this secret, too."""
        self._secrets += (secret,)

    def _of(self, event: str | None) -> list[Request]:
        return [request for request in self.requests if event is None or request.event == event]

    def _listen(self, activity: Activity) -> None:
        if not isinstance(activity, Captured) or activity.capture.bin != self._name:
            return
        if activity.is_new:
            self.requests.append(self._request(activity.capture))
            for wake in list(self._changed):
                wake()

    def _request(self, capture: models.Capture) -> Request:
        secrets, now = self._secrets, self._now()
        query = f"?{capture.query}" if capture.query else ""
        return Request(
            capture.method,
            f"{self._served.url}{capture.path}{query}",
            Headers(capture.headers),
            capture.body,
            lambda: verify_request(capture.headers, capture.body, secrets, now=now),
        )


class Capture:
    """The same for tests that are no coroutines; `run` runs a coroutine in the test's loop."""

    def __init__(self, capture: AsyncCapture, run: Callable[[Any], Any]) -> None:
        self.awaitable = capture
        self._run = run

    @property
    def url(self) -> str:
        """Where it listens, on loopback."""
        return self.awaitable.url

    @property
    def requests(self) -> list[Request]:
        """What came, oldest first."""
        return self.awaitable.requests

    def behaviour(self, *steps: int | dict[str, Any]) -> None:
        """Say how it answers: a step for each request, the last of which repeats.

        A step is a status, or an object such as {"status": 200, "delay": "50ms", "headers": {},
        "body": ""}, {"hang": True} or {"reset": True}. Raises `InputError`.
        """
        self._run(self.awaitable.behaviour(*steps))

    def wait(
        self, count: int = 1, *, event: str | None = None, timeout: str = "10s"
    ) -> list[Request]:
        """Return the requests once there are so many; those of one type of event, if it is named.

        Raises `TimeoutError`, saying what came.
        """
        found: list[Request] = self._run(self.awaitable.wait(count, event=event, timeout=timeout))
        return found
