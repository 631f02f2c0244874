"""What goes wrong on purpose while deliveries are sent: their faults, and the chaos of the day."""

import random
from collections.abc import Awaitable, Callable, Sequence

from msgspec.structs import replace

from pivotal_sandbox.clock import sleep
from pivotal_sandbox.domain.catalog import Catalog
from pivotal_sandbox.domain.models import Attempt, Delivery, Event, Outcome, Request, Response
from pivotal_sandbox.errors import InputError
from pivotal_sandbox.faults.apply import spoil, spoil_events
from pivotal_sandbox.faults.chaos import Chaos, ChaosEffect
from pivotal_sandbox.faults.content import spoil_event
from pivotal_sandbox.faults.registry import VERBATIM
from pivotal_sandbox.faults.signature import SigningContext
from pivotal_sandbox.faults.transport import SPOIL as TRANSPORT
from pivotal_sandbox.faults.transport import as_headed
from pivotal_sandbox.feed import Triggered

_PHRASES = {502: "Bad Gateway", 503: "Service Unavailable"}


class FaultInjector:
    """Spoils events and deliveries as they are made, and requests as they are sent by `send`.

    `attempts` gives the attempts at a delivery; `has_socket` says whether a URL is reached over a
    socket, which some faults need. `chaos` is None while there is none.
    """

    def __init__(
        self,
        *,
        seed: str,
        send: Callable[[Request], Awaitable[Outcome]],
        attempts: Callable[[str], Awaitable[list[Attempt]]],
        catalog: Callable[[], Catalog],
        has_socket: Callable[[str], bool],
    ) -> None:
        self.chaos: Chaos | None = None
        self._seed = seed
        self._send = send
        self._attempts = attempts
        self._catalog = catalog
        self._has_socket = has_socket

    def spoilt(self, made: Sequence[Triggered], name: str | None) -> list[Triggered]:
        """Return events and their deliveries with a fault, or with those that chance gives them.

        Raises `InputError` for a fault that there is not, or that they cannot have.
        """
        if name is None:
            return [self._by_chance(triggered) for triggered in made]
        events = spoil_events(name, [triggered.event for triggered in made], self._catalog())
        for delivery in made[-1].deliveries:
            if name in TRANSPORT and not self._has_socket(delivery.url):
                raise InputError(
                    f"{name} needs a socket, and {delivery.url} is not reached over one.",
                    pointer="/fault",
                )
        return [
            _with(event, triggered, name) for event, triggered in zip(events, made, strict=True)
        ]

    def _by_chance(self, triggered: Triggered) -> Triggered:
        assert self.chaos is not None
        if name := self.chaos.of_event(self._seed, triggered.event.id):
            try:
                return _with(spoil_event(name, triggered.event, self._catalog()), triggered, name)
            except InputError:  # an event without what this fault changes stays as it is
                return triggered
        return Triggered(triggered.event, tuple(map(self._drawn, triggered.deliveries)))

    def _drawn(self, delivery: Delivery) -> Delivery:
        assert self.chaos is not None
        name = self.chaos.of_delivery(self._seed, delivery.id)
        if name in TRANSPORT and not self._has_socket(delivery.url):
            return delivery
        return replace(delivery, fault=name)

    async def request(
        self, delivery: Delivery, planned: Request, signing: SigningContext, number: int
    ) -> Request | None:
        """Return what is put on the wire in place of what was planned.

        None where it would be a replay of what is no longer known.
        """
        if delivery.fault == VERBATIM:
            return await self._as_before(delivery, planned)
        return spoil(delivery.fault, planned, signing, number=number)

    def signing(
        self, delivery: Delivery, secrets: tuple[str, ...], timestamp: int
    ) -> SigningContext:
        """Return what a delivery is signed with; secrets made up are its own."""
        source = random.Random(f"{self._seed}/fault/{delivery.id}")
        return SigningContext(secrets, timestamp, source)

    async def send(self, delivery: Delivery, request: Request, number: int) -> Outcome:
        """Send the request, through the chaos of the day."""
        if self.chaos is None:
            return await self._send(request)
        trouble = self.chaos.of_attempt(self._seed, delivery.id, number)
        if trouble.delay_ms:
            await sleep(trouble.delay_ms)
        return _troubled(await self._send(request), trouble)

    async def _as_before(self, delivery: Delivery, planned: Request) -> Request | None:
        source = delivery.id if delivery.attempt_count else delivery.replay_of
        attempts = await self._attempts(source or "")
        if not attempts:
            return None
        last = attempts[-1]
        body = planned.body if last.request_body is None else last.request_body
        return as_headed(replace(planned, headers=last.request_headers, body=body))


def _with(event: Event, made: Triggered, fault: str) -> Triggered:
    deliveries = [replace(d, event_type=event.type, fault=fault) for d in made.deliveries]
    return Triggered(event, tuple(deliveries))


def _troubled(outcome: Outcome, trouble: ChaosEffect) -> Outcome:
    """Return what the sender sees of how an exchange ended."""
    if outcome.response is None:
        return outcome
    answered = f"the receiver answered {outcome.response.status_code}"
    if trouble.timeout:
        detail = f"Chaos: {answered}, but the sender had stopped waiting."
        return Outcome(outcome.timing, None, "timeout", detail)
    if trouble.status_code is None:
        return outcome
    phrase = f"{trouble.status_code} {_PHRASES[trouble.status_code]}"
    detail = f"Chaos: {answered}, but a gateway answered {phrase} in its place."
    headers = (("content-type", "text/plain"), ("server", "chaos"))
    response = Response(trouble.status_code, headers, detail.encode())
    return Outcome(outcome.timing, response, None, detail)
