"""An event as tests see it."""

import json
from datetime import UTC, datetime

from pivotal_sandbox.domain import models
from pivotal_sandbox.testing.models import Event

BODY = b'{"id":"evt_1","type":"task.created","created_at":"...","data":{"title":"Call"}}'


def test_an_event_shows_its_record_as_a_copy() -> None:
    event = Event(
        models.Event("evt_1", "task.created", "test", 1_767_225_600_000, BODY, ("title",))
    )
    event.data["title"] = "changed by the test"
    assert event.data == {"title": "Call"} == json.loads(event.body)["data"]
    assert event.created_at == datetime(2026, 1, 1, tzinfo=UTC)
    assert event.changed == ("title",)
    assert repr(event) == "<Event evt_1 task.created>"
