"""The sandbox for tests that are no coroutines."""

import asyncio
import contextvars
from collections.abc import Iterator

import pytest
from tests.testing.receivers import Answering

from pivotal_sandbox.errors import Conflict
from pivotal_sandbox.sender.asgi import Receive, Scope, Send
from pivotal_sandbox.testing.async_pivotal import AsyncPivotal
from pivotal_sandbox.testing.background import Background
from pivotal_sandbox.testing.options import Options
from pivotal_sandbox.testing.pivotal import Pivotal


@pytest.fixture
def sandbox(background: Background) -> Iterator[Pivotal]:
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        sandbox = Pivotal(AsyncPivotal(Options("a test", seed=7), lambda: background), runner)
        yield sandbox
        sandbox.close()


def test_it_does_all_that_the_awaitable_one_does(sandbox: Pivotal) -> None:
    sandbox.freeze()
    app = Answering(204, 204, 503, 204)
    endpoint = sandbox.endpoint(app, secret="whsec_a")
    assert endpoint.ping.ok
    created = sandbox.trigger("customer.created")
    [updated, at_risk] = sandbox.change(created.event.data, health="at_risk")
    assert (updated.status, at_risk.ok) == ("retrying", True)
    [attempt] = sandbox.advance("1h")
    assert attempt is updated.last
    again = sandbox.replay(updated)
    assert sandbox.deliveries == [endpoint.ping, created, updated, at_risk, again]
    assert [event.type for event in sandbox.events][-1] == "customer.at_risk"
    assert sandbox.now.hour == 1
    assert sandbox.secret != "whsec_a"
    assert sandbox.awaitable.options.sign_time == "sandbox"


def test_it_checks_a_receiver(sandbox: Pivotal) -> None:
    report = sandbox.check(Answering(), "valid-accepted")
    assert [(result.id, result.outcome) for result in report.results] == [
        ("valid-accepted", "passed")
    ]


def test_what_is_captured_is_an_endpoint(sandbox: Pivotal) -> None:
    capture = sandbox.capture()
    sandbox.endpoint(capture)
    sandbox.trigger("task.created")
    assert [request.event for request in capture.requests] == ["webhook.ping", "task.created"]


def test_an_app_sees_the_context_of_the_test(sandbox: Pivotal) -> None:
    tenant = contextvars.ContextVar("tenant", default="nobody's")
    seen: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(tenant.get())
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    tenant.set("mine")
    sandbox.endpoint(app, lifespan=False)
    assert seen == ["mine"]


async def test_within_an_event_loop_it_names_the_other_fixture(sandbox: Pivotal) -> None:
    with pytest.raises(Conflict, match="use apivotal, and await what it does"):
        sandbox.trigger("task.created")


def test_what_an_app_leaves_running_ends_with_the_test(background: Background) -> None:
    tasks: list[asyncio.Task[None]] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        tasks.append(asyncio.create_task(asyncio.Event().wait()))  # type: ignore[arg-type]
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        sandbox = Pivotal(AsyncPivotal(Options(), lambda: background), runner)
        sandbox.endpoint(app, lifespan=False)
        sandbox.close()
        assert [task.cancelled() for task in tasks] == [True]
