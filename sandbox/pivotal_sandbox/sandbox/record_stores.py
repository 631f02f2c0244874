"""The sample records of both modes as the database holds them, and their catalog."""

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
    """The records of each mode. A catalog of the user's own is reloaded when its file changes."""

    def __init__(self, ids: Ids, seed: str, catalog_file: Path | None) -> None:
        self._ids = ids
        self._seed = seed
        self._file = catalog_file
        self._modified_at = _file_modified_at(catalog_file)
        self._catalog = load_catalog(catalog_file)
        self._catalog_changed = False  # the records do not use the new catalog yet

    def current_catalog(self) -> Catalog:
        """Return the catalog as its file is now, or as it was while that cannot be read."""
        with contextlib.suppress(InputError):
            self._reload_if_changed()
        return self._catalog

    async def load(self, database: Database) -> None:
        """Load the records from the database; changes that were not stored are dropped."""
        self._database = database
        self._record_stores: dict[Mode, RecordStore] = {}
        for mode in MODES:
            source = random.Random(f"{self._seed}/world/{mode}")
            records = RecordStore(mode, self._catalog, load_sample_data(), self._ids, source)
            records.restore(await load_records(database, mode))
            self._record_stores[mode] = records

    async def get(self, mode: Mode) -> RecordStore:
        """Return the records of one mode, with the catalog as its file is now.

        Raises `InputError` if the file cannot be read.
        """
        self._reload_if_changed()
        if self._catalog_changed:
            await self.load(self._database)
            self._catalog_changed = False
        return self._record_stores[mode]

    def _reload_if_changed(self) -> None:
        if self._file and self._modified_at != (modified_at := _file_modified_at(self._file)):
            self._catalog = load_catalog(self._file)
            self._modified_at, self._catalog_changed = modified_at, True

    async def make_change(
        self, mode: Mode, type: str, now: int, *, fault: str | None, **edits: Any
    ) -> Change:
        """Make the change that fires `type`, as the fault alters it, or none if that fails."""
        records = await self.get(mode)
        try:
            return apply_traffic_fault(fault, records, type, now, **edits)
        except InputError:
            if fault is not None:  # some of several changes may have been made
                await self.load(self._database)
            raise


def _file_modified_at(path: Path | None) -> int:
    """Return when a file was last modified, in ns, or 0 if there is none."""
    try:
        return path.stat().st_mtime_ns if path else 0
    except OSError:
        return 0
