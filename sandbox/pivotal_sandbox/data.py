"""Finds and reads what ships beside the program: fixtures/ and receiver_templates/."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from pivotal_sandbox.core.catalog import Catalog
from pivotal_sandbox.core.names import Names
from pivotal_sandbox.core.webhooks import is_openapi, webhooks_catalog
from pivotal_sandbox.errors import InputError, NotFound, did_you_mean

if TYPE_CHECKING:
    from pivotal_sandbox.core.scenario import Scenario

_PACKAGE = Path(__file__).resolve().parent
_INSTALLED = _PACKAGE / "_data"  # only a wheel has it
_CHECKOUT = _PACKAGE.parents[1]

HOME = _INSTALLED if _INSTALLED.is_dir() else _CHECKOUT
FIXTURES = HOME / "fixtures"
SCENARIOS = FIXTURES / "scenarios"
RECEIVER_TEMPLATES = HOME / "receiver_templates"

_BOM = b"\xef\xbb\xbf"


def load_catalog(path: Path | None = None) -> Catalog:
    """Return the built-in event types, or those of a file, which is JSON or YAML.

    It has the same format, where a `schema` or `example` is an object, or the name of a file
    relative to the catalog's; or it is an OpenAPI 3.1 document with `webhooks`. Raises `InputError`
    naming the file and the place in it.
    """
    if path is None:
        return _built_in()
    try:
        document = _read(path)
        if is_openapi(document):
            return webhooks_catalog(document)
        catalog = Catalog.parse(_with_files(document, path.parent))
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


def scenario_names() -> list[str]:
    """Return the names of the stories that are shipped."""
    return sorted(file.stem for file in SCENARIOS.glob("*.toml"))


def load_scenario(name: str, catalog: Catalog | None = None) -> "Scenario":
    """Return the story of that name, or of a file: what ends in .toml or has a slash is one.

    Raises `NotFound` naming the nearest, and `InputError` naming file, line and key.
    """
    from pivotal_sandbox.core.scenario import parse_scenario  # most commands tell no story

    path = Path(name)
    is_file = path.suffix.lower() == ".toml" or len(path.parts) > 1
    if not is_file and name not in (names := scenario_names()):
        raise NotFound(
            f'There is no scenario "{name:.80}".{did_you_mean(name, names)} '
            "`pivotal-sandbox scenario list` shows them all; a file of your own ends in .toml.",
            pointer="/scenario",
        )
    path = path if is_file else SCENARIOS / f"{name}.toml"
    try:
        text = _bytes(path).decode()
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise InputError(f"{path}, line {line}: This is no UTF-8.") from None
    file = str(path) if is_file else path.name
    return parse_scenario(text, path.stem, catalog or load_catalog(), file=file)


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


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes().removeprefix(_BOM)
    except (OSError, ValueError) as error:  # a null byte in the name is a ValueError
        reason = getattr(error, "strerror", None) or error
        raise InputError(f'"{path}" cannot be read: {reason}.') from None


def _read(path: Path) -> Any:
    content = _bytes(path)
    if path.suffix.lower() in (".yaml", ".yml"):
        return _from_yaml(path, content)
    try:
        return msgspec.json.decode(content)
    except (ValueError, RecursionError) as error:
        raise InputError(f'"{path}" is no JSON: {error}.') from None


def _from_yaml(path: Path, content: bytes) -> Any:
    """Return what YAML says, as JSON would: dates are texts, and keys such as 200 are, too."""
    import yaml

    class Loader(yaml.SafeLoader):
        """One of our own, so that what follows changes nobody else's."""

    def as_written(loader: Loader, node: yaml.ScalarNode) -> str:
        return str(node.value)

    Loader.add_constructor("tag:yaml.org,2002:timestamp", as_written)
    try:
        return _with_text_keys(yaml.load(content, Loader))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        why = getattr(error, "problem", None) or error
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise InputError(f'"{path}"{place}: this is no YAML: {why}.') from None


def _with_text_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key if isinstance(key, str) else str(key): _with_text_keys(part)
            for key, part in value.items()
        }
    return [_with_text_keys(part) for part in value] if isinstance(value, list) else value
