"""What a check works with: new events, right and wrong signatures, and a way to send."""

import random
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, Unpack

from msgspec.structs import replace

from pivotal_sandbox.check.model import Exchange
from pivotal_sandbox.check.request import (
    CheckRequest,
    RequestChanges,
    RequestOptions,
    build_check_request,
)
from pivotal_sandbox.check.session import Session, Settings, Trace
from pivotal_sandbox.clock import sleep, wall_time
from pivotal_sandbox.common.ids import DELIVERY, EVENT, Ids
from pivotal_sandbox.common.json_values import deep_copy
from pivotal_sandbox.domain.catalog_loader import load_catalog
from pivotal_sandbox.domain.models import Event
from pivotal_sandbox.domain.payload import build_body
from pivotal_sandbox.signature import VERSION, mac

_PLAIN = {"name": "Bluewater Mobility", "domain": "bluewater.example.org"}


Stage = Literal[
    "first",  # before all others, which depend on it
    "hostile",  # one request at a time, so that a crash can be attributed
    "genuine",  # one at a time, concurrently with the hostile ones
    "waiting",  # all concurrently, because they mostly wait
    "crowd",  # alone, after the others
    "last",  # judges the log of all others
    "restart",  # kills the receiver, so it comes after all others
]


class CheckContext:
    """What one check works with in a session. Its randomness depends on the seed and its id."""

    def __init__(self, session: Session, check_id: str, stage: Stage) -> None:
        self.session = session
        self.check_id = check_id
        self.stage = stage
        self.random = random.Random(f"{session.settings.seed}/{check_id}")
        self._ids = Ids(self.random)

    @property
    def settings(self) -> Settings:
        """The settings of the run."""
        return self.session.settings

    @property
    def log(self) -> Sequence[Trace]:
        """Everything that all checks have sent so far."""
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
        """Return the catalog's example with a new id, as compact ASCII JSON."""
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
        """Return a new event whose body is built from its id."""
        id = self._ids.new(EVENT, self.session.now)
        return Event(id, type, "test", self.session.now, body(id))

    def new_delivery_id(self) -> str:
        """Return a new delivery id."""
        return self._ids.new(DELIVERY, self.session.now)

    def sign(self, body: bytes, t: int | str, secret: str | None = None) -> str:
        """Return the `sig` of a body, in base64."""
        return mac(body, self.settings.secret if secret is None else secret, t)

    def build_genuine(
        self, label: str, event: Event, **changes: Unpack[RequestChanges]
    ) -> CheckRequest:
        """Return a delivery of `event`, signed now unless `changes` say otherwise."""
        return build_check_request(label, event, self._options(changes))

    def build_forged(
        self, label: str, event: Event, **changes: Unpack[RequestChanges]
    ) -> CheckRequest:
        """Return a delivery that a receiver has to refuse."""
        return build_check_request(label, event, replace(self._options(changes), genuine=False))

    def _options(self, changes: RequestChanges) -> RequestOptions:
        plain = RequestOptions(
            url=self.settings.url,
            secret=self.settings.secret,
            t=self.now(),
            delivery_id=changes.get("delivery_id") or self.new_delivery_id(),
        )
        return replace(plain, **changes)

    def build_resigned(
        self, label: str, sig: Callable[[bytes, int], str], *, t: int = 0
    ) -> CheckRequest:
        """Return a forged delivery of a new event; `sig` computes its signature from body and t."""
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
            hostile=self.stage == "hostile",
            concurrent=self.stage == "crowd",
            piece=piece,
            pause_ms=pause_ms,
            timeout_ms=timeout_ms,
        )

    async def send_all(self, requests: Iterable[CheckRequest]) -> list[Exchange]:
        """Send requests one after the other; stop after a timeout.

        Each request is built only when it is sent, so that its signature is fresh.
        """
        exchanges = []
        for request in requests:
            exchanges.append(await self.send(request))
            if exchanges[-1].failure == "timeout":
                break
        return exchanges

    async def count_effects(self, *events: Event) -> list[int]:
        """Wait until the effects have settled, and return how often each event took effect."""
        counts = await self.session.counts([event.id for event in events])
        return [counts[event.id] for event in events]

    async def has_effect(self, event: Event) -> bool:
        """Return whether the event took effect in time."""
        counts = await self.session.counts([event.id])
        return counts[event.id] > 0

    async def wait_before_retry(self) -> None:
        """Wait as long as any sender does before it retries."""
        await sleep(self.settings.options.waits.retry_after_ms)

    @property
    def has_probe(self) -> bool:
        """Whether effects can be seen."""
        return self.session.probe is not None
