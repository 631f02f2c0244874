"""Finds and reads what ships beside the program: fixtures/ and receiver_templates/."""

from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from pivotal_sandbox.core.catalog import Catalog
from pivotal_sandbox.core.names import Names
from pivotal_sandbox.errors import InputError

_PACKAGE = Path(__file__).resolve().parent
_INSTALLED = _PACKAGE / "_data"  # only a wheel has it
_CHECKOUT = _PACKAGE.parents[1]

HOME = _INSTALLED if _INSTALLED.is_dir() else _CHECKOUT
FIXTURES = HOME / "fixtures"
RECEIVER_TEMPLATES = HOME / "receiver_templates"

_BOM = b"\xef\xbb\xbf"


def load_catalog(path: Path | None = None) -> Catalog:
    """Return the built-in event types, or those of a file in the same format.

    A `schema` or `example` is an object, or the name of a file relative to the catalog's. Raises
    `InputError` naming the file and the place in it.
    """
    if path is None:
        return _built_in()
    try:
        catalog = Catalog.parse(_with_files(_read(path), path.parent))
        catalog.check()
    except InputError as error:
        place = f" at {error.pointer}" if error.pointer else ""
        raise InputError(f"The catalog {path}{place}: {error}", pointer=error.pointer) from None
    return catalog


def modified_at(path: Path) -> int:
    """Return when a file was last written, in ns; 0 where there is none."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


@cache
def load_names() -> Names:
    """Return what realistic records are made of."""
    return msgspec.json.decode((FIXTURES / "world.json").read_bytes(), type=Names)


@cache
def _built_in() -> Catalog:
    return Catalog.parse(_with_files(_read(FIXTURES / "catalog.json"), FIXTURES))


def _with_files(document: Any, folder: Path) -> Any:
    """Return the catalog with the content of each file that it names in place of the name."""
    entries = document.get("event_types") if isinstance(document, dict) else None
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        for key in ("schema", "example") if isinstance(entry, dict) else ():
            if isinstance(entry.get(key), str):
                try:
                    entry[key] = _read(folder / entry[key])
                except InputError as error:
                    raise InputError(str(error), pointer=f"/event_types/{index}/{key}") from None
    return document


def _read(path: Path) -> Any:
    try:
        content = path.read_bytes().removeprefix(_BOM)
    except (OSError, ValueError) as error:  # a null byte in the name is a ValueError
        reason = getattr(error, "strerror", None) or error
        raise InputError(f'"{path}" cannot be read: {reason}.') from None
    try:
        return msgspec.json.decode(content)
    except (ValueError, RecursionError) as error:
        raise InputError(f'"{path}" is no JSON: {error}.') from None
