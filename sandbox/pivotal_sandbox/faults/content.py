"""Alter the content of an event when it is created: what is signed, stored, sent and replayed."""

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec.structs import replace

from pivotal_sandbox.common.durations import HOUR
from pivotal_sandbox.common.json_schema import Node, Schema
from pivotal_sandbox.common.timestamps import format_rfc3339
from pivotal_sandbox.domain.catalog import Catalog
from pivotal_sandbox.domain.models import Event
from pivotal_sandbox.errors import InputError

LARGE = 1024 * 1024  # bytes
BIG = 2**53 + 1
DELAY = 6 * HOUR

# Beyond Latin-1, beyond the BMP, joined, combining, right to left, and two separators that
# JavaScript long took for line breaks.
TEXT = "Zoë 😀 \u2028東京 Ω Жук e\u0301 שלום مرحبا 👩‍🚀\u2029 ไทย हिन्दी İıß"

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


def alter_event(fault: str, event: Event, catalog: Catalog) -> Event:
    """Return the event as the fault has it; the same where it is no fault of events.

    Raise `InputError` if there is nothing in it to alter.
    """
    make = _MAKE.get(fault)
    return event if make is None else make(event, catalog)


def dated(event: Event, created_at: int) -> Event:
    """Return the event as if it had happened at another time (ms)."""
    changed = _edited(event, {"created_at": format_rfc3339(created_at)})
    return replace(changed, created_at=created_at)


def _edited(event: Event, changes: dict[str, Any]) -> Event:
    return replace(event, body=_encode({**_decode(event.body), **changes}))


def _unknown_event_type(event: Event, catalog: Catalog) -> Event:
    name = f"{catalog.get(event.type).object}.reassigned"
    while name in catalog:
        name += "_again"
    return replace(_edited(event, {"type": name}), type=name)


def _extra_fields(event: Event, catalog: Catalog) -> Event:
    extra = {"x_unknown": {"nested": [1, None, "added later"]}}
    return _edited(event, {"data": {**_decode(event.body)["data"], **extra}, **extra})


def _null_optionals(event: Event, catalog: Catalog) -> Event:
    def rewrite(name: str, nodes: list[Node], value: Any) -> Any:
        return None if name and any(_allows("null", node) for node in nodes) else value

    return _rewritten("null-optionals", event, catalog, rewrite)


def _unicode(event: Event, catalog: Catalog) -> Event:
    count = 0

    def rewrite(name: str, nodes: list[Node], value: Any) -> Any:
        nonlocal count
        if not isinstance(value, str) or not all(map(_is_free, nodes)) or _is_id(name):
            return value
        count += 1  # no two are the same: some lists want their items unique
        most = min((node["maxLength"] for node in nodes if "maxLength" in node), default=None)
        return f"{count} {TEXT}"[:most]

    return _rewritten("unicode", event, catalog, rewrite)


def _big_integers(event: Event, catalog: Catalog) -> Event:
    def rewrite(name: str, nodes: list[Node], value: Any) -> Any:
        if name == "custom_fields" and isinstance(value, dict):
            return {**value, "big_integer": BIG}
        is_one = value is None or (isinstance(value, int) and not isinstance(value, bool))
        return BIG if is_one and any(map(_is_unbounded, nodes)) else value

    return _rewritten("big-integers", event, catalog, rewrite)


def _rewritten(
    fault: str, event: Event, catalog: Catalog, rewrite: Callable[[str, list[Node], Any], Any]
) -> Event:
    before = _decode(event.body)["data"]
    after = Schema(catalog.get(event.type).schema).rewritten(before, rewrite)
    if after == before:
        raise InputError(
            f"Nothing in the schema of {event.type} lets {fault} change it.", pointer="/fault"
        )
    return _edited(event, {"data": after})


def _allows(kind: str, node: Node) -> bool:
    if node.keys() & {"enum", "const"}:
        return kind == "null" and None in node.get("enum", ())
    types = node.get("type", kind)
    return kind in ([types] if isinstance(types, str) else types)


def _is_free(node: Node) -> bool:
    return not node.keys() & {"format", "enum", "pattern", "const"}


def _is_id(name: str) -> bool:
    return name == "id" or name.endswith("_id")


def _is_unbounded(node: Node) -> bool:
    bounds = {"maximum", "exclusiveMaximum", "multipleOf"}
    return "type" in node and _allows("integer", node) and not node.keys() & bounds


def _large_body(event: Event, catalog: Catalog) -> Event:
    data = {**_decode(event.body)["data"], "padding": ""}
    missing = LARGE - len(_edited(event, {"data": data}).body)
    return _edited(event, {"data": {**data, "padding": "x" * max(missing, 0)}})


def _empty_body(event: Event, catalog: Catalog) -> Event:
    return replace(event, body=b"")


def _invalid_json(event: Event, catalog: Catalog) -> Event:
    # Between two characters: it is the JSON that is broken, and not the UTF-8.
    half = event.body[: len(event.body) // 2].decode("utf-8", "ignore")
    return replace(event, body=half.encode())


def _delayed(event: Event, catalog: Catalog) -> Event:
    return dated(event, event.created_at - DELAY)


_MAKE: dict[str, Callable[[Event, Catalog], Event]] = {
    "unknown-event-type": _unknown_event_type,
    "extra-fields": _extra_fields,
    "null-optionals": _null_optionals,
    "unicode": _unicode,
    "big-integers": _big_integers,
    "large-body": _large_body,
    "empty-body": _empty_body,
    "invalid-json": _invalid_json,
    "delayed": _delayed,
}
OF_EVENTS = frozenset(_MAKE)
