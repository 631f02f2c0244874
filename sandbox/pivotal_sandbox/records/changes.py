"""What a change of the world did."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from msgspec import Struct

from pivotal_sandbox.common.json_paths import pointer, set_path
from pivotal_sandbox.common.json_values import validate_json_value, validate_key
from pivotal_sandbox.domain.models import Record
from pivotal_sandbox.errors import InputError

Fields = Mapping[str, Any]
"""Dotted paths into a record, each with its new value."""


class RecordChange(Struct, frozen=True):
    """A record as a change left it; None where it was deleted."""

    object: str
    id: str
    record: Record | None


class FiredEvent(Struct, frozen=True):
    """An event that a change fires. `changed` holds the dotted paths into `data` it touched."""

    type: str
    data: Record
    changed: tuple[str, ...] = ()


class Change(Struct, frozen=True):
    """What a change did: to be kept together, records and events."""

    records: tuple[RecordChange, ...] = ()
    events: tuple[FiredEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class Edit:
    """What a caller wants of a record: whole fields, then dotted paths on top.

    `given` is both together. With `force` a path makes its way through whatever is there.
    """

    fields: dict[str, Any]
    paths: dict[str, Any]
    given: dict[str, Any]
    force: bool = False

    def applied(self, record: Record) -> Record:
        """Return the record as edited. Raises `InputError` for a path that leads nowhere."""
        edited = {**record, **self.fields}
        for path, value in self.paths.items():
            edited = set_path(edited, path, value, force=self.force)
        return edited


NO_EDIT = Edit({}, {}, {})


def parse_edit(paths: Fields | None, fields: Fields | None = None, *, force: bool = False) -> Edit:
    """Return the edit, made of copies; raise `InputError` for what JSON cannot carry."""
    if not paths and not fields:
        return NO_EDIT
    fields, paths = fields or {}, paths or {}
    for given in (paths, fields):
        if not isinstance(given, Mapping):
            raise InputError('Fields are an object such as {"health": "at_risk"}.')
    whole = validate_json_value(dict(fields))
    parts = {
        validate_key(path): validate_json_value(value, pointer(path))
        for path, value in paths.items()
    }
    return Edit(whole, parts, {**whole, **parts}, force)
