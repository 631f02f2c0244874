"""Load a catalog of event types from its file."""

from functools import cache
from pathlib import Path
from typing import Any

from pivotal_sandbox.domain.catalog import Catalog
from pivotal_sandbox.domain.openapi_catalog import is_openapi, webhooks_catalog
from pivotal_sandbox.errors import InputError
from pivotal_sandbox.package_data import FIXTURES, read_document


def load_catalog(path: Path | None = None) -> Catalog:
    """Return the built-in event types, or those of a file, which is JSON or YAML.

    It has the same format, where a `schema` or `example` is an object, or the name of a file
    relative to the catalog's; or it is an OpenAPI 3.1 document with `webhooks`. Raises `InputError`
    naming the file and the place in it.
    """
    if path is None:
        return _built_in()
    try:
        document = read_document(path)
        if is_openapi(document):
            return webhooks_catalog(document)
        catalog = Catalog.parse(_with_files(document, path.parent))
        catalog.check()
    except InputError as error:
        place = f" at {error.pointer}" if error.pointer else ""
        raise InputError(f"The catalog {path}{place}: {error}", pointer=error.pointer) from None
    return catalog


@cache
def _built_in() -> Catalog:
    return Catalog.parse(_with_files(read_document(FIXTURES / "catalog.json"), FIXTURES))


def _with_files(document: Any, folder: Path) -> Any:
    """Return the catalog with the content of each file that it names in place of the name."""
    entries = document.get("event_types") if isinstance(document, dict) else None
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        for key in ("schema", "example") if isinstance(entry, dict) else ():
            if isinstance(entry.get(key), str):
                try:
                    entry[key] = read_document(folder / entry[key])
                except InputError as error:
                    raise InputError(str(error), pointer=f"/event_types/{index}/{key}") from None
    return document
