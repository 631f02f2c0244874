"""Endpoints. There are few, and each event asks for all of them: they are held in memory too."""

import sqlite3
from collections.abc import Iterable

import msgspec

from pivotal_sandbox.domain.models import Endpoint, Mode
from pivotal_sandbox.errors import NotFound
from pivotal_sandbox.store.database import Database, Row, Table

TABLE = Table("endpoints", Endpoint.__match_args__, key=["id"])

_ADDRESSES = 1000  # whose endpoints are remembered


class Endpoints:
    """The endpoints of both modes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._held: dict[str, Endpoint] = {}
        self._at: dict[str, list[Endpoint]] = {}  # by address, as long as no endpoint changes

    async def load(self) -> None:
        """Read what the file holds."""
        for endpoint in await self._database.read(_select):
            self._held[endpoint.id] = endpoint

    def get(self, endpoint_id: str) -> Endpoint:
        """Return the endpoint. Raises `NotFound`."""
        try:
            return self._held[endpoint_id]
        except KeyError:
            raise NotFound(f"There is no endpoint {endpoint_id}.", pointer="/endpoint_id") from None

    def find(self, endpoint_id: str) -> Endpoint | None:
        """Return the endpoint, or None where it is gone."""
        return self._held.get(endpoint_id)

    def all(self, mode: Mode | None = None) -> list[Endpoint]:
        """Return the endpoints, oldest first."""
        return [e for e in self._held.values() if mode is None or e.mode == mode]

    def secrets_at(self, address: str, now: int) -> list[str]:
        """Return the secrets that sign at `now` for whatever is delivered to `address` or below."""
        found = self._at.get(address)
        if found is None:
            below = (f"{address}/", f"{address}?")
            found = [e for e in self._held.values() if e.url == address or e.url.startswith(below)]
            if len(self._at) < _ADDRESSES:  # whoever posts to bins makes addresses up
                self._at[address] = found
        return [secret for endpoint in found for secret in endpoint.secrets(now)]

    def row(self, endpoint: Endpoint) -> Row:
        """Return the row to put for `endpoint`; follow it by `hold` once it is committed."""
        return Row(
            TABLE,
            (
                endpoint.id,
                endpoint.url,
                endpoint.mode,
                endpoint.secret,
                endpoint.created_at,
                msgspec.json.encode(endpoint.event_types).decode(),
                msgspec.json.encode(endpoint.field_filter).decode(),
                endpoint.description,
                endpoint.enabled,
                endpoint.previous_secret,
                endpoint.previous_secret_expires_at,
            ),
        )

    def hold(self, endpoint: Endpoint) -> None:
        """Show `endpoint` to every reader from now on."""
        self._held[endpoint.id] = endpoint
        self._at.clear()

    async def delete(self, endpoint_id: str) -> None:
        """Forget the endpoint; its deliveries stay in the log."""

        def work(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM endpoints WHERE id = ?", (endpoint_id,))

        await self._database.transact(work)
        self._held.pop(endpoint_id, None)
        self._at.clear()


def _select(connection: sqlite3.Connection) -> Iterable[Endpoint]:
    query = f"SELECT {', '.join(TABLE.columns)} FROM endpoints ORDER BY id"
    return [_endpoint(row) for row in connection.execute(query)]


def _endpoint(row: tuple[object, ...]) -> Endpoint:
    values = dict(zip(TABLE.columns, row, strict=True))
    values["event_types"] = tuple(msgspec.json.decode(str(values["event_types"])))
    values["field_filter"] = tuple(msgspec.json.decode(str(values["field_filter"])))
    values["enabled"] = bool(values["enabled"])
    return Endpoint(**values)  # type: ignore[arg-type]  # the columns are the fields
