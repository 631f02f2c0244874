"""What goes on, told to whoever listens."""

import pytest

from pivotal_sandbox.domain.models import Event
from pivotal_sandbox.feed import Activity, Feed, Triggered


def activity(id: str) -> Triggered:
    return Triggered(Event(id, "customer.at_risk", "test", 0, b""), ())


def test_every_listener_hears_what_happens_in_order() -> None:
    feed = Feed()
    first: list[Activity] = []
    second: list[Activity] = []
    feed.subscribe(first.append)
    feed.publish(activity("evt_a"))
    feed.subscribe(second.append)
    feed.publish(activity("evt_b"))
    assert first == [activity("evt_a"), activity("evt_b")]
    assert second == [activity("evt_b")]


def test_who_has_unsubscribed_hears_nothing_more() -> None:
    feed = Feed()
    heard: list[Activity] = []
    others: list[Activity] = []
    unsubscribe = feed.subscribe(heard.append)
    feed.subscribe(others.append)
    unsubscribe()
    feed.publish(activity("evt_a"))
    assert heard == []
    assert others == [activity("evt_a")]


def test_a_listener_may_unsubscribe_while_it_listens() -> None:
    feed = Feed()
    heard: list[str] = []

    def once(activity: Activity) -> None:
        heard.append("once")
        unsubscribe()

    unsubscribe = feed.subscribe(once)
    feed.subscribe(lambda activity: heard.append("always"))
    feed.publish(activity("evt_a"))
    feed.publish(activity("evt_b"))
    assert heard == ["once", "always", "always"]


def test_a_listener_that_fails_is_logged_and_stops_nobody(
    caplog: pytest.LogCaptureFixture,
) -> None:
    feed = Feed()
    heard: list[Activity] = []

    def fail(activity: Activity) -> None:
        raise RuntimeError("a broken page")

    feed.subscribe(fail)
    feed.subscribe(heard.append)
    feed.publish(activity("evt_a"))
    assert heard == [activity("evt_a")]
    assert "a broken page" in caplog.text
