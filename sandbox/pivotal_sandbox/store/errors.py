"""What SQLite's errors mean, and what helps, in a sentence that names the file."""

import sqlite3
from pathlib import Path

from pivotal_sandbox.errors import StoreError

_SENTENCES = {
    "SQLITE_BUSY": "{file} is locked by another program; close that, then try again.",
    "SQLITE_FULL": "{file} cannot grow: the disk is full. Free some space, then try again.",
    "SQLITE_IOERR": "{file} cannot be read or written: its disk fails. Name another with --db.",
    "SQLITE_READONLY": "{file} cannot be written: make it writable, or name another with --db.",
    "SQLITE_CANTOPEN": "{file} cannot be opened: name a file, in a folder that is writable.",
    "SQLITE_NOTADB": "{file} is not a database of the sandbox; name another with --db.",
    "SQLITE_CORRUPT": "{file} is damaged; name another with --db.",
}


def failure(error: sqlite3.Error, path: Path | None) -> StoreError:
    """Return what to raise from `error`, which came of the database at `path` (None: in memory)."""
    name = getattr(error, "sqlite_errorname", "")  # what the module finds out itself has no code
    for code, sentence in _SENTENCES.items():
        if name.startswith(code):
            return StoreError(sentence.format(file=display_path(path)))
    return StoreError(f"{display_path(path)} refused what it was asked: {error}.")


def display_path(path: Path | None) -> str:
    """Return what to call the database in a sentence."""
    return str(path or "The database in memory")
