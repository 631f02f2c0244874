"""Dotted paths into a record: "owner.email", "phases.0.status"."""

from collections.abc import Iterator
from typing import Any

from pivotal_sandbox.common.json_values import DEEPEST, escape_pointer
from pivotal_sandbox.errors import InputError


def pointer(path: str) -> str:
    """Return the JSON pointer of a dotted path: "/owner/email"."""
    return "".join(f"/{escape_pointer(part)}" for part in path.split("."))


def set_path(
    record: dict[str, Any], path: str, value: Any, *, force: bool = False
) -> dict[str, Any]:
    """Return the record with `value` at `path`; what is not on the way there is shared.

    An object that is null or missing is made. Raises `InputError` where the path leads through
    anything else, which `force` replaces by an object.
    """
    parts = path.split(".")
    if len(parts) > DEEPEST:
        raise InputError(f"A path has at most {DEEPEST} parts.", pointer=pointer(path))
    changed: dict[str, Any] = _assign(record, parts, 0, value, force)
    return changed


def _assign(node: Any, parts: list[str], depth: int, value: Any, force: bool) -> Any:
    if depth == len(parts):
        return value
    part = parts[depth]
    if node is None:
        node = {}
    if isinstance(node, dict):
        return {**node, part: _assign(node.get(part), parts, depth + 1, value, force)}
    if isinstance(node, list) and part in map(str, range(len(node))):
        index = int(part)
        new = _assign(node[index], parts, depth + 1, value, force)
        return [*node[:index], new, *node[index + 1 :]]
    if force:
        return {part: _assign(None, parts, depth + 1, value, force)}
    raise InputError(_no_way(node, parts, depth), pointer=pointer(".".join(parts[: depth + 1])))


def _no_way(node: Any, parts: list[str], depth: int) -> str:
    here = ".".join(parts[:depth])
    if isinstance(node, list):
        last = f"0 to {len(node) - 1}" if node else "none yet"
        return f'"{here}" is an array: "{parts[depth]}" is none of its positions ({last}).'
    return f'"{here}" is {node!r:.40}, which has no "{parts[depth]}".'


def changed_paths(before: Any, after: Any, at: str = "") -> Iterator[str]:
    """Yield the path of each part of `after` that is new or has another value, and of each gone."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key, new in after.items():
            old = before.get(key, _NONE)
            if old is not new:
                yield from changed_paths(old, new, f"{at}.{key}" if at else key)
        if not before.keys() <= after.keys():
            yield from (f"{at}.{key}" if at else key for key in before if key not in after)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            if old is not new:
                yield from changed_paths(old, new, f"{at}.{index}")
    elif not _same(before, after):
        yield at


_NONE = object()


def _same(before: Any, after: Any) -> bool:
    # In JSON, unlike Python, 1 and true differ; what 1 and 1.0 mean does not.
    return bool(before == after) and isinstance(before, bool) == isinstance(after, bool)


def paths_overlap(path: str, other: str) -> bool:
    """Say whether two paths are the same, or one lies below the other."""
    return path == other or path.startswith(other + ".") or other.startswith(path + ".")
