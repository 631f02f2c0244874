"""What goes on, as server-sent events: each message is made once, for all who follow.

A message has an id, and whoever comes back with `Last-Event-ID` gets what was missed. Where that
is too long ago, or from another run, a `reset` says that the lists have to be read anew.
"""

import asyncio
import secrets
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import msgspec

from pivotal_sandbox.clock import sleep
from pivotal_sandbox.common.timestamps import format_rfc3339
from pivotal_sandbox.domain.models import Capture, Delivery, Endpoint
from pivotal_sandbox.feed import (
    Activity,
    Attempted,
    Captured,
    ChaosChanged,
    ClockChanged,
    DeliveryChanged,
    EndpointChanged,
    Feed,
    Triggered,
)
from pivotal_sandbox.web.views import DeliveryView, EndpointView

_HELD = 2000  # messages that can be missed
_GATHER = 20  # ms from one write to the next, so that a flood costs few writes
_ALIVE = 15.0  # seconds of silence, after which a comment shows that the line is up


@dataclass(slots=True)
class _Message:
    number: int
    kind: str
    content: Any  # only what the frame needs: captured bodies are not held here
    frame: bytes | None = None


class Stream:
    """The messages of one run, and those who follow them."""

    def __init__(self, feed: Feed) -> None:
        self._run = secrets.token_hex(4)
        self._messages: deque[_Message] = deque(maxlen=_HELD)
        self._number = 0
        self._followers: set[asyncio.Event] = set()
        self._closed = False
        self._is_followed = False
        feed.subscribe(self._listen)

    def close(self) -> None:
        """End it for all who follow."""
        self._closed = True
        self._wake()

    async def follow(self, last_event_id: str | None) -> AsyncIterator[bytes]:
        """Yield frames, first those after `last_event_id`, then as things happen."""
        news = asyncio.Event()
        self._followers.add(news)
        self._is_followed = True
        try:
            number = self._number
            yield b"retry: 1000\n\n"
            if last_event_id:
                known = self._known(last_event_id)
                if known is None:
                    yield self._frame(number, "reset", {})
                else:
                    number = known
            while not self._closed:
                news.clear()
                frames = self._after(number)
                if frames:
                    number = self._number
                    yield b"".join(frames)
                    await sleep(_GATHER)
                    continue
                try:
                    await asyncio.wait_for(news.wait(), _ALIVE)
                except TimeoutError:
                    yield b": still here\n\n"
        finally:
            self._followers.discard(news)

    def _listen(self, activity: Activity) -> None:
        if not self._is_followed:  # nobody can have missed what nobody ever followed
            return
        if isinstance(activity, Triggered):
            for delivery in activity.deliveries:
                self._add("delivery", delivery)
        elif isinstance(activity, Attempted):
            self._add("attempt", (activity.delivery, activity.verdict))
        elif isinstance(activity, Captured):
            self._add("capture", _without_body(activity.capture))
        elif isinstance(activity, DeliveryChanged):
            self._add("delivery", activity.delivery)
        elif isinstance(activity, EndpointChanged):
            self._add("endpoint", activity)
        elif isinstance(activity, ChaosChanged):
            self._add("chaos", {"spec": activity.spec})
        else:
            self._add("clock", activity)

    def _add(self, kind: str, content: Any) -> None:
        self._number += 1
        self._messages.append(_Message(self._number, kind, content))
        self._wake()

    def _wake(self) -> None:
        for follower in self._followers:
            follower.set()

    def _known(self, event_id: str) -> int | None:
        """Return the number of the message with that id, if all after it are still held."""
        run, _, number = event_id.rpartition("-")
        if run != self._run or not number.isascii() or not number.isdigit():
            return None
        oldest = self._messages[0].number if self._messages else self._number + 1
        return int(number) if oldest - 1 <= int(number) <= self._number else None

    def _after(self, number: int) -> list[bytes]:
        missed = self._number - number
        if missed > len(self._messages):  # it happened faster than this follower reads
            return [self._frame(self._number, "reset", {})]
        return [self._encoded(self._messages[-back]) for back in range(missed, 0, -1)]

    def _encoded(self, message: _Message) -> bytes:
        if message.frame is None:
            message.frame = self._frame(message.number, message.kind, _view(message.content))
        return message.frame

    def _frame(self, number: int, kind: str, content: Any) -> bytes:
        data = msgspec.json.encode(content)
        return b"id: %b-%d\nevent: %b\ndata: %b\n\n" % (
            *(self._run.encode(), number, kind.encode(), data),
        )


def _without_body(capture: Capture) -> dict[str, Any]:
    return {
        "id": capture.id,
        "bin": capture.bin,
        "method": capture.method,
        "path": capture.path,
        "received_at": format_rfc3339(capture.received_at),
        "signed": capture.signed,
        "verified": capture.verified,
        "reason": capture.reason,
        "verdict": capture.verdict,
        "response": {"status": capture.status, "duration_ms": capture.duration_ms},
    }


def _view(content: Any) -> Any:
    if isinstance(content, Delivery):
        return DeliveryView.of(content)
    if isinstance(content, tuple):
        delivery, verdict = content
        return {"delivery": DeliveryView.of(delivery), "verdict": verdict}
    if isinstance(content, EndpointChanged):
        endpoint: Endpoint = content.endpoint
        return {"endpoint": EndpointView.of(endpoint), "deleted": content.deleted}
    if isinstance(content, ClockChanged):
        return {"now": format_rfc3339(content.now), "speed": content.speed}
    return content
