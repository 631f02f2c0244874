"""The API's event types, and the events that one triggers."""

from typing import Any

from msgspec import Struct

from pivotal_sandbox.domain.catalog import EventType
from pivotal_sandbox.domain.models import Mode
from pivotal_sandbox.faults.registry import FAULTS, Fault, Group
from pivotal_sandbox.web.operation import Call, Operation
from pivotal_sandbox.web.request_parsing import within
from pivotal_sandbox.web.views import TriggeredView


class EventTypeView(Struct):
    """A type of event; `schema` is of its data, `example` a whole body."""

    name: str
    object: str
    description: str
    documented: bool
    schema: dict[str, Any]
    example: dict[str, Any]

    @classmethod
    def of(cls, event_type: EventType) -> "EventTypeView":
        """Return the view of an event type."""
        return cls(
            event_type.name,
            event_type.object,
            event_type.description,
            event_type.documented,
            event_type.schema,
            event_type.example,
        )


class EventTypeList(Struct):
    """The whole catalog, in its order."""

    items: list[EventTypeView]
    next_cursor: str | None


class FaultView(Struct):
    """A way to spoil a delivery on purpose.

    `help` says what is on the wire, `answer` what a right receiver does; it accepts what is
    `valid`. Without `every` only the first attempt is spoiled.
    """

    name: str
    group: Group
    help: str
    answer: str
    valid: bool
    every: bool

    @classmethod
    def of(cls, fault: Fault) -> "FaultView":
        """Return the view of a fault."""
        return cls(
            name=fault.name,
            group=fault.group,
            help=fault.help,
            answer=fault.answer,
            valid=fault.valid,
            every=fault.every,
        )


class FaultList(Struct):
    """All faults, by group."""

    items: list[FaultView]
    next_cursor: str | None


class NewEvent(Struct, forbid_unknown_fields=True):
    """An event to trigger: `set` and `data` edit the record first, `fault` spoils what is sent."""

    type: str
    mode: Mode | None = None
    set: dict[str, Any] = {}
    data: dict[str, Any] | None = None
    endpoint_id: str | None = None
    fault: str | None = None
    validate: bool = True


async def list_event_types(call: Call[None, None]) -> EventTypeList:
    """List the event types."""
    return EventTypeList(
        [EventTypeView.of(event_type) for event_type in call.sandbox.catalog], None
    )


async def show_event_type(call: Call[None, None]) -> EventTypeView:
    """Show an event type, with schema and example."""
    return EventTypeView.of(call.sandbox.catalog.get(call.params["type"]))


async def list_faults(call: Call[None, None]) -> FaultList:
    """List what can be spoiled on purpose."""
    return FaultList([FaultView.of(fault) for fault in FAULTS], None)


async def trigger(call: Call[None, NewEvent]) -> TriggeredView:
    """Make the change that fires a type, and send that one event."""
    new = call.body
    with within(set=new.set, data=new.data):
        triggered = await call.sandbox.trigger(
            new.type,
            mode=new.mode,
            set=new.set,
            data=new.data,
            endpoint_id=new.endpoint_id,
            fault=new.fault,
            validate=new.validate,
        )
    return TriggeredView.of(triggered)


OPERATIONS = (
    Operation("GET", "/api/event-types", list_event_types, {200: EventTypeList}),
    Operation("GET", "/api/event-types/{type}", show_event_type, {200: EventTypeView}),
    Operation("GET", "/api/faults", list_faults, {200: FaultList}),
    Operation("POST", "/api/events", trigger, {202: TriggeredView}, body=NewEvent),
)
