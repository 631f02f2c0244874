"""A delivery as tests see it."""

from tests.testing.receivers import Answering

from pivotal_sandbox.domain import models
from pivotal_sandbox.testing.async_pivotal import AsyncPivotal
from pivotal_sandbox.testing.models import Delivery, Event


async def test_a_delivery_is_alive(opened: AsyncPivotal) -> None:
    await opened.endpoint(Answering(204, 503, 204))
    delivery = await opened.trigger("customer.created")
    assert (delivery.status, delivery.ok, len(delivery.attempts)) == ("retrying", False, 1)
    assert repr(delivery) == "<Delivery of customer.created: retrying, 503>"
    await opened.advance("1m")
    assert (delivery.status, delivery.ok, len(delivery.attempts)) == ("delivered", True, 2)
    assert repr(delivery) == "<Delivery of customer.created: delivered, 204 (attempt 2)>"
    assert delivery.last is delivery.attempts[1]
    assert delivery.response is delivery.last.response
    assert delivery.request
    assert delivery.request.headers["pivotal-delivery-id"] == delivery.id
    assert delivery.request.body == delivery.event.body


async def test_its_words_are_few_however_much_the_receiver_says(opened: AsyncPivotal) -> None:
    await opened.endpoint(Answering(400, body=b"<html>\n" + b"no " * 100))
    delivery = await opened.trigger("customer.created", fault="wrong-secret")
    assert delivery.said.startswith("400: <html> no no ")
    assert len(delivery.said) == 65
    assert "fault=wrong-secret" in repr(delivery)
    assert delivery.fault == "wrong-secret"


async def test_what_nobody_wants_says_so(opened: AsyncPivotal) -> None:
    delivery = await opened.trigger("customer.created")
    assert (delivery.status, delivery.ok, delivery.id) == ("filtered", False, "")
    assert (delivery.url, delivery.endpoint_id, delivery.last) == ("", "", None)
    assert (delivery.request, delivery.response) == (None, None)
    assert (delivery.fault, delivery.replay_of) == (None, None)
    assert "there is no test endpoint yet" in repr(delivery)


def test_what_was_never_tried_says_so() -> None:
    event = models.Event("evt_1", "task.created", "test", 0, b"{}")
    waiting = models.Delivery("msg_1", "evt_1", "task.created", "ep_1", "test", "http://a.test/", 0)
    delivery = Delivery(Event(event), waiting)
    assert (delivery.status, delivery.said) == ("pending", "no attempt yet")
