"""Each form is run by its program, and what arrives is compared to the byte."""

import asyncio
import base64
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pivotal_sandbox.cli.export_source import attempts_sent, body_of, capture_sent
from pivotal_sandbox.cli.output import printable
from pivotal_sandbox.domain.models import Headers
from pivotal_sandbox.exports.curl import curl_request_command
from pivotal_sandbox.exports.formats import ExportOptions, export, get_form
from pivotal_sandbox.receiver.forward import drop_hop_by_hop_headers
from pivotal_sandbox.web.server import Running

SHELLS = [shell for shell in ("sh", "bash") if shutil.which(shell)]
PARTS = ("method", "path", "query", "headers", "body", "body_encoding")
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


async def captures(client: httpx.AsyncClient, bin: str) -> list[Any]:
    """Return what a bin was sent, oldest first."""
    found = await client.get("/api/captures", params={"bin": bin, "limit": 500})
    return list(reversed(found.json()["items"]))


async def put(running: Running, request: bytes) -> None:
    """Send bytes, and wait for the answer."""
    url = httpx.URL(running.url)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(request)
    assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    writer.close()
    await writer.wait_closed()


async def run(
    *command: str, input: bytes = b"", env: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[bytes]":
    """Run a program, with the tests' own programs on its PATH."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return await asyncio.to_thread(
        subprocess.run,
        command,
        input=input,
        capture_output=True,
        timeout=60,
        env={**os.environ, "PATH": path, **(env or {})},
    )


@pytest.mark.needs("curl")
@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
async def test_curl_sends_the_same_again(
    running: Running, client: httpx.AsyncClient, request_: bytes, shell: str
) -> None:
    await client.put("/api/bins/raw", json={"behaviour": [{"body": "hi"}]})
    await put(running, request_)
    [first] = await captures(client, "raw")
    command = curl_request_command(capture_sent(first, running.url)).encode()
    ran = await run(shell, "-e", input=command)
    assert (ran.returncode, ran.stderr) == (0, b"")
    _, second = await captures(client, "raw")
    for part in PARTS:
        assert second[part] == first[part]


async def exported(running: Running, client: httpx.AsyncClient, form: str, **options: bool) -> str:
    """Post all of the requests to a bin, and return them in that form."""
    for request in REQUESTS.values():
        await put(running, request)
    sent = [capture_sent(capture, running.url) for capture in await captures(client, "raw")]
    assert len(sent) == len(REQUESTS)
    return export(sent, get_form(form), ExportOptions("1.0", **options))


def in_any_case(headers: list[list[str]]) -> list[tuple[str, str]]:
    """Return the headers without order, and without the case of those that the client writes."""
    own = ("host", "content-length")
    return sorted((n.lower() if n.lower() in own else n, value) for n, value in headers)


@pytest.mark.needs("curl")
async def test_a_script_for_httpie_sends_the_same_again(
    running: Running, client: httpx.AsyncClient
) -> None:
    script = await exported(running, client, "httpie")
    assert script.count("| http --ignore-netrc") >= 7
    ran = await run("sh", "-e", input=script.encode())
    assert (ran.returncode, ran.stderr) == (0, b"")
    found = await captures(client, "raw")
    first, second = found[: len(REQUESTS)], found[len(REQUESTS) :]
    for before, other in zip(first, second, strict=True):
        for part in PARTS:
            if part != "headers":
                assert other[part] == before[part]
        assert in_any_case(other["headers"]) == in_any_case(before["headers"])


async def test_a_file_for_pytest_sends_the_same_again(
    running: Running, client: httpx.AsyncClient, tmp_path: Path
) -> None:
    file = tmp_path / "test_again.py"
    file.write_text(await exported(running, client, "pytest"), "utf-8")
    command = ("pytest", "-q", "-W", "error", "-p", "no:cacheprovider", str(file))
    ran = await run(sys.executable, "-m", *command, "-p", "no:asyncio", "-c", os.devnull)
    assert f"{len(REQUESTS)} passed".encode() in ran.stdout, ran.stdout.decode()
    found = await captures(client, "raw")
    first, second = found[: len(REQUESTS)], found[len(REQUESTS) :]
    for before, other in zip(first, second, strict=True):
        for part in PARTS:
            assert other[part] == before[part]


async def test_an_archive_can_be_sent_again(running: Running, client: httpx.AsyncClient) -> None:
    archive = json.loads(await exported(running, client, "har"))
    for entry in archive["log"]["entries"]:
        asked = entry["request"]
        head = [f"{asked['method']} /{asked['url'].split('/', 3)[3]} HTTP/1.1"]
        head += [f"{header['name']}: {header['value']}" for header in asked["headers"]]
        posted = asked.get("postData", {"text": ""})
        body = posted["text"].encode()
        if posted.get("_encoding") == "base64":
            body = base64.b64decode(body)
        if any(header["name"] == "Transfer-Encoding" for header in asked["headers"]):
            body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
        await put(running, "\r\n".join([*head, "", ""]).encode("latin-1") + body)
    found = await captures(client, "raw")
    first, second = found[: len(REQUESTS)], found[len(REQUESTS) :]
    for before, other in zip(first, second, strict=True):
        for part in PARTS:
            assert other[part] == before[part]


async def test_a_scenario_sends_the_same_again(
    running: Running, client: httpx.AsyncClient, tmp_path: Path
) -> None:
    file = tmp_path / "again.toml"
    file.write_text(await exported(running, client, "scenario"), "utf-8")
    tell = ("pivotal-sandbox", "scenario", "run", str(file))
    said = await run(*tell)
    assert (said.returncode, said.stderr) == (0, b""), said.stdout.decode()
    said = await run(*tell, "--to", f"{running.url}/in/copy", "--secret", "s")
    assert said.returncode == 0, said.stdout.decode() + said.stderr.decode()
    second = await captures(client, "copy")
    assert b"webhook.ping" in body_of(second.pop(0))
    told = file.read_text("utf-8")
    first = [
        capture
        for capture in await captures(client, "raw")
        if f"{capture['id']} is left out: a scenario cannot send such a path." not in told
    ]
    assert len(first) == len(REQUESTS) - 2  # "path" and "query", which a URL would quote
    for before, other in zip(first, second, strict=True):
        assert other["path"].removeprefix("/in/copy") == before["path"].removeprefix("/in/raw")
        for part in ("method", "query", "body", "body_encoding"):
            assert other[part] == before[part]
        assert of_the_message(other["headers"]) == of_the_message(before["headers"])


def of_the_message(headers: list[list[str]]) -> Headers:
    """Leave out what is the target's and the connection's, as a scenario does."""
    return drop_hop_by_hop_headers(tuple((n, value) for n, value in headers if n.lower() != "host"))


@pytest.mark.needs("curl")
@pytest.mark.parametrize("form", ["curl", "httpie"])
async def test_what_is_signed_when_it_is_sent_verifies(
    running: Running, client: httpx.AsyncClient, form: str
) -> None:
    await client.put("/api/bins/raw", json={"secret": "whsec_old"})
    old = b"Pivotal-Signature: v1,t=1,sig=old\r\n"
    await client.put("/api/bins/raw", json={"secret": None})
    await put(running, HEAD + old + LENGTH % 4 + b"\r\nit's")
    await client.put("/api/bins/raw", json={"secret": "whsec_new"})
    sent = [capture_sent(capture, running.url) for capture in await captures(client, "raw")]
    script = export(sent, get_form(form), ExportOptions("1.0", re_sign=True)).encode()
    refused = await run("sh", "-e", input=script)
    assert refused.returncode != 0
    assert b"PIVOTAL_WEBHOOK_SECRET" in refused.stderr
    assert len(await captures(client, "raw")) == 1
    ran = await run("sh", "-e", input=script, env={"PIVOTAL_WEBHOOK_SECRET": "whsec_new"})
    assert (ran.returncode, ran.stderr) == (0, b"")
    _, fresh = await captures(client, "raw")
    assert (fresh["body"], fresh["reason"]) == ("it's", None if fresh["verified"] else "too_new")


texts = st.text(st.characters(max_codepoint=255, exclude_characters="\0\r\n"))
names = st.text("abcXYZ-_", min_size=1)
bodies = st.one_of(st.binary(min_size=1), st.text(min_size=1).map(str.encode))


@settings(deadline=None)
@given(path=texts, headers=st.lists(st.tuples(names, texts)), body=bodies)
def test_a_shell_reads_what_is_meant(
    path: str, headers: list[tuple[str, str]], body: bytes
) -> None:
    """What strangers posted runs nothing: all of it is words of the one command, and its input."""
    shown = capture(path, headers, body)
    command = export([capture_sent(shown, "http://h")], get_form("curl"), ExportOptions("1.0"))
    assert printable(command) == command
    ran = subprocess.run(["sh"], input=RECORDER + command.encode(), capture_output=True, timeout=30)
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


def capture(path: str, headers: list[tuple[str, str]], body: bytes) -> dict[str, Any]:
    """Return a capture as the API shows it."""
    return {
        "id": "cap_1",
        "bin": "raw",
        "method": "POST",
        "path": path,
        "query": "",
        "headers": headers,
        "body": base64.b64encode(body).decode(),
        "body_encoding": "base64",
        "received_at": "2026-01-01T00:00:00Z",
        "peer": None,
        "signed": False,
        "verified": None,
        "reason": None,
        "verdict": "",
        "response": {"status": None, "duration_ms": None},
    }


def test_the_body_of_a_capture_is_bytes_again() -> None:
    assert body_of({"body": "Zoë", "body_encoding": "utf-8"}) == "Zoë".encode()
    assert body_of({"body": "/wA=", "body_encoding": "base64"}) == b"\xff\x00"


@pytest.mark.parametrize(
    "body",
    ['{"a": 1.0, "a":1e400, "b":"\\u00e9 "}', '"text"', "12345678901234567890123", "no JSON"],
)
def test_the_body_of_an_event_is_what_was_signed_to_the_byte(body: str) -> None:
    encoding = "utf-8" if body == "no JSON" else "json"
    shown = json.dumps(body) if encoding == "utf-8" else body
    attempt = json.dumps(
        {
            "number": 1,
            "started_at": "2026-01-01T00:00:00Z",
            "duration_ms": 1.0,
            "connect_ms": None,
            "tls_ms": None,
            "first_byte_ms": None,
            "status_code": None,
            "error": "timeout",
            "detail": "",
            "request": {"headers": [["host", "h"]], "body": None, "body_encoding": None},
            "response": None,
        }
    )
    content = (
        '{"id":"msg_1","event_type":"t","url":"http://h/","fault":null,"more":1,'
        f'"event":{{"body":{shown},"body_encoding":"{encoding}"}},"attempts":[{attempt}]}}'
    )
    [sent] = attempts_sent(content.encode())
    assert sent.request.body == body.encode()
    assert sent.outcome is not None
    assert sent.outcome.error == "timeout"
