"""What a check works with: events of its own, signatures good and bad, and a way to send."""

import random
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal

from pivotal_sandbox.check.model import Exchange
from pivotal_sandbox.check.request import CheckRequest, build_check_request
from pivotal_sandbox.check.session import Session, Settings, Trace
from pivotal_sandbox.clock import sleep, wall_time
from pivotal_sandbox.common.ids import DELIVERY, EVENT, Ids
from pivotal_sandbox.common.json_values import deep_copy
from pivotal_sandbox.domain.catalog_loader import load_catalog
from pivotal_sandbox.domain.models import Event
from pivotal_sandbox.domain.payload import build_body
from pivotal_sandbox.signature import VERSION, mac

_PLAIN = {"name": "Bluewater Mobility", "domain": "bluewater.example.org"}


Turn = Literal[
    "first",  # before all others, which build on it
    "hostile",  # one request at a time, so that it is known which one did harm
    "genuine",  # one at a time, beside the hostile ones
    "waiting",  # all at once: they mostly wait
    "crowd",  # alone, after the others
    "last",  # judges what all the others have seen
    "restart",  # kills the receiver, so it comes after all others
]


class CheckContext:
    """What one check works with in a session. Its randomness depends on the seed and its id."""

    def __init__(self, session: Session, check_id: str, turn: Turn) -> None:
        self.session = session
        self.check_id = check_id
        self.turn = turn
        self.random = random.Random(f"{session.settings.seed}/{check_id}")
        self._ids = Ids(self.random)

    @property
    def settings(self) -> Settings:
        """What the run was told."""
        return self.session.settings

    @property
    def log(self) -> Sequence[Trace]:
        """All that was sent by all checks so far."""
        return self.session.log

    def now(self) -> int:
        """Return the time to sign with, in Unix seconds."""
        return int(wall_time())

    def new_event(
        self,
        type: str = "customer.at_risk",
        *,
        edit: "Callable[[dict[str, Any]], None] | None" = None,
        created_at: int | None = None,
    ) -> Event:
        """Return an event of its own, in compact ASCII: the catalog's example with another id."""
        catalog = load_catalog()
        example = catalog.get(type if type in catalog else "customer.at_risk").example["data"]
        record = deep_copy(example)
        record.update({key: value for key, value in _PLAIN.items() if key in record})
        if "id" in record:
            record["id"] = self._ids.new(record["id"].partition("_")[0] + "_", self.session.now)
        if edit is not None:
            edit(record)
        created_at = self.session.now if created_at is None else created_at
        return self.new_event_with_body(type, lambda id: build_body(id, type, created_at, record))

    def new_event_with_body(self, type: str, body: Callable[[str], bytes]) -> Event:
        """Return an event whose body is made, from its id, as the caller likes."""
        id = self._ids.new(EVENT, self.session.now)
        return Event(id, type, "test", self.session.now, body(id))

    def new_delivery_id(self) -> str:
        """Return a new delivery id."""
        return self._ids.new(DELIVERY, self.session.now)

    def sign(self, body: bytes, t: int | str, secret: str | None = None) -> str:
        """Return the `sig` for a body."""
        return mac(body, self.settings.secret if secret is None else secret, t)

    def build_genuine(self, label: str, event: Event, **changes: Any) -> CheckRequest:
        """Return a signed delivery of `event`; `changes` are those of `build_check_request`."""
        t = changes.pop("t", self.now())
        delivery_id = changes.pop("delivery_id", None) or self.new_delivery_id()
        secret = changes.pop("secret", self.settings.secret)
        return build_check_request(
            label,
            event,
            url=self.settings.url,
            secret=secret,
            t=t,
            delivery_id=delivery_id,
            **changes,
        )

    def build_forged(self, label: str, event: Event, **changes: Any) -> CheckRequest:
        """Return a delivery that a receiver has to refuse."""
        return self.build_genuine(label, event, genuine=False, **changes)

    def build_resigned(
        self, label: str, sig: Callable[[bytes, int], str], *, t: int = 0
    ) -> CheckRequest:
        """Return a forged delivery of a fresh event, whose `sig` is made of its body and `t`."""
        event, t = self.new_event(), t or self.now()
        header = f"{VERSION},t={t},sig={sig(event.body, t)}"
        return self.build_forged(label, event, signatures=[header], t=t)

    async def send(
        self,
        request: CheckRequest,
        *,
        piece: int = 0,
        pause_ms: float = 0,
        timeout_ms: float | None = None,
    ) -> Exchange:
        """Send a request and return what came back."""
        return await self.session.send(
            self.check_id,
            request,
            hostile=self.turn == "hostile",
            concurrent=self.turn == "crowd",
            piece=piece,
            pause_ms=pause_ms,
            timeout_ms=timeout_ms,
        )

    async def send_all(self, requests: Iterable[CheckRequest]) -> list[Exchange]:
        """Send requests one after the other, each made when its turn comes; a hang ends it."""
        exchanges = []
        for request in requests:
            exchanges.append(await self.send(request))
            if exchanges[-1].failure == "timeout":
                break
        return exchanges

    async def count_effects(self, *events: Event) -> list[int]:
        """Return how often each event took effect, once that has settled."""
        found = await self.session.counts([event.id for event in events])
        return [found[event.id] for event in events]

    async def has_effect(self, event: Event) -> bool:
        """Wait until the event took effect, and return whether it did in time."""
        found = await self.session.counts([event.id])
        return found[event.id] > 0

    async def wait_before_retry(self) -> None:
        """Wait as long as no sender would fall short of."""
        await sleep(self.settings.waits.retry_after_ms)

    @property
    def has_probe(self) -> bool:
        """Say whether effects can be seen."""
        return self.session.probe is not None
