"""The database and the stores on it, opened and closed together."""

from dataclasses import dataclass
from typing import Self

from pivotal_sandbox.store.captures import Captures
from pivotal_sandbox.store.database import Database
from pivotal_sandbox.store.deliveries import Deliveries
from pivotal_sandbox.store.endpoints import Endpoints


@dataclass(frozen=True, slots=True)
class Stores:
    """One database, and what it holds by kind."""

    database: Database
    endpoints: Endpoints
    deliveries: Deliveries
    captures: Captures

    @classmethod
    async def load(cls, database: Database) -> Self:
        """Return the stores on `database`, with what they hold in memory. Raises `StoreError`."""
        stores = cls(database, Endpoints(database), Deliveries(database), Captures(database))
        await stores.endpoints.load()
        await stores.captures.load()
        return stores
