"""Correct receivers in their real frameworks, written as one writes them there: no finding."""

import asyncio
import os
import shutil
import socket
import sys
from pathlib import Path

import pytest
from tests.check.receivers import WAITS, find_failures

from pivotal_sandbox.check.model import Report
from pivotal_sandbox.check.options import CheckOptions
from pivotal_sandbox.check.probe import ProbeUrl
from pivotal_sandbox.check.receiver_process import start_receiver
from pivotal_sandbox.check.runner import check

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent / "stacks"
MODULE = "tests.check.stacks"
SECRET = "whsec_7dQ2vX9kLmT4bN8sR1wZ6yH3cF5gJ0pA2eU7iO4rK9t"
COMPILING_MS = 180_000

PYTHON = {
    "flask": f"flask --app {MODULE}.flask_receiver run --port $PORT",
    "fastapi": f"uvicorn {MODULE}.fastapi_receiver:app --port $PORT",
    "starlette": f"uvicorn {MODULE}.starlette_receiver:app --port $PORT",
    "aiohttp": f"{MODULE}.aiohttp_receiver",
    "django": f"{MODULE}.django_receiver",
}
NODE = {
    "express": "exec node express_receiver.mjs",
    "fastify": "exec node fastify_receiver.mjs",
}


async def grade(command: str, folder: Path, start_ms: float = 60_000) -> Report:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{free.getsockname()[1]}"
    url = f"{base}/webhooks/pivotal"
    async with start_receiver(
        f"cd '{folder}' && {command}", url, SECRET, start_ms=start_ms
    ) as receiver:
        probe = ProbeUrl(f"{base}/count/{{id}}")
        report = await check(url, SECRET, CheckOptions(waits=WAITS), probe=probe)
        found = {id: result.observed for id, result in find_failures(report).items()}
        assert found == {}, receiver.output()
    return report


def test_node_packages_are_there_under_ci() -> None:
    """The tests below are skipped without them, which nobody would notice."""
    if os.environ.get("CI") == "true":
        assert (HERE / "node_modules" / "fastify").is_dir()


async def test_python_frameworks_are_clean() -> None:
    reports = await asyncio.gather(
        *[grade(f"exec {sys.executable} -m {command}", ROOT) for command in PYTHON.values()]
    )
    assert {
        name: report.grade for name, report in zip(PYTHON, reports, strict=True)
    } == dict.fromkeys(PYTHON, "A")


@pytest.mark.needs("node")
async def test_node_frameworks_are_clean() -> None:
    if not all((HERE / "node_modules" / name).is_dir() for name in NODE):
        pytest.skip("Express and Fastify are not installed: make test installs them, if npm is")
    reports = await asyncio.gather(*[grade(command, HERE) for command in NODE.values()])
    assert [report.grade for report in reports] == ["A", "A"]


@pytest.mark.needs("go")
async def test_go_is_clean(tmp_path: Path) -> None:
    shutil.copy(HERE / "receiver.go", tmp_path)
    assert (await grade("exec go run receiver.go", tmp_path, COMPILING_MS)).grade == "A"


@pytest.mark.needs("java")
async def test_the_jdk_is_clean() -> None:
    assert (await grade("exec java Receiver.java", HERE, COMPILING_MS)).grade == "A"


@pytest.mark.needs("php")
async def test_php_is_clean(tmp_path: Path) -> None:
    command = f"EVENTS='{tmp_path}' exec php -S 127.0.0.1:$PORT receiver.php"
    assert (await grade(command, HERE)).grade == "A"
