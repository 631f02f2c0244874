"""URLs that can be sent to, and those that are refused with what is right."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pivotal_sandbox.common.urls import Url, parse_url
from pivotal_sandbox.errors import InputError


def test_a_url_is_taken_apart() -> None:
    assert parse_url("https://hooks.example.com:8443/in/demo?a=b#there") == Url(
        scheme="https",
        origin="https://hooks.example.com:8443",
        host="hooks.example.com",
        port=8443,
        authority="hooks.example.com:8443",
        target="/in/demo?a=b",
    )


@pytest.mark.parametrize(
    ("url", "origin", "port"),
    [
        ("http://a.test", "http://a.test", 80),
        ("https://a.test", "https://a.test", 443),
        ("http://a.test:80", "http://a.test", 80),
        ("https://a.test:443", "https://a.test", 443),
        ("http://a.test:443", "http://a.test:443", 443),
        ("http://a.test:", "http://a.test", 80),
        ("http://a.test:00080", "http://a.test", 80),
        ("http://a.test:65535", "http://a.test:65535", 65535),
        ("HTTP://A.Test", "http://a.test", 80),
    ],
)
def test_a_default_port_is_left_out(url: str, origin: str, port: int) -> None:
    parsed = parse_url(url)
    assert (parsed.origin, parsed.port) == (origin, port)
    assert parsed.authority == origin.partition("://")[2]


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("http://a.test", "/"),
        ("http://a.test/", "/"),
        ("http://a.test?a=b", "/?a=b"),
        ("http://a.test#x", "/"),
        ("http://a.test/a//b/../c%2Fd?x=[1]&y='z'", "/a//b/../c%2Fd?x=[1]&y='z'"),
        ("http://a.test/é?ü", "/%C3%A9?%C3%BC"),
        ('http://a.test/{a}|"<>\\^`', "/%7Ba%7D%7C%22%3C%3E%5C%5E%60"),
    ],
)
def test_the_target_is_what_a_request_line_can_hold(url: str, target: str) -> None:
    assert parse_url(url).target == target


@pytest.mark.parametrize(
    ("text", "host", "authority"),
    [
        ("localhost", "localhost", "localhost"),
        ("my_host-1.internal.", "my_host-1.internal.", "my_host-1.internal."),
        ("127.0.0.1", "127.0.0.1", "127.0.0.1"),
        ("2130706433", "2130706433", "2130706433"),
        ("[::1]", "::1", "[::1]"),
        ("[0:0::0:1]", "::1", "[::1]"),
        ("[::FFFF:127.0.0.1]", "::ffff:7f00:1", "[::ffff:7f00:1]"),
        ("Müller.example", "xn--mller-kva.example", "xn--mller-kva.example"),
        (f"{'a' * 63}.test", f"{'a' * 63}.test", f"{'a' * 63}.test"),
    ],
)
def test_hosts_are_names_or_addresses(text: str, host: str, authority: str) -> None:
    parsed = parse_url(f"http://{text}/")
    assert (parsed.host, parsed.authority) == (host, authority)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "The URL is empty; right is, for example, http://127.0.0.1:8000/webhooks."),
        ("http://a.test/a b", "' ' at position 16"),
        (" http://a.test/", "' ' at position 1;"),
        ("http://a.test/\r\nx: y", r"'\r' at position 15"),
        ("http://a.test/\x00", r"'\x00'"),
        ("http://a.test/\x7f", r"'\x7f'"),
        ("http://a.test/\u2003", r"'\u2003'"),
        ("http://a.test/\ud800", r"'\ud800'"),
        ("localhost:8000/in", "does not begin with http:// or https://"),
        ("//a.test/", "does not begin with http:// or https://"),
        ("http:/a.test/", "does not begin with http:// or https://"),
        ("ftp://a.test/", "scheme is 'ftp'; right is http or https"),
        ("http://", "has no host"),
        ("http:///in", "has no host"),
        ("http://:80/in", "has no host"),
        ("http://user:pass@a.test/", "carries credentials"),
        ("http://127.0.0.1\\@evil.test/", "carries credentials"),
        ("http://127.0.0.1\\.evil.test/", "neither a host name nor an IP address"),
        ("http://a.test:0/", "port '0' is not a number from 1 to 65535"),
        ("http://a.test:65536/", "port '65536' is not a number from 1 to 65535"),
        ("http://a.test:80a/", "port '80a'"),
        ("http://a.test:-1/", "port '-1'"),
        ("http://a.test:٣/", "port '٣'"),
        (f"http://a.test:{'9' * 5000}/", "is not a number from 1 to 65535"),
        ("http://[::1/", "malformed"),
        ("http://[::1]x/", "malformed"),
        ("http://::1/", "an IPv6 address in brackets"),
        ("http://[::zz]/", "neither a host name nor an IP address"),
        ("http://[127.0.0.1]/", "neither a host name nor an IP address"),
        ("http://[fe80::1%25eth0]/", "neither a host name nor an IP address"),
        ("http://[fe80::1%eth0]/", "neither a host name nor an IP address"),
        ("http://a..test/", "neither a host name nor an IP address"),
        ("http://-a.test/", "neither a host name nor an IP address"),
        ("http://a%2eb/", "neither a host name nor an IP address"),
        ("http://ü..test/", "neither a host name nor an IP address"),
        (f"http://{'a' * 64}.test/", "neither a host name nor an IP address"),
        (f"http://{'a.' * 127}a/", "neither a host name nor an IP address"),
    ],
)
def test_a_bad_url_is_refused_with_what_is_right(url: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_url(url)
    assert said in str(caught.value)
    assert caught.value.pointer == "/url"


@given(st.text() | st.from_regex(r"https?://[a-z0-9.\[\]:@\\\u00e0-\u00ff-]{0,12}[/?#]?.{0,9}"))
def test_whatever_is_given_either_fits_on_the_wire_or_is_refused(text: str) -> None:
    try:
        url = parse_url(text)
    except InputError:
        return
    assert url.scheme in {"http", "https"}
    assert 1 <= url.port <= 65535
    assert url.target.startswith("/")
    line = url.target + url.authority + url.host
    assert line.isascii()
    assert line.isprintable()
    assert " " not in line
    assert parse_url(url.origin + url.target) == url
