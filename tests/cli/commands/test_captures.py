import asyncio
import base64
import json
import subprocess
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from click.testing import Result

from pivotal_sandbox.domain.bins import Bin, Step
from pivotal_sandbox.sandbox.sandbox import Sandbox
from pivotal_sandbox.web.server import Running

Ask = Callable[..., Awaitable[Result]]


def headers(capture: Any) -> list[tuple[str, str]]:
    return [(name.lower(), value) for name, value in capture["headers"]]


async def test_the_list_is_newest_first_with_a_line_each(
    ask: Ask, client: httpx.AsyncClient
) -> None:
    await client.post("/in/other/deep?a=1", content=b"{}")
    await client.post("/in/other", headers={"pivotal-signature": "v1"})
    await client.post("/in/demo", headers={"pivotal-signature": "v1"})
    said = await ask("captures", "list")
    assert said.exit_code == 0
    head, *lines = [line.split() for line in said.stdout.splitlines()]
    assert head == ["CAPTURE", "BIN", "METHOD", "ANSWER", "SIGNATURE", "RECEIVED", "(UTC)", "PATH"]
    assert [line[1:4] for line in lines] == [
        ["demo", "POST", "200"],
        ["other", "POST", "200"],
        ["other", "POST", "200"],
        ["demo", "POST", "200"],
    ]
    signatures = [" ".join(line[4:-3]) for line in lines]
    assert signatures == ["malformed_header", "no secret", "-", "valid"]
    assert [line[-1] for line in lines][1:3] == ["/in/other", "/in/other/deep?a=1"]
    assert said.stderr == "4 captures.\n"


async def test_the_filters_are_the_apis(ask: Ask, client: httpx.AsyncClient) -> None:
    sent = await client.post("/in/other", content=b"needle", headers={"pivotal-signature": "v1"})
    assert sent.status_code == 200
    await client.put("/api/bins/other", json={"secret": "whsec_x"})
    await client.post("/in/other", content=b"hay", headers={"pivotal-signature": "v1"})

    async def found(*filter: str) -> list[str]:
        said = await ask("captures", "list", *filter, "--json")
        return [item["body"][:6] for item in json.loads(said.stdout)["items"]]

    assert await found("--bin", "other") == ["hay", "needle"]
    assert await found("--refused") == ["hay"]
    assert await found("--verified") == ['{"id":']
    assert await found("-q", "needle") == ["needle"]
    assert await found("--since", "1h", "--until", "2999-01-01T00:00:00Z", "--limit", "1") == [
        "hay"
    ]
    assert len(await found("--all")) == 3
    nothing = await ask("captures", "list", "--bin", "empty")
    assert (nothing.exit_code, nothing.stdout) == (0, "")
    assert nothing.stderr == "No capture matches.\n"


async def test_show_prints_the_request_the_verdict_and_the_answer(
    ask: Ask, sandbox: Sandbox, client: httpx.AsyncClient
) -> None:
    await sandbox.receiver.set_bin(Bin("other", (Step(418),)))
    await client.put("/in/other?a=1", content=b'{"a":"\x1b[2J"}', headers={"X-Trace": "b"})
    [capture] = (await client.get("/api/captures?bin=other")).json()["items"]
    said = await ask("captures", "show", capture["id"])
    assert (said.exit_code, said.stderr) == (0, "")
    lines = said.stdout.splitlines()
    assert lines[0] == f"capture   {capture['id']}"
    assert lines[2] == "verdict   Not signed."
    assert lines[3].startswith("answered  418 in ")
    assert "PUT /in/other?a=1" in lines
    assert "X-Trace: b" in lines
    assert lines[-1] == '{"a":"\\x1b[2J"}'
    shown = json.loads((await ask("captures", "show", capture["id"], "--json")).stdout)
    assert shown == capture


async def test_what_a_stranger_sent_cannot_drive_the_terminal(
    ask: Ask, running: Running, client: httpx.AsyncClient
) -> None:
    url = httpx.URL(running.url)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(b"GET /in/other HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: \xc2\x9b2J\r\n\r\n")
    assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    writer.close()
    await writer.wait_closed()
    [capture] = (await client.get("/api/captures?bin=other")).json()["items"]
    for command in (("show", capture["id"]), ("list",), ("export", "--as", "curl")):
        assert "\x9b" not in (await ask("captures", *command)).stdout


async def test_show_says_where_it_was_passed_on_to_and_what_came_of_it(
    ask: Ask, running: Running, client: httpx.AsyncClient
) -> None:
    await client.put("/api/bins/near", json={"forward_to": f"{running.url}/in/far"})
    await client.put("/api/bins/lost", json={"forward_to": "http://127.0.0.1:1/x"})
    for bin, tale in (
        ("near", f"passed to {running.url}/in/far  200 in "),
        ("lost", "passed to http://127.0.0.1:1/x  Nobody listens on 127.0.0.1:1"),
    ):
        await client.get(f"/in/{bin}")
        [capture] = (await client.get(f"/api/captures?bin={bin}")).json()["items"]
        assert tale in (await ask("captures", "show", capture["id"])).stdout


async def test_a_capture_that_was_not_answered_is_shown_without_an_answer(
    ask: Ask, sandbox: Sandbox
) -> None:
    await sandbox.receiver.set_bin(Bin("demo", (Step(reset=True),)))
    await sandbox.trigger("customer.at_risk")
    await sandbox.dispatcher.settle()
    newest = json.loads((await ask("captures", "list", "--limit", "1", "--json")).stdout)["items"]
    assert "answered" not in (await ask("captures", "show", newest[0]["id"])).stdout


