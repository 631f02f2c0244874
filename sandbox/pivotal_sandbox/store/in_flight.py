"""Remember which attempts are in flight, so that a restart after `kill -9` can log them."""

import os
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from pivotal_sandbox.domain.models import Headers

_SLOT = 2048  # bytes for each attempt in flight
_LENGTH = struct.Struct("<I")


class StartedAttempt(Struct, frozen=True, array_like=True):
    """An attempt whose request may be on the wire; `started_at` is in ms."""

    delivery_id: str
    number: int
    started_at: int
    request_headers: Headers


class InFlightAttempts:
    """Notes of started attempts, in a file beside the database; without `path` in no file.

    A note is one write to the page cache, which survives the end of the process and costs far less
    than a transaction. Notes of finished attempts stay until their slot is used again, so compare
    them with the log. A note that cannot be written is skipped.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path and Path(f"{os.path.realpath(path)}-inflight")
        self._file: int | None = None
        self._free: list[int] = []
        self._slots = 0

    def read(self) -> list[StartedAttempt]:
        """Return the notes that the previous process left, by delivery and number."""
        if self._path is None:
            return []
        try:
            data = self._path.read_bytes()
        except OSError:
            return []
        return sorted(_decode(data), key=lambda note: (note.delivery_id, note.number))

    def open(self) -> None:
        """Drop the notes of the previous process, and write new ones from now on."""
        if self._path is not None:
            with suppress(OSError):
                flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
                self._file = os.open(self._path, flags, 0o600)

    def start(self, attempt: StartedAttempt) -> int:
        """Note an attempt that is about to be sent; return the slot to pass to `finish`."""
        if self._free:
            slot = self._free.pop()
        else:
            slot = self._slots
            self._slots += 1
        if self._file is not None:
            data = _encode(attempt)
            if len(data) > _SLOT - _LENGTH.size:
                data = _encode(msgspec.structs.replace(attempt, request_headers=()))
            with suppress(OSError):
                _write_at(self._file, slot * _SLOT, _LENGTH.pack(len(data)) + data)
        return slot

    def finish(self, slot: int) -> None:
        """Let another attempt use the slot, because the log has what became of this one."""
        self._free.append(slot)

    def close(self, *, remove: bool = False) -> None:
        """Stop writing; with `remove` delete the notes, because the log has all of them."""
        if self._file is None or self._path is None:
            return
        os.close(self._file)
        self._file = None
        if remove:
            self._path.unlink(missing_ok=True)


_encode = msgspec.json.Encoder().encode
_decoder = msgspec.json.Decoder(StartedAttempt)


def _write_at(file: int, position: int, data: bytes) -> None:
    if hasattr(os, "pwrite"):
        os.pwrite(file, data, position)
    else:  # pragma: no cover - Windows
        os.lseek(file, position, os.SEEK_SET)
        os.write(file, data)


def _decode(data: bytes) -> Iterator[StartedAttempt]:
    for begin in range(0, len(data) - _LENGTH.size, _SLOT):
        (length,) = _LENGTH.unpack_from(data, begin)
        note = data[begin + _LENGTH.size : begin + _LENGTH.size + length]
        with suppress(msgspec.DecodeError):  # an unused slot, or one that was not written whole
            yield _decoder.decode(note)
