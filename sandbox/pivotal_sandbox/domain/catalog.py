"""The event types, and which endpoint wants which event."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any, Self, TypeVar

from pivotal_sandbox.common.json_paths import paths_overlap
from pivotal_sandbox.common.json_schema import Schema
from pivotal_sandbox.common.json_values import escape_pointer
from pivotal_sandbox.domain.models import Endpoint, Event
from pivotal_sandbox.errors import InputError, NotFound, did_you_mean

_T = TypeVar("_T")

PING = "webhook.ping"
ALL = "*"

_KEYS = ("name", "object", "description", "documented", "schema", "example")
_KINDS: dict[type, str] = {str: "a string", bool: "true or false", dict: "an object"}
NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}\Z")  # it is sent as a header


@dataclass(frozen=True, slots=True)
class EventType:
    """One type of event: `schema` is of its `data`, `example` is a whole body."""

    name: str
    object: str
    description: str
    documented: bool
    schema: dict[str, Any]
    example: dict[str, Any]


class Catalog:
    """Event types, in order. `objects` are those that have records."""

    def __init__(self, event_types: Iterable[EventType]) -> None:
        self._types = {type_.name: type_ for type_ in event_types}
        self.objects = tuple(
            dict.fromkeys(event_type.object for event_type in self if event_type.name != PING)
        )

    def __iter__(self) -> Iterator[EventType]:
        return iter(self._types.values())

    def __len__(self) -> int:
        return len(self._types)

    def __contains__(self, name: object) -> bool:
        return name in self._types

    def get(self, name: str) -> EventType:
        """Return the event type of that name; raise `NotFound` naming the nearest."""
        found = self._types.get(name)
        if found is None:
            raise NotFound(
                f'There is no event type "{name}".{did_you_mean(name, self._types)}',
                pointer="/type",
            )
        return found

    @classmethod
    def parse(cls, document: Any) -> Self:
        """Return the catalog that JSON describes: {"event_types": [{"name": ..., ...}, ...]}.

        `schema` and `example` are objects here; `data.load_catalog` reads the files that they may
        name. Raises `InputError` for the first thing wrong.
        """
        document = _object(document, "", "The catalog", ("event_types",))
        entries = document.get("event_types")
        if not isinstance(entries, list) or not entries:
            raise InputError('"event_types" lists one type or more.', pointer="/event_types")
        types: dict[str, EventType] = {}
        for index, entry in enumerate(entries):
            event_type = _event_type(entry, f"/event_types/{index}")
            if event_type.name in types:
                raise InputError(
                    f'"{event_type.name}" is listed twice.', pointer=f"/event_types/{index}/name"
                )
            types[event_type.name] = event_type
        return cls(types.values())

    def check(self) -> None:
        """Raise `InputError` where a schema is none, or an example is not as its schema has it."""
        for index, event_type in enumerate(self):
            at, schema = f"/event_types/{index}", Schema(event_type.schema)
            _placed(f"{at}/schema", schema.check_itself)
            _placed(f"{at}/example/data", partial(schema.check, event_type.example["data"]))


def subscribed(endpoint: Endpoint, event: Event) -> bool:
    """Say whether the endpoint is sent the event. A ping is not subscribed to: it is addressed."""
    if not endpoint.enabled or endpoint.mode != event.mode or event.type == PING:
        return False
    if ALL not in endpoint.event_types and event.type not in endpoint.event_types:
        return False
    if not endpoint.field_filter or not _is_update(event.type):
        return True
    return any(
        paths_overlap(path, wanted) for path in event.changed for wanted in endpoint.field_filter
    )


def check_subscription(
    event_types: Sequence[str], field_filter: Sequence[str], catalog: Catalog
) -> None:
    """Raise `InputError` for a type not in the catalog, or a path that no `*.updated` data has."""
    if not event_types:
        raise InputError(f'Name one event type or more, or "{ALL}".', pointer="/event_types")
    for index, name in enumerate(event_types):
        if name != ALL and name not in catalog:
            nearest = did_you_mean(name, [event_type.name for event_type in catalog])
            raise InputError(
                f'There is no event type "{name}"; "{ALL}" stands for all.{nearest}',
                pointer=f"/event_types/{index}",
            )
    schemas = [Schema(event_type.schema) for event_type in catalog if _is_update(event_type.name)]
    for index, path in enumerate(field_filter):
        if not any(schema.has(path) for schema in schemas):
            known = dict.fromkeys(islice((p for s in schemas for p in s.paths()), 2000))
            raise InputError(
                f'No record that is updated has "{path}".{did_you_mean(path, known)}',
                pointer=f"/field_filter/{index}",
            )


def _is_update(name: str) -> bool:
    return name.endswith(".updated")


def _event_type(entry: Any, at: str) -> EventType:
    entry = _object(entry, at, "An event type", _KEYS)
    name = _field(entry, at, "name", str)
    if not NAME.match(name):
        raise InputError(
            f'"{name:.80}" is no name: letters, digits, ".", "_" and "-", 64 at most.',
            pointer=f"{at}/name",
        )
    example = _field(entry, at, "example", dict)
    if example.get("type") != name or not isinstance(example.get("data"), dict):
        raise InputError(
            f'The example is a whole event: its "type" is "{name}", its "data" an object.',
            pointer=f"{at}/example",
        )
    return EventType(
        name=name,
        object=_field(entry, at, "object", str),
        description=_field({"description": "", **entry}, at, "description", str),
        documented=_field({"documented": False, **entry}, at, "documented", bool),
        schema=_field(entry, at, "schema", dict),
        example=example,
    )


def _object(value: Any, at: str, what: str, known: Sequence[str]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InputError(f"{what} is an object with {', '.join(known)}.", pointer=at)
    for key in value:
        if key not in known:
            raise InputError(
                f'{what} has no "{key:.40}"; it has {", ".join(known)}.{did_you_mean(key, known)}',
                pointer=f"{at}/{escape_pointer(key)}",
            )
    return value


def _field(entry: dict[str, Any], at: str, key: str, kind: type[_T]) -> _T:
    value = entry.get(key)
    if not isinstance(value, kind):
        lack = "lacks" if key not in entry else "has the wrong type of value for"
        raise InputError(
            f'The event type {lack} "{key}", which is {_KINDS[kind]}.', pointer=f"{at}/{key}"
        )
    return value


def _placed(at: str, check: Callable[[], None]) -> None:
    try:
        check()
    except InputError as error:
        raise InputError(str(error), pointer=at + error.pointer) from None
