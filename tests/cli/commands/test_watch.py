"""The command as it is typed, beside a running sandbox and a handler that is saved."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from click.testing import Result
from tests.load.receiver import answering

from pivotal_sandbox.domain.models import Endpoint
from pivotal_sandbox.sandbox.sandbox import Sandbox
from pivotal_sandbox.web.server import Running

Run = Callable[..., Result]
Ask = Callable[..., Awaitable[Result]]


class Handler:
    """Answers what its file says."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.save("500", "out of order")

    def save(self, status: str, body: str = "") -> None:
        self.file.write_text(f"{status}\n{body}")

    async def __call__(self, head: bytes, body: bytes) -> bytes:
        status, _, said = self.file.read_text().partition("\n")
        return f"HTTP/1.1 {status} It\r\ncontent-length: {len(said)}\r\n\r\n{said}".encode()


@asynccontextmanager
async def watching(running: Running, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pivotal_sandbox", "watch", "--settle", "100ms", *arguments),
        env={**os.environ, "PIVOTAL_SANDBOX_URL": running.url},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    try:
        async with asyncio.timeout(30):
            first = await process.stderr.readline()
        assert first.startswith(b"Watching "), first + await process.stderr.read()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(process.wait(), 0.5)  # until the system's watch is set up
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
        async with asyncio.timeout(30):
            await process.communicate()
    assert process.returncode == 0


async def lines(process: asyncio.subprocess.Process, until: str) -> list[str]:
    """Return what it prints up to a line with that in it."""
    assert process.stdout is not None
    found: list[str] = []
    async with asyncio.timeout(40):
        while not found or until not in found[-1]:
            line = await process.stdout.readline()
            assert line, found
            found.append(line.decode().rstrip())
    return found


async def an_endpoint(sandbox: Sandbox, url: str) -> Endpoint:
    endpoint = await sandbox.add_endpoint(url)
    await sandbox.dispatcher.settle()
    return endpoint


async def test_a_saved_mistake_is_explained_and_its_repair_passes(
    running: Running, tmp_path: Path
) -> None:
    handler = Handler(tmp_path / "handler.txt")
    async with answering(handler) as url:
        endpoint = await an_endpoint(running.sandbox, url)
        arguments = (str(handler.file), "--endpoint", endpoint.id)
        async with watching(running, *arguments) as process:
            handler.save("422", "no such field")
            said = await lines(process, "passed")
            assert said[0] == "1  handler.txt"
            assert said[1].split()[:3] == ["✗", "webhook.ping", "422"]
            assert "failed for good: not retried" in said[1]
            assert said[2].strip() == "no such field"
            assert said[-1] == "0 of 1 delivery passed"
            handler.save("204")
            said = await lines(process, "passed")
            assert said[1].split()[:3] == ["✓", "webhook.ping", "204"]
            assert said[-1] == "1 of 1 delivery passed"


async def test_a_mac_in_the_answer_is_explained(running: Running, tmp_path: Path) -> None:
    import hashlib
    import hmac

    handler = Handler(tmp_path / "handler.txt")

    async def hashes_the_body_only(head: bytes, body: bytes) -> bytes:
        if handler.file.read_text().startswith("500"):
            return await handler(head, body)
        mac = hmac.new(endpoint.secret.encode(), body, hashlib.sha256).hexdigest()
        said = f"computed {mac}"
        return f"HTTP/1.1 401 No\r\ncontent-length: {len(said)}\r\n\r\n{said}".encode()

    async with answering(hashes_the_body_only) as url:
        endpoint = await an_endpoint(running.sandbox, url)
        arguments = (str(tmp_path), "--endpoint", endpoint.id)
        async with watching(running, *arguments) as process:
            handler.save("401")
            said = "\n".join(await lines(process, "passed"))
    assert "body-only" in said or "without" in said, said
    assert "--computed" not in said


async def test_last_sends_again_what_was_delivered_too_and_json_has_it_all(
    running: Running, tmp_path: Path
) -> None:
    handler = Handler(tmp_path / "handler.txt")
    handler.save("204")
    async with answering(handler) as url:
        endpoint = await an_endpoint(running.sandbox, url)
        for _ in range(3):
            await running.sandbox.trigger("customer.updated", endpoint_id=endpoint.id)
        await running.sandbox.dispatcher.settle()
        arguments = (str(tmp_path), "--endpoint", endpoint.id, "--last", "2", "--json")
        async with watching(running, *arguments) as process:
            handler.save("401", "who?")
            [line] = await lines(process, "deliveries")
    told = json.loads(line)
    assert not told["passed"]
    assert [found["event_type"] for found in told["deliveries"]] == ["customer.updated"] * 2
    assert told["changed"] == [str(handler.file)]


async def test_with_check_the_battery_follows(running: Running, tmp_path: Path) -> None:
    handler = Handler(tmp_path / "handler.txt")
    async with answering(handler) as url:
        endpoint = await an_endpoint(running.sandbox, url)
        arguments = (str(tmp_path), "--endpoint", endpoint.id, "--check")
        async with watching(running, *arguments) as process:
            handler.save("204")
            said = await lines(process, "Grade ")
    assert "1 of 1 delivery passed" in said
    assert said[-1].startswith("Grade F")


def test_a_path_that_is_not_there_is_wrong_usage(run: Run) -> None:
    said = run("watch", "no/such/handler.py")
    assert (said.exit_code, said.stdout) == (2, "")
    assert "no/such/handler.py" in said.stderr


def test_without_a_sandbox_it_is_exit_code_3(run: Run, tmp_path: Path) -> None:
    said = run("watch", str(tmp_path), env={"PIVOTAL_SANDBOX_URL": "http://127.0.0.1:9"})
    assert said.exit_code == 3
    assert "No sandbox answers" in said.stderr


async def test_of_several_endpoints_one_is_to_be_named(
    ask: Ask, running: Running, tmp_path: Path
) -> None:
    for _ in range(2):
        await running.sandbox.add_endpoint(f"{running.url}/in/more")
    said = await ask("watch", str(tmp_path))
    assert said.exit_code == 2
    assert "Name it by --endpoint" in said.stderr
    assert said.stderr.count("ep_") >= 2


async def test_an_endpoint_that_is_not_there_is_wrong_usage(ask: Ask, tmp_path: Path) -> None:
    said = await ask("watch", str(tmp_path), "--endpoint", "ep_none")
    assert said.exit_code == 2
    assert "ep_none" in said.stderr


def test_a_settle_that_is_no_duration_is_wrong_usage(run: Run, tmp_path: Path) -> None:
    said = run("watch", str(tmp_path), "--settle", "soon")
    assert said.exit_code == 2
    assert '"soon" is no duration' in said.stderr
