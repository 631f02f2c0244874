"""A receiver that is started for the check, and ended with all that it started itself."""

import asyncio
import os
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import IO

from pivotal_sandbox.clock import sleep
from pivotal_sandbox.core.model import Request
from pivotal_sandbox.core.url import parse_url
from pivotal_sandbox.engine.guard import Guard
from pivotal_sandbox.engine.pool import Pool
from pivotal_sandbox.errors import InputError, UnreachableError

START_MS = 30_000
ASK_MS = 5_000
POLL_MS = 50
END_MS = 3_000
SHOWN = 4_000  # characters of output, the last ones


class Started:
    """A receiver's process, and what it prints."""

    def __init__(self, process: asyncio.subprocess.Process, output: IO[bytes]) -> None:
        self._process = process
        self._output = output

    def output(self) -> str:
        """Return the end of what it printed."""
        self._output.seek(0)
        text = self._output.read().decode("utf-8", "replace").strip()
        return text if len(text) <= SHOWN else f"…{text[-SHOWN:]}"

    @property
    def exit_code(self) -> int | None:
        """The exit code of its shell, or None while it runs."""
        return self._process.returncode


@asynccontextmanager
async def started(
    command: str,
    url: str,
    secret: str,
    *,
    probe_file: Path | None = None,
    start_ms: float = START_MS,
) -> AsyncIterator[Started]:
    """Start a receiver by a shell command, and wait until it answers; end it and its children.

    It finds `PORT`, `PIVOTAL_WEBHOOK_SECRET` and, if there is one, `PIVOTAL_PROBE_FILE` in its
    environment. Raises `InputError` where the port is taken already, and `UnreachableError`, with
    what it printed, where it ends or does not answer in time.
    """
    if await _answers(url):
        raise InputError(
            f"{parse_url(url).authority} answers already, before the command of --start was run; "
            "it would be graded in place of what that starts."
        )
    environment = os.environ | {
        "PORT": str(parse_url(url).port),
        "PIVOTAL_WEBHOOK_SECRET": secret,
    }
    if probe_file is not None:
        environment["PIVOTAL_PROBE_FILE"] = str(probe_file)
    with tempfile.TemporaryFile() as output:
        # Its own process group: a shell, a supervisor and their children are ended together.
        process = await asyncio.create_subprocess_shell(
            command,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        receiver = Started(process, output)
        try:
            await _ready(receiver, command, url, start_ms)
            yield receiver
        finally:
            await _end(process)


async def _ready(receiver: Started, command: str, url: str, start_ms: float) -> None:
    waited = 0.0
    while not await _answers(url):
        if receiver.exit_code is not None:
            raise UnreachableError(
                f"`{command}` ended with exit code {receiver.exit_code} before it answered at "
                f"{url}; it printed:\n{receiver.output() or '(nothing)'}"
            )
        if waited >= start_ms:
            raise UnreachableError(
                f"`{command}` did not answer at {url} in {start_ms / 1000:g} s; it printed:\n"
                f"{receiver.output() or '(nothing)'}"
            )
        await sleep(POLL_MS)
        waited += POLL_MS


async def _answers(url: str) -> bool:
    """Say whether something takes connections there and answers a plain GET."""
    place = parse_url(url)
    if place.scheme == "https":
        raise InputError("A receiver that --start starts is reached by http://.")
    pool = Pool(Guard())
    try:
        headers = (("host", place.authority), ("accept", "*/*"))
        request = Request("GET", f"{place.origin}/", headers, b"")
        outcome = await pool.exchange(request, timeout_ms=ASK_MS)
        return outcome.response is not None or outcome.error == "protocol"
    finally:
        await pool.close()


async def _end(process: asyncio.subprocess.Process) -> None:
    """End the process group: ask first, then insist."""
    for order in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, order)
        with suppress(TimeoutError):
            async with asyncio.timeout(END_MS / 1000):
                await process.wait()
    # The shell may be gone before its children; those are waited for by whoever adopts them.
    waited = 0.0
    with suppress(ProcessLookupError, PermissionError):
        while waited < END_MS:
            os.killpg(process.pid, signal.SIGKILL)
            await sleep(POLL_MS)
            waited += POLL_MS
