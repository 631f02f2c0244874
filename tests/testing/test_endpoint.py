"""An endpoint as tests see it."""

from tests.testing.receivers import Answering

from pivotal_sandbox.testing.async_pivotal import AsyncPivotal


async def test_an_endpoint_knows_its_own_deliveries(opened: AsyncPivotal) -> None:
    first = await opened.endpoint(Answering(), events="task.created")
    second = await opened.endpoint(Answering(), events="contact.created")
    delivery = await opened.trigger("task.created")
    assert first.deliveries == [first.ping, delivery]
    assert second.deliveries == [second.ping]
    assert first.ping.ok
    assert first.secret not in repr(first)
