"""An event: what happened, and the bytes that every delivery of it carries."""

import json
from datetime import datetime
from typing import Any

from pivotal_sandbox.core import model
from pivotal_sandbox.testing.moment import moment


class Event:
    """What happened. `body` is what is sent; `data` the record, as it was at that time."""

    def __init__(self, event: model.Event) -> None:
        self.id = event.id
        self.type = event.type
        self.mode = event.mode
        self.body = event.body
        self.changed = event.changed
        self.created_at: datetime = moment(event.created_at)

    @property
    def data(self) -> dict[str, Any]:
        """The record that the event is about: a copy, to be altered as you like."""
        data: dict[str, Any] = json.loads(self.body)["data"]
        return data

    def __repr__(self) -> str:
        return f"<Event {self.id} {self.type}>"
