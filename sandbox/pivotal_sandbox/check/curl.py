"""Write an exchange as a shell command that sends the same bytes again."""

import re

from pivotal_sandbox.check.model import Exchange
from pivotal_sandbox.common.headers import header_value
from pivotal_sandbox.common.urls import Url, parse_url
from pivotal_sandbox.exports.curl import curl_command, printf_command, shell_quote

_REQUEST_LINE = re.compile(r"([A-Z]+) (/[!-\"$-~]*) HTTP/1\.1")
_HEADER = re.compile(r"([!#$%&'*+.^`|~\w-]+):(?: (?![ \t])(.*?))?(?<![ \t])", re.ASCII)
_HEADER_OF_NOTHING = re.compile(r"([!#$%&'*+.^`|~\w-]+): ", re.ASCII)
_MAX_HEAD_BYTES = 32 * 1024  # a longer head does not fit into arguments

# Use Python, which the sandbox needs anyway, because netcat variants end differently.
_SOCKET = "import socket,sys;s=socket.create_connection(({host!r},{port}),30);"
_TLS = "import ssl;s=ssl.create_default_context().wrap_socket(s,server_hostname={host!r});"
_SEND = "s.sendall(sys.stdin.buffer.read());"
_SHUTDOWN = "s.shutdown(socket.SHUT_WR);"
_PRINT_RESPONSE = "sys.stdout.buffer.write(s.recv(65536))"


def as_curl(exchange: Exchange, url: str) -> str:
    """Return a shell command that sends the exchange's bytes to the server of `url`.

    It is a `curl` command where curl can say the request, and otherwise one that pipes the bytes
    into a socket, below a line with the reason. The path is the exchange's own. Raises
    `InputError` where `url` is none.
    """
    address = parse_url(url)
    head, body = exchange.sent[: exchange.head_size], exchange.sent[exchange.head_size :]
    lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    request = _REQUEST_LINE.fullmatch(lines[0])
    headers = [_parse_header(line) for line in lines[1:]]
    pairs = [(name, value) for name, value in filter(None, headers)]
    reason = _find_obstacle(head, body, pairs)
    if request is None or len(pairs) < len(headers) or reason:
        truncated = _is_truncated(body, pairs)
        reason = reason or "its head is none that curl would write"
        return f"# curl cannot send this: {reason}. These are its bytes, for a socket.\n" + (
            f"{printf_command(exchange.sent)} | {_socket_command(address, truncated=truncated)}"
        )
    authority = address.origin.partition("://")[2]
    method, target = request.groups()
    full_url = f"{address.scheme}://{authority}{target}"
    return curl_command(method, full_url, pairs, body, options="--http1.1")


def _parse_header(line: str) -> tuple[str, str] | None:
    """Return name and value of a header that curl would send unchanged, else None."""
    match = _HEADER.fullmatch(line) or _HEADER_OF_NOTHING.fullmatch(line)
    if match is None or "\0" in line or "\n" in line:
        return None
    return match[1], (match[2] or "") if match.re is _HEADER else ""


def _find_obstacle(head: bytes, body: bytes, headers: list[tuple[str, str]]) -> str:
    """Return why curl cannot send this framing or these headers, or ""."""
    names = [name.lower() for name, _ in headers]
    if "transfer-encoding" in names:
        return "the chunks would be cut anew"
    if names.count("host") != 1 or names.count("content-length") > 1:
        return "it writes host and length once"
    if _is_truncated(body, headers):
        return "the body ends before its announced length"
    if _content_length(headers) != str(len(body)) and (
        body or _content_length(headers) is not None
    ):
        return "the announced length is not that of the body"
    return "the head is too long for a command" if len(head) > _MAX_HEAD_BYTES else ""


def _is_truncated(body: bytes, headers: list[tuple[str, str]]) -> bool:
    length = _content_length(headers) or ""
    return bool(re.fullmatch(r"[0-9]{1,18}", length)) and int(length) > len(body)


def _content_length(headers: list[tuple[str, str]]) -> str | None:
    return header_value(headers, "content-length")


def _socket_command(address: Url, *, truncated: bool) -> str:
    """Return the command that writes its input to the server, and prints the answer's beginning."""
    tls = address.scheme == "https"
    # Shut down writing, so that the server sees the end; TLS cannot half-close.
    ending = _SHUTDOWN if truncated and not tls else ""
    program = _SOCKET + (_TLS if tls else "") + _SEND + ending + _PRINT_RESPONSE
    return "python3 -c " + shell_quote(program.format(host=address.host, port=address.port))
