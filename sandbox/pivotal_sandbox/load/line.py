"""Connections to the one target of a load, the last used first."""

import asyncio
import ssl

from pivotal_sandbox.core.model import Response
from pivotal_sandbox.core.url import Url
from pivotal_sandbox.engine.failure import Failure
from pivotal_sandbox.engine.pool import Pool
from pivotal_sandbox.engine.wire import Connection


class Line:
    """Exchanges bytes with one URL by connections that `pool` opens.

    `Pool.exchange` does the same for any URL and times the parts of it; here, where neither is
    wanted, that would be a third of the time of the whole request.
    """

    def __init__(
        self, pool: Pool, url: Url, *, timeout_ms: float, tls: ssl.SSLContext | None
    ) -> None:
        self._pool = pool
        self._url = url
        self._timeout_ms = timeout_ms
        self._tls = tls
        self._now = asyncio.get_running_loop().time
        self._idle: list[Connection] = []

    async def connect(self) -> Failure | None:
        """Open a connection, and keep it for the first request; or say why there is none."""
        made = await self._open(self._now() + self._timeout_ms / 1000)
        if isinstance(made, Failure):
            return made
        self._idle.append(made)
        return None

    async def exchange(self, data: bytes) -> Response | Failure:
        """Send a request and return how that ended."""
        deadline = self._now() + self._timeout_ms / 1000
        while True:
            kept = bool(self._idle)
            connection = self._idle.pop() if kept else await self._open(deadline)
            if isinstance(connection, Failure):
                return connection
            if not connection.alive:
                continue
            answer = connection.expect(deadline, self._timeout_ms, head_only=False)
            connection.write(data)
            try:
                result = await answer
            except asyncio.CancelledError:
                connection.abort()
                raise
            if connection.alive:
                self._idle.append(connection)
            elif kept and connection.answered_at is None and _is_lost(result):
                continue  # it had been closed as it was taken: the server saw no request
            return result

    async def close(self) -> None:
        """Close the connections that are kept."""
        for connection in self._idle:
            connection.abort()
        for connection in self._idle:
            await connection.closed.wait()

    async def _open(self, deadline: float) -> Connection | Failure:
        return await self._pool.connect(self._url, deadline, self._timeout_ms, self._tls)


def _is_lost(result: Response | Failure) -> bool:
    return isinstance(result, Failure) and result.error == "connection_reset"
