"""Open a connection to the first address of a host that accepts it, plain or with TLS."""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from pivotal_sandbox.common.durations import format_seconds
from pivotal_sandbox.common.urls import Url
from pivotal_sandbox.sender.egress import AddressGuard
from pivotal_sandbox.sender.failures import Failure, not_connected, tls_failed, tls_missing
from pivotal_sandbox.sender.http1 import Connection

C = TypeVar("C", bound=Connection)


@dataclass(frozen=True, slots=True)
class Tls:
    """How to secure a connection: what `context` trusts, and the name the certificate is for."""

    context: ssl.SSLContext
    server_name: str

    @classmethod
    def for_url(cls, url: Url, context: ssl.SSLContext) -> "Tls":
        """Return TLS with the host of `url` as the server's name."""
        return cls(context, url.host.rstrip("."))


async def open_connection(
    url: Url,
    guard: AddressGuard,
    create: Callable[[str], C],
    *,
    deadline: float,
    timeout_ms: float,
    tls: Tls | None = None,
) -> C | Failure:
    """Return a new connection to the host of `url`, which `create` creates from "host:port".

    Only addresses that `guard` allows are connected to. `deadline` is on the loop's clock, and
    `timeout_ms` is what messages call that limit.
    """
    peer = name_peer(url)
    try:
        async with asyncio.timeout_at(deadline):
            addresses = await guard.resolve(url.host, url.port)
            if isinstance(addresses, Failure):
                return addresses
            return await _connect_to_any(addresses, url.port, lambda: create(peer), peer, tls)
    except TimeoutError:
        seconds = format_seconds(timeout_ms)
        return Failure("timeout", f"{peer} did not take the connection in {seconds}.", False)


def name_peer(url: Url) -> str:
    """Return the host and port of `url`, the default port included."""
    port = f":{url.port}"
    return url.authority if url.authority.endswith(port) else url.authority + port


async def _connect_to_any(
    addresses: tuple[str, ...], port: int, create: Callable[[], C], peer: str, tls: Tls | None
) -> C | Failure:
    loop = asyncio.get_running_loop()
    failures = []
    for address in addresses:
        try:
            _, connection = await loop.create_connection(
                create,
                address,
                port,
                ssl=None if tls is None else tls.context,
                server_hostname=None if tls is None else tls.server_name,
            )
        except ssl.SSLError as error:
            # No other address: the same certificate, or a wrong one, would be there as well.
            return tls_failed(error, peer)
        except ConnectionError as error:
            if tls is not None and not isinstance(error, ConnectionRefusedError):
                return tls_missing(f"{peer} closed the connection during the TLS handshake.")
            failures.append(not_connected(error, peer))
        except OSError as error:
            failures.append(not_connected(error, peer))
        else:
            return connection
    return failures[-1]
