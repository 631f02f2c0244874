"""Chaos and faults between the plan and the network, which here is a function."""

import json

import pytest
from msgspec.structs import replace

from pivotal_sandbox.clock import MANUAL_START
from pivotal_sandbox.domain.catalog_loader import load_catalog
from pivotal_sandbox.domain.models import (
    Attempt,
    Delivery,
    Event,
    Outcome,
    Request,
    Response,
    Timing,
    Wire,
)
from pivotal_sandbox.domain.payload import build_body
from pivotal_sandbox.domain.request import build_request
from pivotal_sandbox.errors import InputError
from pivotal_sandbox.faults.chaos import parse_chaos
from pivotal_sandbox.faults.injector import FaultInjector
from pivotal_sandbox.feed import Triggered

OK = Outcome(Timing(1.0), Response(200, (), b"fine"))
REFUSED = Outcome(Timing(1.0), None, "connection_refused", "Nobody listens.")
DELIVERY = Delivery("msg_1", "evt_1", "x", "ep_1", "test", "http://a.test/", MANUAL_START)
REQUEST = build_request("msg_1", "x", b"{}", url="http://a.test/", secrets=["whsec_x"], timestamp=1)
SPENT = Attempt("msg_0", 1, 0, (("host", "old.test"), ("content-length", "4")), OK, b"[12]")


class Network:
    """A network for the injector, which records delays and requests in the order they happen."""

    def __init__(self, chaos: str = "") -> None:
        self.outcome = OK
        self.happened: list[Request | float] = []
        self.log: dict[str, list[Attempt]] = {"msg_0": [SPENT]}
        self.sockets = True
        self.fault_injector = FaultInjector(
            seed="7",
            send=self.send,
            attempts=self.attempts,
            catalog=load_catalog,
            has_socket=lambda url: self.sockets,
            sleep=self.sleep,
        )
        self.fault_injector.chaos = parse_chaos(chaos) if chaos else None

    @property
    def sent(self) -> list[Request]:
        """The requests that were sent."""
        return [item for item in self.happened if isinstance(item, Request)]

    async def send(self, request: Request) -> Outcome:
        self.happened.append(request)
        return self.outcome

    async def sleep(self, ms: float) -> None:
        self.happened.append(ms)

    async def attempts(self, delivery_id: str) -> list[Attempt]:
        return self.log.get(delivery_id, [])

    async def outcome_of(self, number: int = 1) -> Outcome:
        return await self.fault_injector.send(DELIVERY, REQUEST, number)

    async def request(self, **changes: object) -> Request | None:
        delivery = replace(DELIVERY, **changes)
        signing = self.fault_injector.signing(delivery, ("whsec_x",), 1)
        return await self.fault_injector.request(
            delivery, REQUEST, signing, delivery.attempt_count + 1
        )


async def test_without_chaos_the_outcome_is_the_network_s() -> None:
    network = Network()
    assert await network.outcome_of() is OK
    assert network.sent == [REQUEST]


async def test_a_gateway_answers_in_place_of_the_receiver_that_got_the_request() -> None:
    network = Network("5xx=100%")
    outcome = await network.outcome_of()
    assert network.sent == [REQUEST]
    assert outcome.response is not None
    assert outcome.response.status_code in (502, 503)
    assert b"the receiver answered 200, but a gateway answered 50" in outcome.response.body
    assert outcome.detail == outcome.response.body.decode()
    assert outcome.timing == OK.timing
    assert not outcome.ok


async def test_an_answer_that_is_lost_is_a_timeout() -> None:
    network = Network("timeout=100%")
    outcome = await network.outcome_of()
    assert network.sent == [REQUEST]
    assert (outcome.error, outcome.response) == ("timeout", None)
    assert outcome.detail == "Chaos: the receiver answered 200, but the sender had stopped waiting."


@pytest.mark.parametrize("chaos", ["5xx=100%", "timeout=100%"])
async def test_what_nobody_answered_stays_what_it_is(chaos: str) -> None:
    network = Network(chaos)
    network.outcome = REFUSED
    assert await network.outcome_of() is REFUSED


