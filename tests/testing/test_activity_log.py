"""The log that tests read."""

from tests.testing.receivers import Answering

from pivotal_sandbox.testing.async_pivotal import AsyncPivotal


async def test_the_log_is_in_the_order_of_things(opened: AsyncPivotal) -> None:
    await opened.endpoint(Answering())
    first = await opened.trigger("customer.created")
    second = await opened.replay(first)
    assert [delivery.event.type for delivery in opened.deliveries] == [
        "webhook.ping",
        "customer.created",
        "customer.created",
    ]
    assert opened.deliveries[1:] == [first, second]
    assert second.replay_of == first.id
    assert second.event is first.event
    assert [event.type for event in opened.events] == ["webhook.ping", "customer.created"]


async def test_an_attempt_shows_the_body_as_it_was_spoilt(opened: AsyncPivotal) -> None:
    app = Answering()
    await opened.endpoint(app)
    delivery = await opened.trigger("customer.created", fault="tampered-body")
    assert delivery.request
    assert delivery.request.body == app.bodies[-1] != delivery.event.body
    assert delivery.request.verified is False
