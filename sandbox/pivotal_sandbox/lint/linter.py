"""The lint of a file, or of all files below a folder."""

import os
from collections.abc import Iterator
from pathlib import Path

from pivotal_sandbox.errors import InputError
from pivotal_sandbox.lint.python import python_hits
from pivotal_sandbox.lint.rules import Finding

SUFFIX = ".py"

_LARGEST = 1024 * 1024  # bytes; what is larger was not written by hand
_NOT_OURS = frozenset(
    {"node_modules", "vendor", "venv", "site-packages", "__pycache__", "dist", "build", "target"}
)


def lint(path: Path) -> list[Finding]:
    """Return the mistakes in a handler's Python source, by file and line.

    A folder is read recursively, except for what was installed or built there. Raise `InputError`
    if there is no Python file.
    """
    if path.is_dir():
        files = sorted(_sources(path))
        if not files:
            raise InputError(f"There is no Python source in {path}: no file ends in {SUFFIX}.")
    elif path.suffix.lower() != SUFFIX:
        raise InputError(f"{path} is not Python: --lint reads files that end in {SUFFIX}.")
    else:
        files = [path]
    return [finding for file in files for finding in _lint_file(file)]


def _lint_file(file: Path) -> list[Finding]:
    try:
        text = file.read_bytes()[:_LARGEST].decode("utf-8-sig", "replace")
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}.") from None
    return [hit.in_file(file) for hit in sorted(set(python_hits(text)))]


def _sources(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = [
            name for name in folders if name not in _NOT_OURS and not name.startswith(".")
        ]
        for name in names:
            if Path(name).suffix.lower() == SUFFIX:
                yield Path(parent, name)
