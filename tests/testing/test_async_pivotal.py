"""The sandbox of one test."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import trio
from tests.testing.receivers import Answering, wsgi_app
from tests.testing.test_lifespan import App

from pivotal_sandbox import verify
from pivotal_sandbox.errors import Conflict, InputError, NotFound
from pivotal_sandbox.testing.async_pivotal import AsyncPivotal
from pivotal_sandbox.testing.background import Background
from pivotal_sandbox.testing.options import Options


def nothing() -> Background:
    raise AssertionError("no thread is needed for this")


async def test_an_endpoint_is_pinged_at_once(opened: AsyncPivotal) -> None:
    app = Answering()
    endpoint = await opened.endpoint(app)
    assert endpoint.ping.ok
    assert endpoint.url == "http://testserver/webhooks/pivotal"
    assert endpoint.secret == opened.secret
    assert [delivery.event.type for delivery in endpoint.deliveries] == ["webhook.ping"]


async def test_an_event_arrives_signed(opened: AsyncPivotal) -> None:
    app = Answering()
    await opened.endpoint(app, secret="whsec_mine", path="/hooks")
    delivery = await opened.trigger("customer.at_risk", {"name": "Ærø"}, data={"arr": 5})
    assert delivery.ok
    assert (delivery.event.data["name"], delivery.event.data["arr"]) == ("Ærø", 5)
    headers = {name.decode(): value.decode() for name, value in app.scopes[-1]["headers"]}
    verify(app.bodies[-1], headers["pivotal-signature"], "whsec_mine")
    assert app.scopes[-1]["path"] == "/hooks"


async def test_a_secret_that_is_empty_is_refused(opened: AsyncPivotal) -> None:
    with pytest.raises(InputError, match="The secret is empty"):
        await opened.endpoint(Answering(), secret="")
    with pytest.raises(InputError, match="The secret is empty"):
        await opened.check(Answering(), secret="")


async def test_a_wsgi_app_is_an_endpoint_too(opened: AsyncPivotal) -> None:
    await opened.endpoint(wsgi_app)
    delivery = await opened.trigger("task.created")
    assert delivery.response
    assert delivery.response.json()["id"] == delivery.event.id


async def test_a_receiver_that_is_down_for_a_day_gets_fifteen_attempts(
    opened: AsyncPivotal,
) -> None:
    await opened.endpoint(Answering(503))
    delivery = await opened.trigger("customer.created")
    began = opened.now
    made = await opened.advance("24h")
    assert opened.now == began + timedelta(hours=24)
    mine = [attempt for attempt in made if attempt.delivery_id == delivery.id]
    assert delivery.attempts == [delivery.attempts[0], *mine]
    assert (delivery.status, len(delivery.attempts)) == ("failed", 15)
    assert delivery.attempts[-1].started_at == began + timedelta(hours=24)


async def test_a_subscription_and_a_field_filter_are_kept(opened: AsyncPivotal) -> None:
    endpoint = await opened.endpoint(
        Answering(), events=["customer.updated", "task.created"], field_filter="health"
    )
    other = await opened.trigger("contact.created")
    assert other.status == "filtered"
    assert "takes customer.updated, task.created where health changed" in other.said
    assert (await opened.trigger("customer.updated", {"name": "Ærø"})).status == "filtered"
    assert (await opened.trigger("customer.updated", {"health": "at_risk"})).ok
    assert (await opened.trigger("contact.created", endpoint=endpoint)).ok


async def test_live_and_test_never_meet(opened: AsyncPivotal) -> None:
    live = await opened.endpoint(Answering(), mode="live")
    assert (await opened.trigger("task.created")).status == "filtered"
    assert (await opened.trigger("task.created", mode="live")).endpoint_id == live.id


async def test_a_ping_is_sent_to_the_endpoint_that_is_named(opened: AsyncPivotal) -> None:
    endpoint = await opened.endpoint(Answering())
    assert (await opened.trigger("webhook.ping", endpoint=endpoint)).ok
    with pytest.raises(InputError, match=r"name it, endpoint=\.\.\."):
        await opened.trigger("webhook.ping")


async def test_a_change_fires_what_it_means(opened: AsyncPivotal) -> None:
    await opened.endpoint(Answering())
    customer = (await opened.trigger("customer.created")).event.data
    fired = await opened.change(customer, health="at_risk")
    assert [delivery.event.type for delivery in fired] == ["customer.updated", "customer.at_risk"]
    assert await opened.change(customer["id"], health="at_risk") == []


async def test_a_record_that_is_not_there_is_named(opened: AsyncPivotal) -> None:
    customer = (await opened.trigger("customer.created")).event.data
    with pytest.raises(NotFound, match=f'Did you mean "{customer["id"]}"'):
        await opened.change(customer["id"][:-1] + "?", name="x")
    with pytest.raises(InputError, match="a record with an id"):
        await opened.change({"name": "x"}, name="y")


async def test_a_replay_is_a_new_delivery_of_the_same_event(opened: AsyncPivotal) -> None:
    app = Answering()
    await opened.endpoint(app)
    first = await opened.trigger("customer.created")
    second = await opened.replay(first)
    assert second.id != first.id
    assert second.event.id == first.event.id
    assert app.bodies[-1] == app.bodies[-2]


async def test_what_was_never_sent_is_not_replayed(opened: AsyncPivotal) -> None:
    with pytest.raises(InputError, match="nothing to replay: there is no test endpoint"):
        await opened.replay(await opened.trigger("task.created"))


async def test_an_invalid_event_is_refused_unless_that_is_wanted(opened: AsyncPivotal) -> None:
    await opened.endpoint(Answering())
    with pytest.raises(InputError, match="health"):
        await opened.trigger("customer.created", {"health": 5})
    sent = await opened.trigger("customer.created", {"health": 5}, validate=False)
    assert sent.event.data["health"] == 5


async def test_over_the_wire_even_the_connection_can_be_spoilt(opened: AsyncPivotal) -> None:
    await opened.endpoint(Answering(), wire=True)
    assert (await opened.trigger("task.created", fault="chunked-body")).ok


async def test_all_that_is_done_is_the_same_under_a_seed() -> None:
    async def run(name: str) -> list[bytes]:
        sandbox, app = AsyncPivotal(Options(name, seed=7), nothing), Answering()
        await sandbox.endpoint(app)
        await sandbox.trigger("customer.created")
        await sandbox.aclose()
        return [sandbox.secret.encode(), *app.bodies]

    assert await run("a") == await run("a")
    assert set(await run("a")).isdisjoint(await run("b"))


async def test_frozen_it_signs_by_its_own_time() -> None:
    async def run() -> list[str]:
        sandbox, app = AsyncPivotal(Options("a"), nothing), Answering()
        sandbox.freeze()
        await sandbox.endpoint(app)
        delivery = await sandbox.trigger("customer.created")
        await sandbox.aclose()
        assert delivery.request
        assert delivery.request.verified
        return [f"{dict(scope['headers'])}" for scope in app.scopes]

    assert await run() == await run()


async def test_it_is_frozen_first_or_not_at_all(opened: AsyncPivotal) -> None:
    await opened.trigger("task.created")
    with pytest.raises(Conflict, match=r"Call freeze\(\) first"):
        opened.freeze()
    knows_a_secret = AsyncPivotal(Options(), nothing)
    assert knows_a_secret.secret.startswith("whsec_")
    with pytest.raises(Conflict, match=r"Call freeze\(\) first"):
        knows_a_secret.freeze()


def test_before_it_is_used_there_is_nothing() -> None:
    sandbox = AsyncPivotal(Options(secret="whsec_a"), nothing)
    assert (sandbox.deliveries, sandbox.events, sandbox.secret) == ([], [], "whsec_a")
    assert sandbox.now == datetime(2026, 1, 1, tzinfo=UTC)
    assert sandbox.options.secret == "whsec_a"
    asyncio.run(sandbox.aclose())
    sandbox.abandon()


async def test_apps_are_shut_down_with_it() -> None:
    sandbox, app = AsyncPivotal(Options(), nothing), App()
    await sandbox.endpoint(app)  # it answers with an error, but was started
    assert app.told == ["startup"]
    await sandbox.aclose()
    assert app.told == ["startup", "shutdown"]


def test_under_trio_it_says_what_to_do() -> None:
    sandbox = AsyncPivotal(Options(), nothing)
    with pytest.raises(InputError, match=r"apivotal runs in asyncio, .* use the fixture pivotal"):
        trio.run(sandbox.trigger, "task.created")


def in_new_loop(work: Callable[[], object]) -> None:
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        runner.run(work())  # type: ignore[arg-type]


def test_it_belongs_to_one_event_loop_and_can_be_abandoned_there() -> None:
    sandbox = AsyncPivotal(Options(), nothing)
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        runner.run(sandbox.trigger("task.created"))
        with pytest.raises(Conflict, match="the event loop where it was first used"):
            in_new_loop(lambda: sandbox.trigger("task.created"))
        sandbox.abandon()
        assert runner.run(sandbox.trigger("task.created")).event.type == "task.created"
        runner.run(sandbox.aclose())


async def test_the_battery_says_what_a_receiver_is_worth(opened: AsyncPivotal) -> None:
    report = await opened.check(Answering(), only=["valid-accepted", "sig-missing"])
    outcomes = {result.id: result.outcome for result in report.results}
    assert outcomes == {"valid-accepted": "passed", "sig-missing": "failed"}
    assert not report.passed
