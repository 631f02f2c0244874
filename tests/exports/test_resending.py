"""Run exported files against peers that refuse, stay silent or answer, as a user's shell would."""

import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.exports.exchanges import HEADERS, sent

from pivotal_sandbox.exports.exchange import ExportedRequest
from pivotal_sandbox.exports.formats import ExportOptions, export, get_form

SCRIPT_FORMS = ["curl", "httpie"]
FORMS = [*SCRIPT_FORMS, "pytest"]
CHUNKED = (("host", "h"), ("transfer-encoding", "chunked"))
FRAMED = (*HEADERS, ("content-length", "2"))

pytestmark = pytest.mark.needs("curl")


@contextmanager
def peer(answer: bytes | None) -> Iterator[tuple[str, list[bytes]]]:
    """Listen on a free port and collect requests; answer each, or never if `answer` is None."""
    requests: list[bytes] = []
    silent: list[socket.socket] = []

    def serve() -> None:
        while True:
            connection, _ = server.accept()
            connection.settimeout(20)
            with connection.makefile("rb") as reader:
                request = b""
                while (line := reader.readline()) not in (b"\r\n", b""):
                    request += line
                if not request:
                    connection.close()
                    return
                if b"transfer-encoding: chunked" in request.lower():
                    while not request.endswith(b"\r\n0\r\n\r\n") and (line := reader.readline()):
                        request += line
                elif length := re.search(rb"(?i)content-length: (\d+)", request):
                    request += reader.read(int(length[1]))
                requests.append(request)
            if answer is None:
                silent.append(connection)
            else:
                connection.sendall(answer)
                connection.close()

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve)
        thread.start()
        port = server.getsockname()[1]
        try:
            yield f"http://127.0.0.1:{port}/hook", requests
        finally:
            socket.create_connection(("127.0.0.1", port)).close()
            thread.join()
            for connection in silent:
                connection.close()


def unused_url() -> str:
    """Return a URL that refuses connections."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"http://127.0.0.1:{server.getsockname()[1]}/hook"


def response(status: int) -> bytes:
    return b"HTTP/1.1 %d X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n" % status


def run_export(
    form: str,
    requests: list[ExportedRequest],
    directory: Path,
    *,
    timeout_s: str = "30",
    env: dict[str, str] | None = None,
) -> "subprocess.CompletedProcess[str]":
    """Export the requests and run the file; `timeout_s` replaces the time that it waits."""
    text = export(requests, get_form(form), ExportOptions("1.0"))
    text, replaced = re.subn(
        r"(--max-time |--timeout=|TIMEOUT_S = )30\b", rf"\g<1>{timeout_s}", text
    )
    assert replaced, "the file waits without a limit"
    file = directory / ("test_again.py" if form == "pytest" else "again.sh")
    file.write_text(text, "utf-8")
    command = ["sh", str(file)]
    if form == "pytest":
        options = ["-q", "-p", "no:cacheprovider", "-c", os.devnull]
        command = [sys.executable, "-m", "pytest", *options, str(file)]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PATH": path, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", **(env or {})},
    )


@pytest.mark.parametrize(
    ("form", "accepted"),
    [("curl", None), ("httpie", None), ("pytest", True), ("pytest", False), ("pytest", None)],
)
def test_an_exported_file_fails_when_nobody_listens(
    form: str, accepted: bool | None, tmp_path: Path
) -> None:
    request = sent(url=unused_url(), headers=FRAMED, accepted=accepted)
    ran = run_export(form, [request], tmp_path)
    assert ran.returncode == 1, ran.stdout + ran.stderr


@pytest.mark.parametrize("form", SCRIPT_FORMS)
def test_a_script_sends_the_rest_after_a_failure_and_still_fails(form: str, tmp_path: Path) -> None:
    with peer(response(200)) as (url, received):
        requests = [sent(url=unused_url(), headers=FRAMED), sent(url=url, headers=FRAMED)]
        ran = run_export(form, requests, tmp_path)
    assert len(received) == 1
    assert ran.returncode == 1


@pytest.mark.parametrize("form", FORMS)
def test_an_exported_file_gives_up_on_a_peer_that_never_answers(form: str, tmp_path: Path) -> None:
    with peer(None) as (url, received):
        request = sent(url=url, headers=FRAMED, accepted=None)
        ran = run_export(form, [request], tmp_path, timeout_s="0.5" if form != "pytest" else "1")
        assert len(received) == 1
    assert ran.returncode == 1


@pytest.mark.parametrize(
    ("accepted", "status", "exit_code"),
    [(True, 500, 1), (False, 401, 0), (None, 401, 0)],
)
@pytest.mark.parametrize("form", FORMS)
def test_an_exported_file_fails_when_a_valid_request_is_refused(
    form: str, accepted: bool | None, status: int, exit_code: int, tmp_path: Path
) -> None:
    with peer(response(status)) as (url, _):
        ran = run_export(form, [sent(url=url, headers=FRAMED, accepted=accepted)], tmp_path)
    assert ran.returncode == exit_code, ran.stdout + ran.stderr


@pytest.mark.parametrize("method", ["POST", "GET"])
@pytest.mark.parametrize("form", FORMS)
def test_an_empty_chunked_body_is_sent_as_its_last_chunk(
    form: str, method: str, tmp_path: Path
) -> None:
    with peer(response(200)) as (url, received):
        empty = sent(url=url, headers=CHUNKED, body=b"")
        request = replace(empty, request=replace(empty.request, method=method))
        ran = run_export(form, [request], tmp_path, timeout_s="5")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert [request.partition(b"0\r\n\r\n")[1:] for request in received] == [(b"0\r\n\r\n", b"")]


@pytest.mark.parametrize("form", FORMS)
def test_a_proxy_of_the_environment_is_bypassed_for_loopback(form: str, tmp_path: Path) -> None:
    proxy = unused_url().removesuffix("/hook")
    names = ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
    with peer(response(200)) as (url, received):
        request = sent(url=url, headers=FRAMED)
        ran = run_export(form, [request], tmp_path, env=dict.fromkeys(names, proxy))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert len(received) == 1


@pytest.mark.parametrize(
    ("url", "bypassed"),
    [
        ("http://127.0.0.1:8000/x", True),
        ("http://127.9.9.9/", True),
        ("http://[::1]:8000/x", True),
        ("https://localhost/x", True),
        ("http://app.localhost:1/x", True),
        ("http://example.com/127.0.0.1", False),
        ("http://localhost.example.com/", False),
        ("http://10.0.0.1/", False),
        ("http://[", False),
    ],
)
def test_only_loopback_targets_bypass_the_proxy(url: str, bypassed: bool) -> None:
    text = export([sent(url=url, headers=FRAMED)], get_form("curl"), ExportOptions("1.0"))
    assert ("--noproxy '*'" in text) is bypassed
