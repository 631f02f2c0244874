"""Numbered SQL files, applied in order; a file and the record of it in one transaction."""

import sqlite3
from pathlib import Path

from pivotal_sandbox.errors import StoreError
from pivotal_sandbox.store.errors import display_path, failure

SCHEMA = Path(__file__).parent / "schema"

_APPLICATION_ID = 0x50564F54  # "PVOT" in the file's header tells our databases from others


def apply(connection: sqlite3.Connection, schema: Path, path: Path | None) -> None:
    """Bring the database to the newest version. Raises `StoreError` for one that is not ours.

    Such a one is left as it was, and so is ours where a step fails.
    """
    _check_ours(connection, path)
    steps = sorted(schema.glob("[0-9]*.sql"))
    version = _pragma(connection, "user_version")
    if version > len(steps):
        raise StoreError(
            f"{display_path(path)} was written by a newer pivotal-sandbox (its version is "
            f"{version}, this program knows {len(steps)}): upgrade, or name another file with --db."
        )
    if not version:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # to be said before the first table
    connection.execute("PRAGMA journal_mode = WAL")
    # That a file cannot be written is to be known now, and not at the first event.
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(f"PRAGMA user_version = {version}")
    connection.execute("ROLLBACK")
    for number, step in enumerate(steps[version:], start=version + 1):
        _apply(connection, number, step, path)


def _apply(connection: sqlite3.Connection, number: int, step: Path, path: Path | None) -> None:
    try:
        connection.executescript(
            f"BEGIN IMMEDIATE;\n{step.read_text('utf-8')}\n"
            f"PRAGMA application_id = {_APPLICATION_ID};\n"
            f"PRAGMA user_version = {number};\nCOMMIT;"
        )
    except sqlite3.Error as error:
        raise StoreError(
            f"{failure(error, path)} {step.name} was not applied: the file stays at version "
            f"{number - 1}, as it was. Use the pivotal-sandbox that wrote it, or name another "
            "with --db."
        ) from error


def _check_ours(connection: sqlite3.Connection, path: Path | None) -> None:
    if _pragma(connection, "application_id") == _APPLICATION_ID:
        return
    if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        raise StoreError(f"{path} is not a database of the sandbox; name another with --db.")


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])
