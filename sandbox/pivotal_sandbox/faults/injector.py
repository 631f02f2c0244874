"""What goes wrong on purpose while deliveries are sent: their faults, and the chaos of the day."""

import random
from collections.abc import Awaitable, Callable, Sequence

from msgspec.structs import replace

from pivotal_sandbox.clock import sleep
from pivotal_sandbox.domain.catalog import Catalog
from pivotal_sandbox.domain.models import Attempt, Delivery, Event, Outcome, Request, Response
from pivotal_sandbox.errors import InputError
from pivotal_sandbox.faults.apply import alter_events, alter_request
from pivotal_sandbox.faults.chaos import Chaos, ChaosEffect
from pivotal_sandbox.faults.content import alter_event
from pivotal_sandbox.faults.registry import VERBATIM, find_fault
from pivotal_sandbox.faults.signature import SigningContext
from pivotal_sandbox.faults.transport import as_headed
from pivotal_sandbox.feed import Triggered

_PHRASES = {502: "Bad Gateway", 503: "Service Unavailable"}


class FaultInjector:
    """Alter events and deliveries when they are created, and requests when `send` sends them.

    `attempts` returns the attempts of a delivery. `has_socket` returns whether a URL is reached
    over a socket, which some faults need. `chaos` is None while no chaos is set.
    """

    def __init__(
        self,
        *,
        seed: str,
        send: Callable[[Request], Awaitable[Outcome]],
        attempts: Callable[[str], Awaitable[list[Attempt]]],
        catalog: Callable[[], Catalog],
        has_socket: Callable[[str], bool],
        sleep: Callable[[float], Awaitable[None]] = sleep,
    ) -> None:
        self.chaos: Chaos | None = None
        self._seed = seed
        self._send = send
        self._attempts = attempts
        self._catalog = catalog
        self._has_socket = has_socket
        self._sleep = sleep

    def apply(self, triggered: Sequence[Triggered], name: str | None) -> list[Triggered]:
        """Return events and their deliveries with the fault, or with those that chaos draws.

        Raise `InputError` for an unknown fault, or one that these deliveries cannot have.
        """
        if name is None:
            return [self._by_chance(item) for item in triggered]
        events = alter_events(name, [item.event for item in triggered], self._catalog())
        for delivery in triggered[-1].deliveries:
            if not self._can_apply(name, delivery):
                raise InputError(
                    f"{name} needs a socket, and {delivery.url} is not reached over one.",
                    pointer="/fault",
                )
        return [_with(event, item, name) for event, item in zip(events, triggered, strict=True)]

    def _by_chance(self, triggered: Triggered) -> Triggered:
        assert self.chaos is not None
        if name := self.chaos.of_event(self._seed, triggered.event.id):
            try:
                return _with(alter_event(name, triggered.event, self._catalog()), triggered, name)
            except InputError:  # an event without what this fault changes stays as it is
                return triggered
        return Triggered(triggered.event, tuple(map(self._drawn, triggered.deliveries)))

    def _drawn(self, delivery: Delivery) -> Delivery:
        assert self.chaos is not None
        name = self.chaos.of_delivery(self._seed, delivery.id)
        if not self._can_apply(name, delivery):
            return delivery
        return replace(delivery, fault=name)

    def _can_apply(self, name: str | None, delivery: Delivery) -> bool:
        """Return whether the delivery can have the fault: some need a socket."""
        fault = find_fault(name)
        needs_socket = fault is not None and fault.group == "transport"
        return not needs_socket or self._has_socket(delivery.url)

    async def request(
        self, delivery: Delivery, planned: Request, signing: SigningContext, number: int
    ) -> Request | None:
        """Return what is put on the wire in place of what was planned.

        None where it would be a replay of what is no longer known.
        """
        if delivery.fault == VERBATIM:
            return await self._verbatim_request(delivery, planned)
        return alter_request(delivery.fault, planned, signing, number=number)

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
        effect = self.chaos.of_attempt(self._seed, delivery.id, number)
        if effect.delay_ms:
            await self._sleep(effect.delay_ms)
        return _with_effect(await self._send(request), effect)

    async def _verbatim_request(self, delivery: Delivery, planned: Request) -> Request | None:
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


def _with_effect(outcome: Outcome, effect: ChaosEffect) -> Outcome:
    """Return what the sender sees of how an exchange ended."""
    if outcome.response is None:
        return outcome
    answered = f"the receiver answered {outcome.response.status_code}"
    if effect.timeout:
        detail = f"Chaos: {answered}, but the sender had stopped waiting."
        return Outcome(outcome.timing, None, "timeout", detail)
    if effect.status_code is None:
        return outcome
    phrase = f"{effect.status_code} {_PHRASES[effect.status_code]}"
    detail = f"Chaos: {answered}, but a gateway answered {phrase} in its place."
    headers = (("content-type", "text/plain"), ("server", "chaos"))
    response = Response(effect.status_code, headers, detail.encode())
    return Outcome(outcome.timing, response, None, detail)
