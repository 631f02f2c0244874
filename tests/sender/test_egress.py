"""The guard: which addresses may be connected to."""

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pivotal_sandbox.errors import InputError
from pivotal_sandbox.sender.egress import AddressGuard
from pivotal_sandbox.sender.failures import Failure

BOTH_LOOPS = True

LOOPBACK = ["127.0.0.1", "127.255.255.254", "::1", "::ffff:127.0.0.1"]
FOREIGN = [
    "10.0.0.1",
    "169.254.169.254",
    "93.184.216.34",
    "0.0.0.0",
    "::",
    "::ffff:0.0.0.0",
    "::ffff:10.0.0.1",
    "fe80::1",
    "fe80::1%eth0",
    "2001:db8::1",
    # These only lead to 127.0.0.1, and by way of others.
    "2002:7f00:1::",
    "64:ff9b::7f00:1",
    "::127.0.0.1",
]


@pytest.mark.parametrize("address", LOOPBACK)
def test_loopback_addresses_are_always_allowed(address: str) -> None:
    assert AddressGuard().allows("any.test", address)


@pytest.mark.parametrize("address", FOREIGN)
def test_other_addresses_are_not_allowed(address: str) -> None:
    assert not AddressGuard().allows("any.test", address)


@pytest.mark.parametrize("address", [*LOOPBACK, *FOREIGN])
def test_a_star_allows_every_address(address: str) -> None:
    assert AddressGuard(["*"]).allows("any.test", address)


@pytest.mark.parametrize("address", FOREIGN)
def test_an_allowed_name_may_resolve_to_any_address(address: str) -> None:
    guard = AddressGuard(["Hooks.Example.com.", "müller.example"])
    assert guard.allows("hooks.example.com", address)
    assert guard.allows("HOOKS.example.com.", address)
    assert guard.allows("xn--mller-kva.example", address)
    assert not guard.allows("sub.hooks.example.com", address)
    assert not guard.allows("example.com", address)


@pytest.mark.parametrize(
    ("entry", "reached", "blocked"),
    [
        ("10.0.0.0/8", "10.255.0.1", "11.0.0.1"),
        ("10.0.0.7", "10.0.0.7", "10.0.0.8"),
        ("10.0.0.0/8", "::ffff:10.0.0.1", "::ffff:11.0.0.1"),
        ("10.0.0.0/8", "2002:a00:1::", "2002:b00:1::"),
        ("10.0.0.0/8", "64:ff9b::a00:1", "64:ff9b::b00:1"),
        ("64:ff9b::/96", "64:ff9b::a00:1", "10.0.0.1"),
        ("2002::/16", "2002:a00:1::", "10.0.0.1"),
        ("2001:db8::/32", "2001:db8::1", "2001:db9::1"),
        ("fe80::/10", "fe80::1%eth0", "10.0.0.1"),
        ("::/0", "2001:db8::1", "::ffff:10.0.0.1"),
        ("0.0.0.0/0", "0.0.0.0", "::"),
    ],
)
def test_an_allowed_network_allows_its_addresses(entry: str, reached: str, blocked: str) -> None:
    guard = AddressGuard([entry])
    assert guard.allows("any.test", reached)
    assert not guard.allows("any.test", blocked)
    assert guard.allows("any.test", "127.0.0.1")


@pytest.mark.parametrize(
    ("entry", "right"),
    [
        ("", "hooks.example.com, 192.168.1.7 or 10.0.0.0/8, without scheme or port"),
        ("http://example.com", "without scheme or port"),
        ("example.com:8080", "without scheme or port"),
        ("example.com/in", "without scheme or port"),
        ("*.example.com", "without scheme or port"),
        ("exa mple.com", "without scheme or port"),
        ("[::1]", "without scheme or port"),
        ("127.1", "without scheme or port"),
        ("2130706433", "without scheme or port"),
        ("0x7f000001", "without scheme or port"),
        ("10.0.0.256", "without scheme or port"),
        ("10.0.0.7/8", "is, for example, 10.0.0.0/8."),
        ("2001:db8::1/32", "is, for example, 2001:db8::/32."),
    ],
)
def test_an_invalid_entry_is_refused_with_a_suggestion(entry: str, right: str) -> None:
    with pytest.raises(InputError) as caught:
        AddressGuard(["localhost", entry])
    assert repr(entry) in str(caught.value)
    assert right in str(caught.value)


@given(st.integers(0, 2**32 - 1))
def test_an_ipv4_address_inside_an_ipv6_address_is_checked_as_ipv4(number: int) -> None:
    guard = AddressGuard(["10.0.0.0/8", "128.0.0.0/1"])
    plain = IPv4Address(number)
    mapped = IPv6Address(0xFFFF << 32 | number)
    assert guard.allows("any.test", str(mapped)) == guard.allows("any.test", str(plain))


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("2130706433", "127.0.0.1"),
        ("0x7f000001", "127.0.0.1"),
        ("017700000001", "127.0.0.1"),
        ("::1", "::1"),
    ],
)
async def test_the_resolved_address_is_checked(host: str, address: str) -> None:
    assert await AddressGuard().resolve(host, 80) == (address,)


async def test_a_name_resolves_to_its_allowed_addresses() -> None:
    addresses = await AddressGuard().resolve("localhost", 80)
    assert isinstance(addresses, tuple)
    assert set(addresses) <= {"127.0.0.1", "::1"}
    assert addresses


@pytest.mark.parametrize("host", ["shop.localhost", "a.b.localhost."])
async def test_a_localhost_name_resolves_to_loopback_without_dns(
    monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise AssertionError("the resolver was asked")

    monkeypatch.setattr("socket.getaddrinfo", fail)
    assert await AddressGuard().resolve(host, 80) == ("127.0.0.1", "::1")


@pytest.mark.parametrize(
    ("host", "named"),
    [
        ("10.1.2.3", "10.1.2.3 is not a loopback address"),
        ("0.0.0.0", "0.0.0.0 is not a loopback address"),
        ("0", "0 is 0.0.0.0, which is not a loopback address"),
        ("::", ":: is not a loopback address"),
        ("167838211", "167838211 is 10.1.2.3, which is not a loopback address"),
    ],
)
async def test_a_blocked_host_names_the_option_that_allows_it(host: str, named: str) -> None:
    assert await AddressGuard().resolve(host, 80) == Failure(
        "blocked", f"{named}, so it is blocked; --allow-host {host} allows it.", connected=False
    )
    assert isinstance(await AddressGuard([host] if "." in host else ["*"]).resolve(host, 80), tuple)


@pytest.mark.parametrize("host", ["nobody.invalid", "a" * 64, "a..b"])
async def test_an_unknown_name_is_a_dns_failure(host: str) -> None:
    failure = await AddressGuard(["*"]).resolve(host, 80)
    assert isinstance(failure, Failure)
    assert failure.error == "dns"
    assert host in failure.detail
    assert not failure.connected
