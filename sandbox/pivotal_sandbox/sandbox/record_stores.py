"""The worlds of both modes, as the store keeps them, and the catalog that they live by."""

import contextlib
import random
from pathlib import Path
from typing import Any

from pivotal_sandbox.common.ids import Ids
from pivotal_sandbox.domain.catalog import Catalog
from pivotal_sandbox.domain.catalog_loader import load_catalog
from pivotal_sandbox.domain.models import Mode
from pivotal_sandbox.errors import InputError
from pivotal_sandbox.faults.traffic import apply_traffic_fault
from pivotal_sandbox.records.changes import Change
from pivotal_sandbox.records.record_store import RecordStore
from pivotal_sandbox.records.sample_data import load_sample_data
from pivotal_sandbox.store.database import Database
from pivotal_sandbox.store.records import load_records

MODES: tuple[Mode, ...] = ("test", "live")


class RecordStores:
    """A world for each mode. A catalog of the user's own is read again when its file changes."""

    def __init__(self, ids: Ids, seed: str, catalog_file: Path | None) -> None:
        self._ids = ids
        self._seed = seed
        self._file = catalog_file
        self._read_at = _modified_at(catalog_file)
        self._catalog = load_catalog(catalog_file)
        self._is_new = False  # the worlds do not live by it yet

    @property
    def catalog(self) -> Catalog:
        """The catalog as its file now is; while that cannot be read, as it was."""
        with contextlib.suppress(InputError):
            self._read_again()
        return self._catalog

    async def load(self, database: Database) -> None:
        """Take the records from the store; what was changed but not kept is forgotten."""
        self._database = database
        self._worlds: dict[Mode, RecordStore] = {}
        for mode in MODES:
            source = random.Random(f"{self._seed}/world/{mode}")
            world = RecordStore(mode, self._catalog, load_sample_data(), self._ids, source)
            world.restore(await load_records(database, mode))
            self._worlds[mode] = world

    async def of(self, mode: Mode) -> RecordStore:
        """Return the world of one mode, living by the catalog as its file now is.

        Raises `InputError` where that cannot be read.
        """
        self._read_again()
        if self._is_new:
            await self.load(self._database)
            self._is_new = False
        return self._worlds[mode]

    def _read_again(self) -> None:
        if self._file and self._read_at != (modified_at := _modified_at(self._file)):
            self._catalog = load_catalog(self._file)
            self._read_at, self._is_new = modified_at, True

    async def make_change(
        self, mode: Mode, type: str, now: int, *, fault: str | None, **given: Any
    ) -> Change:
        """Make the change that fires `type`, as the fault has it; or, where that fails, none."""
        world = await self.of(mode)
        try:
            return apply_traffic_fault(fault, world, type, now, **given)
        except InputError:
            if fault is not None:  # of several changes some may have been made
                await self.load(self._database)
            raise


def _modified_at(path: Path | None) -> int:
    """Return when a file was last written, in ns; 0 if there is none."""
    try:
        return path.stat().st_mtime_ns if path else 0
    except OSError:
        return 0
