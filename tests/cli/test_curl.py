"""Each command is run by a shell, and what arrives is compared to the byte."""

import asyncio
import base64
import shutil
import subprocess
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pivotal_sandbox.cli.curl import body_of, curl_command
from pivotal_sandbox.cli.output import printable
from pivotal_sandbox.web.server import Running

SHELLS = [shell for shell in ("sh", "bash") if shutil.which(shell)]
HEAD = b"POST /in/raw HTTP/1.1\r\nHost: 127.0.0.1\r\n"
LENGTH = b"Content-Length: %d\r\n"
EVERY_BYTE = bytes(range(256))

# Takes curl's place: prints its words, a NUL after each, then what it is given on stdin.
RECORDER = b"""curl() {
  for word; do printf '%s\\000' "$word"; last=$word; done
  if [ "$last" = @- ]; then cat; fi
}
"""


def post(body: bytes) -> bytes:
    """Return a request that carries the body."""
    return HEAD + LENGTH % len(body) + b"\r\n" + body


REQUESTS = {
    "quotes": post(b"""{"it's": "100% \\"so\\" \\\\n $HOME `id` $(id)"}"""),
    "lines": post(b"one\ntwo\r\n\tthree\n"),
    "a file's name": post(b"@/etc/passwd"),
    "UTF-8": post("Zoë 🎉".encode()),
    "escapes": post(b"\x1b[2J%s\\033"),
    "every byte": post(EVERY_BYTE),
    "more than an argument holds": post(b"it's 300 KB; " * 25_000),
    "more than curl sends unasked": post(EVERY_BYTE * 400 + b"x" * 950_000),
    "nothing": post(b""),
    "no length": HEAD + b"\r\n",
    "what curl would add": HEAD + b"User-Agent: x\r\nAccept: text/html\r\nExpect: no\r\n\r\n",
    "headers": HEAD
    + b"X-Empty:\r\nx-case: a\r\nX-CASE: b\r\nX-Odd: '$(id)' \"\\\t;\r\n"
    + "X-Name: Zoë\r\n".encode()
    + b"X-Latin: Zo\xeb\r\nX-Clear: \xc2\x9b2J\r\n\r\n",
    "chunks": HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\na'b\r\n0\r\n\r\n",
    "path": b"GET /in/raw/../a/./{b}/[1-3]/it's/%20%00%2F HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "query": b"DELETE /in/raw?a=it's&b[]=$(id)%27;`id`\"\\? HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "HEAD": b"HEAD /in/raw HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "GET with a body": b"GET /in/raw HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\n\r\n{}",
}


async def newest(client: httpx.AsyncClient) -> Any:
    return (await client.get("/api/captures?bin=raw")).json()["items"][0]


@pytest.mark.needs("curl")
@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
async def test_curl_sends_the_same_again(
    running: Running, client: httpx.AsyncClient, request_: bytes, shell: str
) -> None:
    await client.put("/api/bins/raw", json={"behaviour": [{"body": "hi"}]})
    url = httpx.URL(running.url)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(request_)
    assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    writer.close()
    await writer.wait_closed()
    first = await newest(client)
    ran = await asyncio.to_thread(
        subprocess.run,
        [shell, "-e"],
        input=curl_command(first, running.url),
        capture_output=True,
        timeout=30,
    )
    assert (ran.returncode, ran.stderr) == (0, b"")
    second = await newest(client)
    assert second["id"] != first["id"]
    for part in ("method", "path", "query", "headers", "body", "body_encoding"):
        assert second[part] == first[part]


texts = st.text(st.characters(max_codepoint=255, exclude_characters="\0\r\n"))
names = st.text("abcXYZ-_", min_size=1)
bodies = st.one_of(st.binary(min_size=1), st.text(min_size=1).map(str.encode))


@settings(deadline=None)
@given(path=texts, headers=st.lists(st.tuples(names, texts)), body=bodies)
def test_a_shell_reads_what_is_meant(
    path: str, headers: list[tuple[str, str]], body: bytes
) -> None:
    encoded = {"body": base64.b64encode(body).decode(), "body_encoding": "base64"}
    capture = {"method": "POST", "path": path, "query": "", "headers": headers, **encoded}
    command = curl_command(capture, "http://h")
    assert printable(command.decode()) == command.decode()
    script = RECORDER + command
    ran = subprocess.run(["sh"], input=script, capture_output=True, timeout=30)
    assert ran.stderr == b""
    head, plain, sent = ran.stdout.partition(b"\0--data-raw\0")
    if plain:
        sent = sent.removesuffix(b"\0")
    else:
        head, _, sent = ran.stdout.partition(b"\0--data-binary\0@-\0")
    assert sent == body
    words = head.decode("latin-1").split("\0")
    assert words[5] == f"http://h{path}"
    meant = [f"{name}: {value}" if value else f"{name};" for name, value in headers]
    assert words[7::2][: len(meant)] == meant


def test_the_body_of_a_capture_is_bytes_again() -> None:
    assert body_of({"body": "Zoë", "body_encoding": "utf-8"}) == "Zoë".encode()
    assert body_of({"body": "/wA=", "body_encoding": "base64"}) == b"\xff\x00"
