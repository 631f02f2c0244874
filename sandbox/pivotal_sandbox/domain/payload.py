"""The body of an event, as it is signed, kept and sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec.structs import replace

from pivotal_sandbox.common.json_paths import pointer, set_path
from pivotal_sandbox.common.json_schema import Schema
from pivotal_sandbox.common.json_values import validate_json_value, validate_key
from pivotal_sandbox.common.timestamps import format_rfc3339
from pivotal_sandbox.domain.catalog import NAME, Catalog
from pivotal_sandbox.domain.models import Event, Record
from pivotal_sandbox.errors import InputError, did_you_mean

_encode = msgspec.json.Encoder().encode
_KEYS = ("id", "type", "created_at", "data")


def build_body(id: str, type: str, created_at: int, data: Record) -> bytes:
    """Return compact UTF-8 JSON with id, type, created_at (given in ms) and data, in that order."""
    return _encode({"id": id, "type": type, "created_at": format_rfc3339(created_at), "data": data})


@dataclass(frozen=True, slots=True)
class Edits:
    """Dotted paths into the body of an event, each with its new value: {"data.health": "at_risk"}.

    With a `catalog` the result is checked against the schema of its type.
    """

    paths: Mapping[str, Any]
    catalog: Catalog | None


def apply_edits(event: Event, edits: Edits, id: str) -> Event:
    """Return a copy of the event with that id, its body edited.

    The body has the new id, too, unless the edits say another: then the log knows the copy by the
    one and the receiver by the other. Raises `InputError` naming the field.
    """
    try:
        body = msgspec.json.decode(event.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        body = None
    if not isinstance(body, dict):
        raise InputError(f"The body of {event.id} is no JSON object: there is nothing to edit.")
    try:
        body = _with({**body, "id": id}, edits)
    except InputError as error:
        raise InputError(str(error), pointer=f"/set{error.pointer}") from None
    return replace(event, id=id, type=body["type"], body=_encode(body))


def _with(body: Record, edits: Edits) -> Record:
    for path, value in edits.paths.items():
        at = pointer(validate_key(path))
        if path.partition(".")[0] not in _KEYS:
            nearest = did_you_mean(path, _KEYS)
            if path.partition(".")[0] in body["data"]:
                nearest = f' Did you mean "data.{path}"?'
            raise InputError(f'An event has no "{path:.60}".{nearest}', pointer=at)
        body = set_path(body, path, validate_json_value(value, at), force=edits.catalog is None)
    type = body["type"]
    if not isinstance(type, str) or not NAME.match(type):
        raise InputError(
            'A type is sent as a header: letters, digits, ".", "_" and "-".', pointer="/type"
        )
    if edits.catalog is not None:
        schema = Schema(edits.catalog.get(type).schema)
        try:
            schema.check(body["data"])
        except InputError as error:
            raise InputError(str(error), pointer=f"/data{error.pointer}") from None
    return body
