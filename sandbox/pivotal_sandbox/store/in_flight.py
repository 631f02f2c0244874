"""Remember which attempts are in flight, so that a restart after `kill -9` can log them."""

import mmap
import os
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from pivotal_sandbox.domain.models import Headers

_SLOT = 1024  # bytes for each attempt in flight
_SLOTS = 640  # more than the dispatcher has in flight at once
_LENGTH = struct.Struct("<I")


class StartedAttempt(Struct, frozen=True, array_like=True):
    """An attempt whose request may be on the wire; `started_at` is in ms."""

    delivery_id: str
    number: int
    started_at: int
    request_headers: Headers


class InFlightAttempts:
    """Notes of started attempts, in a file beside the database; without `path` in no file.

    A note is a copy into a mapped file. It survives the end of the process, and costs far less than
    a transaction or a system call. Notes of finished attempts stay until their slot is used again,
    so compare them with the log. A note that cannot be written is skipped.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path and Path(f"{os.path.realpath(path)}-inflight")
        self._map: mmap.mmap | None = None
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
            with suppress(OSError), self._path.open("w+b") as file:
                self._path.chmod(0o600)  # the notes hold signatures
                file.write(bytes(_SLOT * _SLOTS))  # allocated now: a full disk cannot break the map
                file.flush()
                self._map = mmap.mmap(file.fileno(), _SLOT * _SLOTS)

    def start(self, attempt: StartedAttempt) -> int:
        """Note an attempt that is about to be sent; return the slot to pass to `finish`."""
        if self._free:
            slot = self._free.pop()
        else:
            slot = self._slots
            self._slots += 1
        if self._map is not None and slot < _SLOTS:
            data = _encode(attempt)
            if len(data) > _SLOT - _LENGTH.size:
                data = _encode(msgspec.structs.replace(attempt, request_headers=()))
            begin = slot * _SLOT
            self._map[begin : begin + _LENGTH.size + len(data)] = _LENGTH.pack(len(data)) + data
        return slot

    def finish(self, slot: int) -> None:
        """Let another attempt use the slot, because the log has what became of this one."""
        self._free.append(slot)

    def close(self, *, remove: bool = False) -> None:
        """Stop writing; with `remove` delete the notes, because the log has all of them."""
        if self._map is None or self._path is None:
            return
        self._map.close()
        self._map = None
        if remove:
            self._path.unlink(missing_ok=True)


_encode = msgspec.json.Encoder().encode
_decoder = msgspec.json.Decoder(StartedAttempt)


def _decode(data: bytes) -> Iterator[StartedAttempt]:
    for begin in range(0, len(data) - _LENGTH.size, _SLOT):
        (length,) = _LENGTH.unpack_from(data, begin)
        note = data[begin + _LENGTH.size : begin + _LENGTH.size + length]
        with suppress(msgspec.DecodeError):  # an unused slot, or one that was not written whole
            yield _decoder.decode(note)