async def test_a_delay_comes_before_the_request() -> None:
    network = Network("delay=100ms..200ms")
    assert await network.outcome_of() is OK
    [delay, request] = network.happened
    assert isinstance(delay, float | int)
    assert 100 <= delay <= 200
    assert request is REQUEST


async def test_without_a_delay_the_request_is_sent_at_once() -> None:
    network = Network("5xx=0%")
    await network.outcome_of()
    assert network.happened == [REQUEST]


async def test_chance_that_hits_nothing_changes_nothing() -> None:
    assert await Network("5xx=0%").outcome_of() is OK


async def test_what_is_repeated_verbatim_is_what_was_sent_before() -> None:
    network = Network()
    request = await network.request(fault="verbatim", replay_of="msg_0")
    assert request == Request("POST", "http://a.test/", SPENT.request_headers, b"[12]")


async def test_a_body_that_was_the_event_s_is_so_again() -> None:
    network = Network()
    network.log["msg_0"] = [
        SPENT,
        replace(SPENT, request_body=None, request_headers=(("content-length", "2"),)),
    ]
    request = await network.request(fault="verbatim", replay_of="msg_0")
    assert request == Request("POST", "http://a.test/", (("content-length", "2"),), b"{}")


async def test_what_was_cut_is_cut_again() -> None:
    network = Network()
    network.log["msg_0"] = [replace(SPENT, request_headers=(("content-length", "9"),))]
    request = await network.request(fault="verbatim", replay_of="msg_0")
    assert request is not None
    assert (request.body, request.wire) == (b"[12]", Wire(ending="half-close"))


async def test_its_retries_repeat_its_own_first_attempt() -> None:
    network = Network()
    network.log = {"msg_1": [SPENT]}
    request = await network.request(fault="verbatim", replay_of="msg_0", attempt_count=1)
    assert request is not None
    assert request.headers == SPENT.request_headers


async def test_what_is_no_longer_known_is_not_repeated() -> None:
    network = Network()
    network.log = {}
    assert await network.request(fault="verbatim", replay_of="msg_0") is None


async def test_a_made_up_secret_is_the_delivery_s_own_and_stays_the_same() -> None:
    network = Network()
    first = await network.request(fault="wrong-secret")
    again = await network.request(fault="wrong-secret")
    other = await network.request(fault="wrong-secret", id="msg_2")
    assert first == again
    assert len({first, other, REQUEST}) == 3


def made(count: int = 200) -> list[Triggered]:
    found = []
    for number in range(count):
        body = build_body(f"evt_{number}", "customer.created", MANUAL_START, {"id": "cus_1"})
        event = Event(f"evt_{number}", "customer.created", "test", MANUAL_START, body)
        found.append(
            Triggered(event, (replace(DELIVERY, id=f"msg_{number}", event_type=event.type),))
        )
    return found


def faults(made: list[Triggered]) -> set[str | None]:
    return {delivery.fault for triggered in made for delivery in triggered.deliveries}


def test_chance_spoils_events_and_deliveries_and_says_so() -> None:
    network = Network("unknown-event-type=50%,duplicate=50%")
    spoilt = network.fault_injector.apply(made(), None)
    assert faults(spoilt) == {"unknown-event-type", "duplicate"}
    for triggered in spoilt:
        [delivery] = triggered.deliveries
        known = delivery.fault == "duplicate"
        type = "customer.created" if known else "customer.reassigned"
        assert (
            triggered.event.type
            == json.loads(triggered.event.body)["type"]
            == delivery.event_type
            == type
        )
    assert spoilt == network.fault_injector.apply(made(), None)


def test_chance_leaves_alone_what_it_cannot_spoil() -> None:
    network = Network("unicode=50%,slow-body=50%")
    network.sockets = False
    assert faults(network.fault_injector.apply(made(), None)) == {None}


def test_a_fault_that_needs_a_socket_is_refused_where_there_is_none() -> None:
    network = Network()
    network.sockets = False
    with pytest.raises(InputError, match="slow-body needs a socket, and http:") as caught:
        network.fault_injector.apply(made(1), "slow-body")
    assert caught.value.pointer == "/fault"
    assert faults(network.fault_injector.apply(made(1), "no-signature")) == {"no-signature"}
