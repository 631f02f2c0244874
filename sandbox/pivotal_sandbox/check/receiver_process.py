"""Start a receiver for the check, and end it with all its child processes."""

import asyncio
import os
import signal
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import IO

from pivotal_sandbox.clock import sleep
from pivotal_sandbox.common.durations import format_seconds
from pivotal_sandbox.common.urls import parse_url
from pivotal_sandbox.domain.models import Request
from pivotal_sandbox.errors import InputError, UnreachableError
from pivotal_sandbox.sender.egress import AddressGuard
from pivotal_sandbox.sender.pool import Pool

START_MS = 30_000
ASK_MS = 5_000
POLL_MS = 50
END_MS = 3_000
MAX_OUTPUT_CHARS = 4_000  # only the end of a longer output is kept


class ReceiverProcess:
    """The process of a receiver, and its output."""

    def __init__(
        self,
        command: str,
        url: str,
        environment: Mapping[str, str],
        output: IO[bytes],
        end_ms: float = END_MS,
    ) -> None:
        self._command = command
        self._url = url
        self._environment = environment
        self._output = output
        self._end_ms = end_ms
        self._process: asyncio.subprocess.Process | None = None

    async def start(self, start_ms: float = START_MS) -> None:
        """Start it, and wait until it answers. Raises `UnreachableError`."""
        # Use a process group, so that a shell, a supervisor and their children end together.
        self._process = await asyncio.create_subprocess_shell(
            self._command,
            env=self._environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=self._output,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        waited_ms = 0.0
        while not await _is_answering(self._url):
            if self.exit_code is not None:
                raise UnreachableError(
                    f"`{self._command}` ended with exit code {self.exit_code} before it answered "
                    f"at {self._url}; it printed:\n{self.output() or '(nothing)'}"
                )
            if waited_ms >= start_ms:
                raise UnreachableError(
                    f"`{self._command}` did not answer at {self._url} in "
                    f"{format_seconds(start_ms)}; it printed:\n{self.output() or '(nothing)'}"
                )
            await sleep(POLL_MS)
            waited_ms += POLL_MS

    async def restart(self) -> None:
        """Kill it without a word, and start it again.

        Raises `InputError` where something answers still, and `UnreachableError` as `start` does.
        """
        await self._terminate(signal.SIGKILL)
        if await _is_answering(self._url):
            raise InputError(
                f"what `{self._command}` started is no child of it, as with a daemon or a "
                "container, and cannot be killed with it"
            )
        await self.start()

    async def stop(self) -> None:
        """End it with SIGTERM, and with SIGKILL if it does not end in time."""
        await self._terminate(signal.SIGTERM, signal.SIGKILL)

    def output(self) -> str:
        """Return the end of what it printed."""
        self._output.seek(0)
        text = self._output.read().decode("utf-8", "replace").strip()
        return text if len(text) <= MAX_OUTPUT_CHARS else f"…{text[-MAX_OUTPUT_CHARS:]}"

    @property
    def exit_code(self) -> int | None:
        """The exit code of its shell, or None while it runs."""
        return self._process.returncode if self._process else None

    async def _terminate(self, *stop_signals: signal.Signals) -> None:
        """Send each signal to the process group until the process ends, then kill what is left."""
        if self._process is None:
            return
        group = self._process.pid
        for stop_signal in stop_signals:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(group, stop_signal)
            with suppress(TimeoutError):
                async with asyncio.timeout(self._end_ms / 1000):
                    await self._process.wait()
        # The shell may end before its children, and then only init can reap them.
        waited_ms = 0.0
        with suppress(ProcessLookupError, PermissionError):
            while waited_ms < self._end_ms:
                os.killpg(group, signal.SIGKILL)
                await sleep(POLL_MS)
                waited_ms += POLL_MS


@asynccontextmanager
async def start_receiver(
    command: str,
    url: str,
    secret: str,
    *,
    probe_file: Path | None = None,
    start_ms: float = START_MS,
    end_ms: float = END_MS,
) -> AsyncIterator[ReceiverProcess]:
    """Start a receiver by a shell command, and wait until it answers; end it and its children.

    Its environment has `PORT`, `PIVOTAL_WEBHOOK_SECRET` and, if there is one,
    `PIVOTAL_PROBE_FILE`. It has `start_ms` to answer, and `end_ms` to end when asked to, before it
    is killed. Raises `InputError` if the port is taken already, and `UnreachableError`, with what
    it printed, if it ends or does not answer in time.
    """
    if await _is_answering(url):
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
        receiver = ReceiverProcess(command, url, environment, output, end_ms)
        try:
            await receiver.start(start_ms)
            yield receiver
        finally:
            await receiver.stop()


async def _is_answering(url: str) -> bool:
    """Return whether a plain GET to this origin is answered."""
    address = parse_url(url)
    if address.scheme == "https":
        raise InputError("A receiver that --start starts is reached by http://.")
    pool = Pool(AddressGuard())
    try:
        headers = (("host", address.authority), ("accept", "*/*"))
        request = Request("GET", f"{address.origin}/", headers, b"")
        outcome = await pool.exchange(request, timeout_ms=ASK_MS)
        return outcome.response is not None or outcome.error == "protocol"
    finally:
        await pool.close()
