"""One sandbox per database file: a lock that the system frees even after `kill -9`."""

import os
from contextlib import suppress
from pathlib import Path

from pivotal_sandbox.errors import StoreError

try:
    import fcntl
except ImportError:  # pragma: no cover - Windows keeps no such lock; there SQLite's own must do
    fcntl = None  # type: ignore[assignment]


class FileLock:
    """Held from construction to `release`; raises `StoreError` where another process holds it."""

    def __init__(self, path: Path) -> None:
        # The file stays: removing it would let two processes each lock one of the same name.
        beside = f"{path}-owner"
        try:
            self._file = os.open(beside, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StoreError(
                f"{path} cannot be opened: its folder must exist and be writable "
                f"({error.strerror})."
            ) from error
        if fcntl is None:  # pragma: no cover
            return
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            owner = os.read(self._file, 20).decode("ascii", "replace").strip()
            os.close(self._file)
            raise StoreError(
                f"{path} is in use by another sandbox (process {owner or 'unknown'}): stop that "
                "one, name another file with --db, or use --ephemeral."
            ) from error
        with suppress(OSError):  # on a full disk nobody is told who it is
            os.ftruncate(self._file, 0)
            os.write(self._file, str(os.getpid()).encode())

    def release(self) -> None:
        """Give the database free."""
        os.close(self._file)
