"""Probes: ask the receiver's side how often an event took effect."""

import asyncio
import json
import os
import signal
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from pivotal_sandbox.common.urls import parse_url
from pivotal_sandbox.domain.models import Request
from pivotal_sandbox.errors import InputError
from pivotal_sandbox.sender.egress import AddressGuard
from pivotal_sandbox.sender.sender import Sender

PLACEHOLDER = "{id}"
MAX_CONCURRENT = 4  # concurrent calls of the probe
TIMEOUT_MS = 10_000


class ProbeError(Exception):
    """A probe failed; the text says why."""


class Probe(Protocol):
    """Counts the effects of events."""

    async def counts(self, ids: Sequence[str]) -> dict[str, int]:
        """Return the count of each id. Raises `ProbeError`."""
        ...


class ProbeUrl:
    """Asks a URL with `{id}` in it, which answers with a number or with `{"count": n}`."""

    def __init__(self, template: str, guard: AddressGuard | None = None) -> None:
        self._template = _require_placeholder(template, "probe URL")
        parse_url(template.replace(PLACEHOLDER, "evt_0"))
        self._guard = guard or AddressGuard()

    async def counts(self, ids: Sequence[str]) -> dict[str, int]:
        sender = Sender(guard=self._guard, timeout_ms=TIMEOUT_MS)

        async def ask(id: str) -> int:
            url = self._template.replace(PLACEHOLDER, id)
            headers = (("host", parse_url(url).authority), ("accept", "application/json"))
            outcome = await sender.send(Request("GET", url, headers, b""))
            if outcome.response is None:
                raise ProbeError(f"GET {url}: {outcome.detail}")
            if outcome.response.status_code != 200:
                raise ProbeError(f"GET {url} was answered {outcome.response.status_code}, not 200")
            return _parse_count(outcome.response.body, f"GET {url}")

        try:
            return await _ask_all(ask, ids)
        finally:
            await sender.close()


class ProbeCommand:
    """Runs a shell command with `{id}` in it, which prints a number or `{"count": n}`."""

    def __init__(self, template: str) -> None:
        self._template = _require_placeholder(template, "probe command")

    async def counts(self, ids: Sequence[str]) -> dict[str, int]:
        return await _ask_all(self._run, ids)

    async def _run(self, id: str) -> int:
        command = self._template.replace(PLACEHOLDER, id)
        process = await asyncio.create_subprocess_shell(
            command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(TIMEOUT_MS / 1000):
                stdout, stderr = await process.communicate()
        except TimeoutError:
            raise ProbeError(f"`{command}` did not end in {TIMEOUT_MS // 1000} s") from None
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        if process.returncode:
            reason = stderr.decode("utf-8", "replace").strip().splitlines()[-1:] or ["silently"]
            raise ProbeError(f"`{command}` ended with exit code {process.returncode}: {reason[0]}")
        return _parse_count(stdout, f"`{command}`")


class ProbeFile:
    """Counts the lines of a file of JSON objects that have the event's `id`.

    A file that is not there yet is empty; the last line counts once it is ended.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    async def counts(self, ids: Sequence[str]) -> dict[str, int]:
        try:
            content = await asyncio.to_thread(self._path.read_bytes)
        except FileNotFoundError:
            return dict.fromkeys(ids, 0)
        except OSError as error:
            raise ProbeError(f"{self._path} cannot be read: {error.strerror}") from error
        counts: Counter[object] = Counter()
        for number, line in enumerate(content.split(b"\n")[:-1], start=1):
            if not line.strip():
                continue
            try:
                value = json.loads(line)
                counts[value["id"]] += 1
            except (ValueError, KeyError, TypeError):
                raise ProbeError(
                    f'{self._path}, line {number}: not a JSON object with an "id"'
                ) from None
        return {id: counts[id] for id in ids}


class ProbeCallable:
    """Asks a Python function of the event's id, plain or async."""

    def __init__(self, function: Callable[[str], int | Awaitable[int]]) -> None:
        self._function = function

    async def counts(self, ids: Sequence[str]) -> dict[str, int]:
        counts = {}
        for id in ids:
            answer: object = self._function(id)
            if isinstance(answer, Awaitable):
                answer = await answer
            if isinstance(answer, bool) or not isinstance(answer, int):
                raise ProbeError(f"the probe's answer {answer!r} is not an int")
            counts[id] = answer
        return counts


def as_probe(probe: "Probe | Callable[[str], int | Awaitable[int]]") -> Probe:
    """Return the probe itself, or a probe that calls the function."""
    if isinstance(probe, ProbeUrl | ProbeCommand | ProbeFile | ProbeCallable):
        return probe
    return ProbeCallable(probe) if callable(probe) else probe


async def _ask_all(ask: Callable[[str], Awaitable[int]], ids: Sequence[str]) -> dict[str, int]:
    """Return the answer for each id; a few are asked for at the same time."""
    slots = asyncio.Semaphore(MAX_CONCURRENT)

    async def ask_when_free(id: str) -> tuple[str, int]:
        async with slots:
            return id, await ask(id)

    return dict(await asyncio.gather(*[ask_when_free(id) for id in ids]))


def _parse_count(answer: bytes, source: str) -> int:
    text = answer.decode("utf-8", "replace").strip()
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if isinstance(value, dict):
        value = value.get("count")
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ProbeError(
            f'{source} says {text[:80]!r}, which is neither a number nor {{"count": n}}'
        )
    return value


def _require_placeholder(template: str, name: str) -> str:
    if PLACEHOLDER not in template:
        raise InputError(
            f"The {name} {template!r} has no {PLACEHOLDER}, where the event's id goes."
        )
    return template
