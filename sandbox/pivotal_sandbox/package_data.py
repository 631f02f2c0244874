"""Find and read the files that ship with the program: fixtures/ and receiver_templates/."""

from pathlib import Path
from typing import Any

import msgspec

from pivotal_sandbox.errors import InputError

_PACKAGE = Path(__file__).resolve().parent
_INSTALLED = _PACKAGE / "_data"  # exists in a wheel only
_CHECKOUT = _PACKAGE.parents[1]

HOME = _INSTALLED if _INSTALLED.is_dir() else _CHECKOUT
FIXTURES = HOME / "fixtures"
SCENARIOS = FIXTURES / "scenarios"
RECEIVER_TEMPLATES = HOME / "receiver_templates"

_BOM = b"\xef\xbb\xbf"


def read_bytes(path: Path) -> bytes:
    """Return the content of a file, without a byte order mark. Raise `InputError`."""
    try:
        return path.read_bytes().removeprefix(_BOM)
    except (OSError, ValueError) as error:  # a null byte in the name is a ValueError
        reason = getattr(error, "strerror", None) or error
        raise InputError(f'"{path}" cannot be read: {reason}.') from None


def read_document(path: Path) -> Any:
    """Return the value of a JSON or YAML file. Raise `InputError` naming the file and the place."""
    content = read_bytes(path)
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
