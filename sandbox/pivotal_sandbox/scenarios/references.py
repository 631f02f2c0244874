"""What a step of a scenario may speak of: the endpoints, and what steps before it named."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pivotal_sandbox.common.json_values import escape_pointer
from pivotal_sandbox.domain.catalog import Catalog
from pivotal_sandbox.domain.models import Mode
from pivotal_sandbox.errors import InputError, NotFound, did_you_mean

NAME = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_NAMES = "1 to 64 letters, digits, - and _"
_NULL = "null"  # TOML has none

Named = Mapping[str, Any]


@dataclass(slots=True)
class Scope:
    """Grows as the steps are read. A name stands for what its step did: `record` says if that is a
    record, too, and of which object.
    """

    catalog: Catalog
    endpoints: Mapping[str, Mode]
    bins: tuple[str, ...]
    names: dict[str, str | None] = field(default_factory=dict)

    def give(self, name: str | None, object: str | None = None) -> None:
        """Let `name` stand for what a step does, which may be to a record of that object."""
        if name is None:
            return
        if not NAME.match(name) or name == _NULL:
            raise InputError(f'"{name:.80}" is no name: write {_NAMES}.', pointer="/as")
        self.names[name] = object

    def record(self, name: str | None, pointer: str = "/record") -> str | None:
        """Return the object of the record that a name stands for. Raises `InputError`."""
        if name is None:
            return None
        self.known(name, pointer)
        object = self.names[name]
        if object is None:
            raise InputError(f'What "{name}" names is no record.', pointer=pointer)
        return object

    def known(self, name: str | None, pointer: str = "/of") -> None:
        """Raise `InputError` where no step before this one gave the name."""
        if name is not None and name not in self.names:
            nearest = did_you_mean(name, self.names)
            raise NotFound(
                f'No step before this one is named "{name:.80}", by as = "…".{nearest}',
                pointer=pointer,
            )

    def endpoint(self, name: str | None, pointer: str = "/endpoint") -> None:
        """Raise `InputError` where no endpoint has the name."""
        if name is not None and name not in self.endpoints:
            nearest = did_you_mean(name, self.endpoints) or f" There are: {_listed(self.endpoints)}"
            raise NotFound(f'There is no endpoint "{name:.80}".{nearest}', pointer=pointer)

    def bin(self, name: str | None, pointer: str = "/bin") -> None:
        """Raise `InputError` where no endpoint leads to that bin."""
        if name is not None and name not in self.bins:
            nearest = did_you_mean(name, self.bins) or f" There are: {_listed(self.bins)}"
            raise NotFound(f'No endpoint leads to a bin "{name:.80}".{nearest}', pointer=pointer)

    def type(self, name: str | None, pointer: str = "/type") -> None:
        """Raise `NotFound` for an event type that the catalog lacks."""
        if name is not None and name not in self.catalog:
            try:
                self.catalog.get(name)
            except NotFound as error:
                raise NotFound(str(error), pointer=pointer) from None

    def values(self, value: object, pointer: str) -> None:
        """Raise `InputError` where a "$name" within `value` stands for no record."""
        for at, name in references(value, pointer):
            self.record(name, at)


def references(value: object, pointer: str = "") -> Iterator[tuple[str, str]]:
    """Yield each "$name" within the value: its pointer, and the name."""
    if isinstance(value, str):
        if value.startswith("$") and value != f"${_NULL}" and not value.startswith("$$"):
            yield pointer, value[1:].partition(".")[0]
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from references(part, f"{pointer}/{escape_pointer(key)}")
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from references(part, f"{pointer}/{index}")


def resolve_references(value: Any, records: Mapping[str, Named], pointer: str = "") -> Any:
    """Return the value with each "$name" replaced by the id of the record of that name.

    "$name.path" is that field of it, "$null" is null, and "$$" at the beginning is a dollar sign.
    Raises `InputError` for a path that leads nowhere.
    """
    if isinstance(value, str) and value.startswith("$"):
        if value.startswith("$$"):
            return value[1:]
        name, _, path = value[1:].partition(".")
        return None if value == f"${_NULL}" else _at(records[name], path or "id", value, pointer)
    if isinstance(value, dict):
        return {
            key: resolve_references(part, records, f"{pointer}/{escape_pointer(key)}")
            for key, part in value.items()
        }
    if isinstance(value, list):
        return [
            resolve_references(part, records, f"{pointer}/{at}") for at, part in enumerate(value)
        ]
    return value


def flatten(fields: Mapping[str, Any], at: str = "") -> dict[str, Any]:
    """Return dotted paths and their values: in TOML a dotted key and a table are the same."""
    paths: dict[str, Any] = {}
    for key, value in fields.items():
        if isinstance(value, dict) and value:
            paths |= flatten(value, f"{at}{key}.")
        else:
            paths[f"{at}{key}"] = value
    return paths


def value_at(record: Any, path: str) -> Any:
    """Return what is at a dotted path. Raises `LookupError` where that leads nowhere."""
    for part in path.split("."):
        if isinstance(record, dict):
            record = record[part]
        elif isinstance(record, list) and part.isdecimal():
            record = record[int(part)]
        else:
            raise LookupError(path)
    return record


def _at(record: Named, path: str, reference: str, pointer: str) -> Any:
    try:
        return value_at(record, path)
    except LookupError:
        raise InputError(
            f'"{reference:.80}" leads nowhere: the record has no "{path}".', pointer=pointer
        ) from None


def _listed(names: Mapping[str, Any] | tuple[str, ...]) -> str:
    return f"{', '.join(names)}."
