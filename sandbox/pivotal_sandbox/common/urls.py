"""A URL that a webhook can be sent to: taken apart once, or refused with what is right."""

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address
from typing import Literal, cast
from urllib.parse import quote

from pivotal_sandbox.errors import InputError

Scheme = Literal["http", "https"]

_PORTS = {"http": 80, "https": 443}
_EXAMPLE = "http://127.0.0.1:8000/webhooks"
_UNPRINTABLE = re.compile(r"[\s\x00-\x20\x7f-\xa0\ud800-\udfff]")
_PARTS = re.compile(r"([a-z][a-z0-9+.-]*)://([^/?#]*)([^#]*)", re.I | re.A)
_AUTHORITY = re.compile(r"(\[[^\[\]]*\]|[^:\[\]]*)(?::([^:]*))?")
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"(?=.{{1,254}}\Z){_LABEL}(?:\.{_LABEL})*\.?", re.A)
_UNTOUCHED = "!#$%&'()*+,/:;=?@[]"  # and letters, digits and _.-~, which quote() never touches


@dataclass(frozen=True, slots=True)
class Url:
    """The parts of a URL that the wire needs.

    `origin` is scheme, host and port, without a default port. `host` is ASCII, in lower case, an
    IPv6 address without its brackets; `authority` is what the `Host` header says; `target` is the
    path and query of the request line.
    """

    scheme: Scheme
    origin: str
    host: str
    port: int
    authority: str
    target: str


@lru_cache(maxsize=4096)
def parse_url(url: str) -> Url:
    """Take `url` apart. Raises `InputError`, naming what is right, if nothing can be sent to it.

    A fragment is left out, as it never leaves the sender. What a request line may not hold is
    percent-encoded, as browsers do.
    """
    if not url:
        raise _wrong(f"The URL is empty; right is, for example, {_EXAMPLE}.")
    if unprintable := _UNPRINTABLE.search(url):
        raise _wrong(
            f"The URL has the character {unprintable[0]!r} at position {unprintable.start() + 1}; "
            "a space is written %20, and control characters have no place in a URL."
        )
    parts = _PARTS.match(url)
    if parts is None:
        raise _wrong(
            f"The URL {url[:80]!r} does not begin with http:// or https://; right is, for example, "
            f"{_EXAMPLE}."
        )
    scheme, (host, port) = parts[1].lower(), _authority(parts[2])
    if scheme not in _PORTS:
        raise _wrong(f"The URL's scheme is {scheme!r}; right is http or https.")
    default = _PORTS[scheme]
    authority = f"[{host}]" if ":" in host else host
    if port not in (None, default):
        authority += f":{port}"
    return Url(
        scheme=cast(Scheme, scheme),
        origin=f"{scheme}://{authority}",
        host=host,
        port=port or default,
        authority=authority,
        target=quote(parts[3] if parts[3].startswith("/") else f"/{parts[3]}", safe=_UNTOUCHED),
    )


def _authority(text: str) -> tuple[str, int | None]:
    if "@" in text:
        raise _wrong("The URL carries credentials; Pivotal sends none: leave out what is before @.")
    split = _AUTHORITY.fullmatch(text)
    if split is None:
        raise _wrong(
            f"The URL's host {text[:80]!r} is malformed; right is a name, an IPv4 address or an "
            "IPv6 address in brackets."
        )
    return _host(split[1]), _port(split[2])


def _host(text: str) -> str:
    if not text:
        raise _wrong(f"The URL has no host; right is, for example, {_EXAMPLE}.")
    try:
        if text.startswith("["):
            return str(_unscoped(text[1:-1]))
        host = text.lower() if text.isascii() else text.encode("idna").decode().lower()
    except ValueError:
        host = ""
    if not _NAME.fullmatch(host):
        raise _wrong(
            f"The URL's host {text[:80]!r} is neither a host name nor an IP address; a name is "
            "made of letters, digits, '-' and '.'."
        )
    return host


def _unscoped(text: str) -> IPv6Address:
    address = IPv6Address(text)
    if address.scope_id is not None:
        raise ValueError
    return address


def _port(text: str | None) -> int | None:
    if not text:
        return None
    digits = text.lstrip("0")
    if not re.fullmatch("[0-9]{1,5}", digits) or int(digits) > 65535:
        raise _wrong(f"The URL's port {text[:80]!r} is not a number from 1 to 65535.")
    return int(digits)


def _wrong(message: str) -> InputError:
    return InputError(message, pointer="/url")
