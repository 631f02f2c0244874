"""What is printed is run by a shell, and a socket keeps what arrives."""

import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.check.samples import exchange

from pivotal_sandbox.check.curl import as_curl
from pivotal_sandbox.check.model import Exchange
from pivotal_sandbox.errors import InputError

EVERY_BYTE = bytes(range(256))


class Received:
    """The bytes of one request, once it is over."""

    data = b""


@contextmanager
def server(size: int) -> Iterator[tuple[str, Received]]:
    """Take one connection, read so many bytes or up to its end, answer 200."""
    received = Received()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(20)

        def serve() -> None:
            taken, _ = listening.accept()
            with taken:
                taken.settimeout(20)
                while len(received.data) < size and (read := taken.recv(65536)):
                    received.data += read
                taken.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/elsewhere", received
        thread.join(20)


def replayed(sent: Exchange) -> tuple[str, bytes]:
    """Return the command for an exchange, and what it sent when a shell ran it."""
    cut_short = b"content-length: 4000" in sent.sent  # then the server waits for the end
    with server(len(sent.sent) + cut_short) as (url, received):
        command = as_curl(sent, url)
        ran = subprocess.run(["sh", "-e"], input=command.encode(), capture_output=True, timeout=30)
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert ran.stdout.endswith(b"ok")
    return command, received.data


def lines(data: bytes) -> tuple[bytes, list[bytes], bytes]:
    """Return the request line, the headers but not in order, and the body.

    curl puts the host first, and writes its name in one way only.
    """
    head, _, body = data.partition(b"\r\n\r\n")
    first, *headers = head.replace(b"\r\nhost:", b"\r\nHost:").split(b"\r\n")
    return first, sorted(headers), body


@pytest.mark.needs("curl")
@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(exchange(), id="as-pivotal-sends-it"),
        pytest.param(exchange(EVERY_BYTE), id="every-byte"),
        pytest.param(exchange(b"it's 100% \\ $HOME `id`"), id="what-a-shell-would-read"),
        pytest.param(exchange(b""), id="no-body"),
        pytest.param(exchange(b"x" * 300_000), id="more-than-an-argument-holds"),
        pytest.param(exchange(extra=b"pivotal-signature: other\r\n"), id="a-header-twice"),
        pytest.param(exchange(extra=b"X-UPPER: a\r\nx-upper: b\r\n"), id="the-case-of-a-header"),
        pytest.param(exchange(extra=b"x-name: \xc3\xa9 \xff\r\n"), id="bytes-in-a-header"),
        pytest.param(exchange(extra=b"x-empty:\r\n"), id="a-header-of-nothing"),
    ],
)
def test_curl_command_sends_the_same_bytes(sent: Exchange) -> None:
    command, received = replayed(sent)
    assert "curl -sS" in command
    assert "--http1.1" in command
    assert lines(received) == lines(sent.sent)


@pytest.mark.needs("python3")
@pytest.mark.parametrize(
    ("sent", "why"),
    [
        pytest.param(exchange(length=4000), "ends before its announced length", id="cut-short"),
        pytest.param(exchange(length=3), "is not that of the body", id="too-long"),
        pytest.param(
            exchange(b"3\r\na'b\r\n0\r\n\r\n", extra=b"transfer-encoding: chunked\r\n"),
            "chunks would be cut anew",
            id="chunked",
        ),
        pytest.param(exchange(extra=b"content-length: 3\r\n"), "host and length once", id="twice"),
        pytest.param(exchange(extra=b"x-blank:  y\r\n"), "none that curl would write", id="blank"),
        pytest.param(exchange(extra=b"x-folded: a\r\n b\r\n"), "none that curl", id="folded"),
        pytest.param(exchange(extra=b"x-null: \x00\r\n"), "none that curl", id="null"),
        pytest.param(
            exchange(extra=b"x: " + b"y" * 40_000 + b"\r\n"), "too long for a command", id="long"
        ),
        pytest.param(
            Exchange(b"garbage\x00\xff%s", 4, None, "x", b"", 0), "host and", id="no-head"
        ),
    ],
)
def test_request_that_curl_cannot_send_goes_through_a_socket(sent: Exchange, why: str) -> None:
    command, received = replayed(sent)
    assert command.startswith("# curl cannot send this: ")
    assert why in command.splitlines()[0]
    assert received == sent.sent


def test_the_path_is_the_one_that_was_sent() -> None:
    assert "http://127.0.0.1:8000/webhooks/pivotal " in as_curl(exchange(), "http://127.0.0.1:8000")


def test_https_is_kept_in_both_ways() -> None:
    assert " https://h/webhooks/pivotal " in as_curl(exchange(), "https://h/x")
    piped = as_curl(exchange(length=4000), "https://h/x")
    assert "wrap_socket" in piped
    assert "443" in piped


def test_invalid_target_url_is_rejected() -> None:
    with pytest.raises(InputError, match="URL"):
        as_curl(exchange(), "nowhere")


@settings(max_examples=100)
@given(st.binary(max_size=300), st.integers(0, 300))
def test_any_bytes_have_a_command(sent: bytes, head_size: int) -> None:
    command = as_curl(Exchange(sent, head_size, None, None, b"", 0), "http://127.0.0.1:1/")
    assert command.encode()
