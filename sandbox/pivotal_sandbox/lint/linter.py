"""The lint of a file, or of all files below a folder."""

import os
from collections.abc import Iterator
from pathlib import Path

from pivotal_sandbox.errors import InputError
from pivotal_sandbox.lint.languages import BY_SUFFIX
from pivotal_sandbox.lint.python import python_hits
from pivotal_sandbox.lint.rules import Finding
from pivotal_sandbox.lint.scan import scan

SUFFIXES = (".py", *BY_SUFFIX)

_LARGEST = 1024 * 1024  # bytes; what is larger was not written by hand
_NOT_OURS = frozenset(
    {"node_modules", "vendor", "venv", "site-packages", "__pycache__", "dist", "build", "target"}
)


def lint(path: Path) -> list[Finding]:
    """Return what is wrong in a handler's source, by file and line.

    Of a folder all files are read whose language is known, but for what was installed or built
    there. Raises `InputError` where there is nothing to read.
    """
    if path.is_dir():
        files = sorted(_sources(path))
        if not files:
            raise InputError(f"There is no source in {path}; it is known by {_known()}.")
    elif path.suffix.lower() not in SUFFIXES:
        raise InputError(f"The language of {path} is not known; right is one of {_known()}.")
    else:
        files = [path]
    return [finding for file in files for finding in _lint_file(file)]


def _lint_file(file: Path) -> list[Finding]:
    try:
        text = file.read_bytes()[:_LARGEST].decode("utf-8-sig", "replace")
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}.") from None
    language = BY_SUFFIX.get(file.suffix.lower())
    hits = python_hits(text) if language is None else scan(text, language)
    return [hit.in_file(file) for hit in sorted(set(hits))]


def _sources(folder: Path) -> Iterator[Path]:
    for here, folders, names in os.walk(folder):
        folders[:] = [
            folder for folder in folders if folder not in _NOT_OURS and not folder.startswith(".")
        ]
        for name in names:
            if Path(name).suffix.lower() in SUFFIXES and ".min." not in name:
                yield Path(here, name)


def _known() -> str:
    return ", ".join(SUFFIXES)
