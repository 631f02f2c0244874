"""Decide which addresses may be connected to: loopback, and those that the user allowed."""

import asyncio
import re
import socket
from collections.abc import Sequence
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

from pivotal_sandbox.common.urls import parse_url
from pivotal_sandbox.errors import InputError
from pivotal_sandbox.sender.failures import Failure, not_resolved

_NAT64 = IPv6Network("64:ff9b::/96")
# A port, a path, or an IPv4 address in a form that only resolvers understand.
_NOT_A_NAME = re.compile(r"[:/?#]|(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)\.?$", re.I | re.A)


class AddressGuard:
    """Allow loopback addresses and what `allow` names: host names, IP networks, or `*`.

    A name allows whatever it resolves to. The guard checks the resolved address, and callers
    connect to that address, so that a name cannot change its address in between.
    """

    def __init__(self, allow: Sequence[str] = ()) -> None:
        self._allows_everything = "*" in allow
        self._names: set[str] = set()
        self._networks: list[IPv4Network | IPv6Network] = []
        for entry in allow:
            if entry != "*":
                self._add(entry)

    def allows(self, host: str, address: str) -> bool:
        """Return whether `address`, which `host` resolved to, may be connected to."""
        if self._allows_everything or host.lower().rstrip(".") in self._names:
            return True
        reached = _reached_addresses(address)
        return reached[0].is_loopback or any(
            address in network for address in reached for network in self._networks
        )

    async def resolve(self, host: str, port: int) -> tuple[str, ...] | Failure:
        """Return the allowed addresses of `host`, at least one, in the order to try them."""
        try:
            addresses = await _resolve_with_timeout(host, port)
        except (OSError, UnicodeError) as error:
            return not_resolved(error, host)
        allowed = tuple(address for address in addresses if self.allows(host, address))
        if allowed:
            return allowed
        place = host if addresses[0] == host else f"{host} is {addresses[0]}, which"
        return Failure(
            "blocked",
            f"{place} is not a loopback address, so it is blocked; --allow-host {host} allows it.",
            connected=False,
        )

    def _add(self, entry: str) -> None:
        try:
            self._networks.append(ip_network(entry))
        except ValueError:
            try:
                name = None if _NOT_A_NAME.search(entry) else parse_url(f"http://{entry}").host
            except InputError:
                name = None
            if name is None:
                raise InputError(
                    f"The allowed host {entry!r} is neither a host name, nor an IP address, nor a "
                    f"network, nor *; right is, for example, {_suggest(entry)}."
                ) from None
            self._names.add(name.rstrip("."))


def _suggest(entry: str) -> str:
    """Return what the user probably meant."""
    try:
        return str(ip_network(entry, strict=False))
    except ValueError:
        return "hooks.example.com, 192.168.1.7 or 10.0.0.0/8, without scheme or port"


def _reached_addresses(address: str) -> tuple[IPv4Address | IPv6Address, ...]:
    """Return the address, and the IPv4 address that a gateway forwards it to.

    An IPv4-mapped address is that IPv4 address. 6to4 and NAT64 addresses reach one through a
    gateway: they are allowed with it, but never as loopback.
    """
    parsed = ip_address(address)
    if isinstance(parsed, IPv4Address):
        return (parsed,)
    if parsed.ipv4_mapped:
        return (parsed.ipv4_mapped,)
    if parsed.sixtofour:
        return (parsed, parsed.sixtofour)
    if parsed in _NAT64:
        return (parsed, IPv4Address(int(parsed) & 0xFFFF_FFFF))
    return (parsed,)


async def _resolve_with_timeout(host: str, port: int) -> list[str]:
    if host.rstrip(".").endswith(".localhost"):  # loopback without DNS (RFC 6761, section 6.3)
        return ["127.0.0.1", "::1"]
    try:  # parsing an address does not block; only names need a thread
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except socket.gaierror:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(sockaddr[0]) for *_, sockaddr in found]
