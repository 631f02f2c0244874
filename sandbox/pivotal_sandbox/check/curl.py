"""An exchange of the battery as a command that sends the same bytes again."""

import re

from pivotal_sandbox.check.model import Exchange
from pivotal_sandbox.common.headers import header_value
from pivotal_sandbox.common.urls import Url, parse_url
from pivotal_sandbox.exports.curl import curl_command, printf_command, shell_quote

_REQUEST_LINE = re.compile(r"([A-Z]+) (/[!-\"$-~]*) HTTP/1\.1")
_HEADER = re.compile(r"([!#$%&'*+.^`|~\w-]+):(?: (?![ \t])(.*?))?(?<![ \t])", re.ASCII)
_HEADER_OF_NOTHING = re.compile(r"([!#$%&'*+.^`|~\w-]+): ", re.ASCII)
_LONGEST = 32 * 1024  # bytes of a head that is passed as arguments

# Whoever has the sandbox has Python; the netcats of this world differ in how they end.
_SOCKET = "import socket,sys;s=socket.create_connection(({host!r},{port}),30);"
_TLS = "import ssl;s=ssl.create_default_context().wrap_socket(s,server_hostname={host!r});"
_SEND = "s.sendall(sys.stdin.buffer.read());"
_CUT = "s.shutdown(socket.SHUT_WR);"
_ANSWER = "sys.stdout.buffer.write(s.recv(65536))"


def as_curl(exchange: Exchange, url: str) -> str:
    """Return a shell command that sends the exchange's bytes to the server of `url`.

    It is a `curl` command where curl can say the request, and otherwise one that pipes the bytes
    into a socket, below a line with the reason. The path is the exchange's own. Raises
    `InputError` where `url` is none.
    """
    place = parse_url(url)
    head, body = exchange.sent[: exchange.head_size], exchange.sent[exchange.head_size :]
    lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    request = _REQUEST_LINE.fullmatch(lines[0])
    headers = [_header(line) for line in lines[1:]]
    named = [(name, value) for name, value in filter(None, headers)]
    reason = _unsayable(head, body, named)
    if request is None or len(named) < len(headers) or reason:
        short = _is_short(body, named)
        reason = reason or "its head is none that curl would write"
        return f"# curl cannot send this: {reason}. These are its bytes, for a socket.\n" + (
            f"{printf_command(exchange.sent)} | {_pipe(place, short=short)}"
        )
    authority = place.origin.partition("://")[2]
    method, target = request.groups()
    full = f"{place.scheme}://{authority}{target}"
    return curl_command(method, full, named, body, options="--http1.1")


def _header(line: str) -> tuple[str, str] | None:
    """Return name and value of a header that curl writes as it stands here."""
    found = _HEADER.fullmatch(line) or _HEADER_OF_NOTHING.fullmatch(line)
    if found is None or "\0" in line or "\n" in line:
        return None
    return found[1], (found[2] or "") if found.re is _HEADER else ""


def _unsayable(head: bytes, body: bytes, headers: list[tuple[str, str]]) -> str:
    """Return what of framing and headers is beyond curl, or nothing."""
    names = [name.lower() for name, _ in headers]
    if "transfer-encoding" in names:
        return "the chunks would be cut anew"
    if names.count("host") != 1 or names.count("content-length") > 1:
        return "it writes host and length once"
    if _is_short(body, headers):
        return "the body ends before its announced length"
    if _length(headers) != str(len(body)) and (body or _length(headers) is not None):
        return "the announced length is not that of the body"
    return "the head is too long for a command" if len(head) > _LONGEST else ""


def _is_short(body: bytes, headers: list[tuple[str, str]]) -> bool:
    length = _length(headers) or ""
    return bool(re.fullmatch(r"[0-9]{1,18}", length)) and int(length) > len(body)


def _length(headers: list[tuple[str, str]]) -> str | None:
    return header_value(headers, "content-length")


def _pipe(place: Url, *, short: bool) -> str:
    """Return the command that writes its input to the server, and prints the answer's beginning."""
    tls = place.scheme == "https"
    # Closed for writing, so that the server sees that no more comes; TLS has no such half.
    ending = _CUT if short and not tls else ""
    program = _SOCKET + (_TLS if tls else "") + _SEND + ending + _ANSWER
    return "python3 -c " + shell_quote(program.format(host=place.host, port=place.port))
