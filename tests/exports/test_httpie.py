"""HTTPie runs in this process here; as a command, from a shell, in tests/cli/test_sent.py."""

import io
import shlex
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from tests.exports.exchanges import captured, sent, strangers

from pivotal_sandbox.exports.exchange import ExportedRequest
from pivotal_sandbox.exports.httpie import httpie_command, httpie_script


def _framed(exported_request: ExportedRequest) -> ExportedRequest:
    request = exported_request.request
    length = (("content-length", str(len(request.body))),) if request.body else ()
    return captured(
        method=request.method,
        below=exported_request.below,
        headers=request.headers + length,
        body=request.body,
    )


# A body as it is framed, and a value that HTTPie's own language has a say in, come often enough.
VALUES = st.text(" aZ:=@;'\"$()#é%{", max_size=9).map(lambda text: text.encode().decode("latin-1"))
FRAMED = st.builds(
    captured,
    method=st.sampled_from(["POST", "PUT", "GET", "DELETE"]),
    below=st.text("abc/.~=&?:+,;@-", max_size=12).map(lambda text: f"/{text}"),
    headers=st.lists(
        st.tuples(st.sampled_from(["x-a", "X-A", "x.b", "accept"]), VALUES), max_size=3
    ).map(tuple),
    body=st.binary(max_size=30),
).map(_framed)


@contextmanager
def wire() -> Iterator[tuple[str, list[bytes]]]:
    """Take connections; what each of them said is added to the list."""
    heard: list[bytes] = []

    def serve() -> None:
        while True:
            connection, _ = server.accept()
            with connection, connection.makefile("rb") as file:
                said = b""
                while line := file.readline():
                    said += line
                    if line == b"\r\n":
                        break
                if not said:
                    return
                length = said.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
                heard.append(said + file.read(int(length or b"0")))
                connection.sendall(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve)
        thread.start()
        host, port = server.getsockname()
        try:
            yield f"http://{host}:{port}", heard
        finally:
            socket.create_connection((host, port)).close()
            thread.join()


def run(words: list[str], body: bytes) -> None:
    """Run HTTPie's command with these words and the body on its stdin."""
    core, context = import_module("httpie.core"), import_module("httpie.context")
    stdin: Any = io.TextIOWrapper(io.BytesIO(body))
    out = io.TextIOWrapper(io.BytesIO())
    env = context.Environment(
        stdin=stdin,
        stdin_isatty=not body,
        stdout=out,
        stdout_isatty=False,
        stderr=out,
        stderr_isatty=False,
        config_dir="/nonexistent",
    )
    assert core.main(args=words, env=env) == 0, out.buffer.getvalue()


# Most of what strangers send is left to curl, which is more than Hypothesis likes to discard.
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.filter_too_much])
@given(st.one_of(FRAMED, strangers()))
@example(captured(headers=(("x", "@/etc/passwd"), ("content-length", "2"))))
@example(captured(headers=(("x", ":=1;@a==b"), ("x", "2"), ("content-length", "2"))))
def test_httpie_reads_what_is_meant_or_curl_sends_it(exported: ExportedRequest) -> None:
    command = httpie_command(exported)
    assume(not command.startswith("# By curl"))
    with wire() as (base, heard):
        *_, after = command.rpartition("http --ignore-netrc")
        words = shlex.split("http --ignore-netrc" + after.replace("http://h/", f"{base}/"))
        run(words, exported.request.body)
        [said] = heard
    head, _, body = said.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    assert body == exported.request.body
    assert (
        first
        == f"{exported.request.method} {exported.request.url.removeprefix('http://h')} HTTP/1.1"
    )
    expected = [f"{name}: {value}" for name, value in exported.request.headers]
    assert sorted(map(_case, lines)) == sorted(map(_case, expected + _host(exported, base)))


def _host(exported_request: ExportedRequest, base: str) -> list[str]:
    named = any(name.lower() == "host" for name, _ in exported_request.request.headers)
    return [] if named else [f"host: {base.removeprefix('http://')}"]


def _case(line: str) -> str:
    """Return a header with its name as it is but for the one that HTTPie writes itself."""
    name, _, value = line.partition(":")
    return f"{name.lower() if name.lower() in ('host', 'content-length') else name}:{value.strip()}"


@pytest.mark.parametrize(
    ("exported_request", "reason"),
    [
        (captured(method="M-SEARCH"), "such a method"),
        (captured(below="/it's"), "such a path"),
        (sent(headers=(("transfer-encoding", "chunked"),)), "a body in chunks as it was"),
        (sent(), "the framing of its body"),
        (sent(headers=(("x!", "y"),), body=b""), "the framing of its body"),
        (captured(method="GET", headers=(("x!", "y"),), body=b""), "such a name of a header"),
        (captured(method="GET", headers=(("x", "\xff"),), body=b""), "a header that is no UTF-8"),
        (captured(method="GET", headers=(("x", "@f"),), body=b""), "such a value of a header"),
        (captured(method="GET", headers=(("x", "a\\:"),), body=b""), "such a value of a header"),
    ],
)
def test_what_httpie_cannot_send_is_left_to_curl_with_the_reason(
    exported_request: ExportedRequest, reason: str
) -> None:
    comment, command = httpie_command(exported_request).split("\n")
    assert comment == f"# By curl, as HTTPie cannot send {reason}."
    assert "curl " in command


def test_a_signature_can_be_made_when_it_is_sent() -> None:
    headers = (("pivotal-signature", "v1,t=1,sig=a"), ("content-length", "2"))
    text = httpie_script([sent(headers=headers), sent(headers=headers, signed=False)], re_sign=True)
    assert text.count("| pivotal-sandbox sign)") == 1
    assert text.count("v1,t=1") == 1
    assert ': "${PIVOTAL_WEBHOOK_SECRET:?' in text
