"""What a failed test shows."""

from typing import Any

import pytest
from tests.testing.receivers import Answering

from pivotal_sandbox.testing.async_pivotal import AsyncPivotal
from pivotal_sandbox.testing.failure_report import KEPT, TITLE, delivery_text, failure_text, show_in


async def test_what_did_not_arrive_is_shown_whole(opened: AsyncPivotal) -> None:
    await opened.endpoint(Answering(401, 204, 503, 401, body=b"bad signature"))
    await opened.trigger("task.created")
    delivery = await opened.trigger("customer.created", fault="wrong-secret")
    await opened.advance("1m")
    text = failure_text([delivery_text(delivery) for delivery in opened.deliveries])
    lines = text.splitlines()
    assert lines[0].startswith("webhook.ping -> http://testserver/webhooks/pivotal: failed, 401")
    assert lines[1].startswith("task.created -> http://testserver/webhooks/pivotal: delivered, 204")
    assert lines[2].startswith("customer.created (wrong-secret) -> ")
    assert f"  ids       {delivery.id} {delivery.event.id}" in lines
    assert "  attempt 1  2026-01-01 00:00:00  503" in lines
    assert "    pivotal-event: customer.created" in lines
    assert "    bad signature" in lines
    assert "  verdict   Signature does not match" in text
    assert "  explained It was to be refused: Signature does not match" in text


async def test_a_ping_that_failed_is_shown_whole_where_all_else_went_well(
    opened: AsyncPivotal,
) -> None:
    await opened.endpoint(Answering(404, 204))
    await opened.trigger("task.created")
    text = failure_text([delivery_text(delivery) for delivery in opened.deliveries])
    assert text.splitlines()[0].startswith("task.created")
    assert "explained The receiver has no POST route" in text


async def test_where_all_arrived_the_last_one_is_shown_whole(opened: AsyncPivotal) -> None:
    await opened.endpoint(Answering())
    await opened.trigger("task.created")
    text = failure_text([delivery_text(delivery) for delivery in opened.deliveries])
    assert text.splitlines()[0].startswith("webhook.ping")
    assert "pivotal-event: task.created" in text
    assert "pivotal-event: webhook.ping" not in text


class Longrepr:
    def __init__(self) -> None:
        self.sections: list[tuple[str, str]] = []

    def addsection(self, name: str, content: str) -> None:
        self.sections.append((name, content))


def report(longrepr: Any) -> pytest.TestReport:
    return pytest.TestReport("t.py::test", ("t.py", 1, "test"), {}, "failed", longrepr, "call")


@pytest.mark.parametrize("keep", [True, False])
async def test_a_report_gets_a_section_and_data_if_they_are_kept(
    opened: AsyncPivotal, keep: bool
) -> None:
    made, longrepr = report(None), Longrepr()
    made.longrepr = longrepr  # type: ignore[assignment]
    show_in(made, [opened], keep=keep)
    assert longrepr.sections == []
    assert not hasattr(made, KEPT)
    await opened.endpoint(Answering())
    show_in(made, [opened], keep=keep)
    [(title, text)] = longrepr.sections
    assert (title, "webhook.ping" in text) == (TITLE, True)
    assert hasattr(made, KEPT) is keep


async def test_a_report_without_a_place_for_it_is_left_as_it_is(opened: AsyncPivotal) -> None:
    await opened.endpoint(Answering())
    made = report("the fixture failed")
    show_in(made, [opened], keep=False)
    assert made.longrepr == "the fixture failed"
