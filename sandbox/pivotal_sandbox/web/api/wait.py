"""The API's wait: until it has happened, or for as long as one cares to."""

import asyncio
import contextlib
from typing import Any

import msgspec
from msgspec import Struct

from pivotal_sandbox.domain.models import Delivery, Status
from pivotal_sandbox.errors import InputError
from pivotal_sandbox.feed import Activity, Attempted, DeliveryChanged, Triggered
from pivotal_sandbox.sandbox.sandbox import Sandbox
from pivotal_sandbox.store.deliveries import DeliveryFilter
from pivotal_sandbox.web.api.deliveries import WAIT_MOST
from pivotal_sandbox.web.operation import Call, Operation, Reply
from pivotal_sandbox.web.problem_details import Problem
from pivotal_sandbox.web.request_parsing import read_duration
from pivotal_sandbox.web.views import DeliveryView

_PAGE = 500


class WaitRequest(Struct, forbid_unknown_fields=True):
    """What to wait for. `where` has fields of the delivery or dotted paths into the event's body.

    What is in the log already counts.
    """

    type: str
    status: Status = "delivered"
    count: int = 1
    timeout: str = "10s"
    where: dict[str, Any] = {}


class Waited(Struct):
    """It happened: the deliveries, the first one first."""

    matched: list[DeliveryView]
    count: int


async def wait(call: Call[None, WaitRequest]) -> Waited | Reply:
    """Answer once so many deliveries of a type have a status; 408 with what was seen if not."""
    wish, sandbox = call.body, call.sandbox
    sandbox.catalog.get(wish.type)
    if wish.count < 1:
        raise InputError("The count is 1 or more.", pointer="/count")
    timeout = read_duration(wish.timeout, "/timeout")
    if timeout > WAIT_MOST:
        raise InputError("At most 5m can be waited for in one call.", pointer="/timeout")
    watch = _Watch(sandbox, wish)
    unsubscribe = sandbox.feed.subscribe(watch.listen)
    try:
        await watch.read_log()
        await asyncio.wait_for(watch.enough(), timeout / 1000)
    except TimeoutError:
        return _too_late(wish, watch)
    finally:
        unsubscribe()
    matched = [DeliveryView.of(watch.matched[id]) for id in sorted(watch.matched)]
    return Waited(matched, len(matched))


class _Watch:
    """The deliveries of one type, as they come to be what is wished for."""

    def __init__(self, sandbox: Sandbox, wish: WaitRequest) -> None:
        self.matched: dict[str, Delivery] = {}
        self.seen: dict[str, Delivery] = {}
        self._sandbox = sandbox
        self._wish = wish
        self._news: asyncio.Queue[Delivery] = asyncio.Queue()

    def listen(self, activity: Activity) -> None:
        deliveries: tuple[Delivery, ...] = ()
        if isinstance(activity, Triggered):
            deliveries = activity.deliveries
        elif isinstance(activity, Attempted | DeliveryChanged):
            deliveries = (activity.delivery,)
        for delivery in deliveries:
            if delivery.event_type == self._wish.type:
                self._news.put_nowait(delivery)

    async def read_log(self) -> None:
        cursor = None
        wanted = DeliveryFilter(event_type=self._wish.type)
        while True:
            page, cursor = await self._sandbox.deliveries.page(wanted, limit=_PAGE, cursor=cursor)
            for delivery in page:
                await self._look_at(delivery)
            if cursor is None or len(self.matched) >= self._wish.count:
                return

    async def enough(self) -> None:
        while len(self.matched) < self._wish.count:
            await self._look_at(await self._news.get())

    async def _look_at(self, delivery: Delivery) -> None:
        self.seen[delivery.id] = delivery
        if delivery.status == self._wish.status and await self._is_where(delivery):
            self.matched[delivery.id] = delivery

    async def _is_where(self, delivery: Delivery) -> bool:
        if not self._wish.where:
            return True
        event = await self._sandbox.deliveries.event(delivery.event_id)
        fields = msgspec.to_builtins(DeliveryView.of(delivery))
        # A body that was spoiled on purpose has no fields.
        with contextlib.suppress(msgspec.DecodeError, TypeError):
            fields = msgspec.json.decode(event.body) | fields
        return all(_at(fields, path) == value for path, value in self._wish.where.items())


def _at(value: Any, path: str) -> Any:
    for key in path.split("."):
        if isinstance(value, list) and key.isdigit() and int(key) < len(value):
            value = value[int(key)]
        elif isinstance(value, dict) and key in value:
            value = value[key]
        else:
            return None
    return value


def _too_late(wish: WaitRequest, watch: _Watch) -> Reply:
    detail = (
        f"{len(watch.matched)} of {wish.count} {wish.type} came to be {wish.status} "
        f"within {wish.timeout}."
    )
    latest = sorted(watch.seen)[-_PAGE:]
    seen = [DeliveryView.of(watch.seen[id]) for id in latest]
    return Reply(408, Problem("It did not happen in time", 408, detail, seen=seen))


OPERATIONS = (Operation("POST", "/api/wait", wait, {200: Waited}, body=WaitRequest),)