async def test_export_prints_whole_captures_the_oldest_first(
    ask: Ask, client: httpx.AsyncClient
) -> None:
    for number in range(3):
        await client.post("/in/other", content=f"{number}")
    said = await ask("captures", "export", "--bin", "other")
    assert (said.exit_code, said.stderr) == (0, "3 captures.\n")
    lines = [json.loads(line) for line in said.stdout.splitlines()]
    assert [line["body"] for line in lines] == ["0", "1", "2"]
    assert lines[::-1] == (await client.get("/api/captures?bin=other")).json()["items"]
    for other in (("--json",), ("--as", "jsonl")):
        assert (await ask("captures", "export", "--bin", "other", *other)).stdout == said.stdout
    named = await ask("captures", "export", lines[1]["id"])
    assert (json.loads(named.stdout), named.stderr) == (lines[1], "1 capture.\n")
    nothing = await ask("captures", "export", "--bin", "empty", "--as", "curl")
    assert (nothing.exit_code, nothing.stdout) == (0, "")
    assert nothing.stderr == "No capture matches.\n"


async def test_lines_of_json_can_be_sent_again(ask: Ask, client: httpx.AsyncClient) -> None:
    await client.post("/in/other/x?a=1", content=b"\xff", headers={"X-Odd": "'$(id)'"})
    await client.post("/in/other", content="Zoë")
    said = await ask("captures", "export", "--bin", "other")
    for line in map(json.loads, said.stdout.splitlines()):
        body = line["body"].encode()
        if line["body_encoding"] == "base64":
            body = base64.b64decode(body)
        target = f"{line['path']}?{line['query']}" if line["query"] else line["path"]
        await client.request(line["method"], target, content=body, headers=line["headers"])
    captured = [*reversed((await client.get("/api/captures?bin=other")).json()["items"])]
    for original, again in zip(captured[:-2], captured[-2:], strict=True):
        for part in ("method", "path", "query", "headers", "body", "body_encoding"):
            assert again[part] == original[part]


@pytest.mark.needs("curl")
async def test_what_is_exported_for_curl_is_sent_again(ask: Ask, running: Running) -> None:
    said = await ask("captures", "export", "--as", "curl")
    assert (said.exit_code, said.stderr) == (0, "1 capture.\n")
    ran = await asyncio.to_thread(
        subprocess.run, ["sh", "-ec", said.stdout], capture_output=True, check=True
    )
    assert ran.stderr == b""
    verified = await ask("captures", "list", "--verified", "--json")
    second, first = json.loads(verified.stdout)["items"]
    assert second["body"] == first["body"]
    assert sorted(headers(second)) == sorted(headers(first))


@pytest.mark.needs("curl")
async def test_what_is_exported_can_be_aimed_at_another_receiver(
    ask: Ask, running: Running, client: httpx.AsyncClient
) -> None:
    said = await ask("captures", "export", "--as", "curl", "--to", f"{running.url}/in/mine?a=b")
    await asyncio.to_thread(subprocess.run, ["sh", "-ec", said.stdout], check=True)
    [capture] = (await client.get("/api/captures?bin=mine")).json()["items"]
    assert (capture["path"], capture["query"]) == ("/in/mine", "a=b")
    assert dict(headers(capture))["host"] == running.url.removeprefix("http://")


async def test_clear_forgets_the_captures_of_a_bin_or_all(
    ask: Ask, client: httpx.AsyncClient
) -> None:
    for bin in ("a", "a", "b"):
        await client.post(f"/in/{bin}")
    said = await ask("captures", "clear", "--bin", "a")
    assert (said.exit_code, said.stdout, said.stderr) == (0, "", "2 captures deleted.\n")
    rest = await ask("captures", "clear", "--json")
    assert json.loads(rest.stdout) == {"deleted": 2}
    assert (await client.get("/api/captures")).json()["items"] == []


@pytest.mark.parametrize(
    ("arguments", "cure"),
    [
        (("list", "--since", "yesterday"), "1h"),
        (("list", "--limit", "0"), "--limit"),
        (("show", "cap_x"), "`pivotal-sandbox captures list` shows those there are."),
        (("export", "--as", "curll"), 'Did you mean "curl"?'),
        (("export", "--as", "xml"), "There are: scenario, curl, httpie, har, pytest, jsonl."),
        (("export", "--as", "curl", "--json"), "give one of them"),
        (("export", "--to", "http://127.0.0.1/"), "leave out --to"),
        (("export", "--as", "curl", "--to", "ftp://x", "--bin", "empty"), "scheme"),
        (("export", "--as", "har", "--re-sign"), "leave out --re-sign"),
        (("export", "--as", "pytest", "--re-sign"), "wherever PIVOTAL_WEBHOOK_SECRET is set"),
        (("export", "cap_x"), "`pivotal-sandbox captures list` shows those there are."),
        (("export", "cap_x", "--bin", "demo"), "Name captures, or choose them"),
        (("export", "--until", "tomorrow"), "1h"),
        (("clear", "demo"), "demo"),
    ],
)
async def test_what_makes_no_sense_is_wrong_usage(
    ask: Ask, arguments: tuple[str, ...], cure: str
) -> None:
    said = await ask("captures", *arguments)
    assert (said.exit_code, said.stdout) == (2, "")
    assert cure in said.stderr


def test_an_export_needs_a_running_sandbox(run: Callable[..., Result]) -> None:
    said = run("captures", "export", env={"PIVOTAL_SANDBOX_URL": "http://127.0.0.1:1"})
    assert (said.exit_code, said.stdout) == (3, "")
    assert "start one with `pivotal-sandbox up`" in said.stderr
