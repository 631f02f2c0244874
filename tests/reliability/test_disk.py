"""A disk that is full while it runs: it says so, and what was accepted is there afterwards."""

import json
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.skipif(
    not hasattr(resource, "prlimit"), reason="only Linux limits the files of another process"
)

DEADLINE = 30  # seconds
TYPE = "customer.created"
ROOM = 2_000_000  # bytes that are left when the events begin


@pytest.fixture
def up(tmp_path: Path) -> Iterator[tuple[int, str]]:
    """The process and the URL of a sandbox whose clock stands still."""
    flags = ["--port", "0", "--db", "sandbox.db", "--speed", "0", "--json"]
    with subprocess.Popen(
        [sys.executable, "-m", "pivotal_sandbox", "up", *flags],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=tmp_path,
    ) as process:
        try:
            assert process.stdout
            yield process.pid, json.loads(process.stdout.readline())["url"]
            assert process.poll() is None
        finally:
            process.terminate()
            process.communicate(timeout=DEADLINE)


def limit(pid: int, size: int) -> None:
    """Let no file of the process grow beyond `size`; Python does not mind the signal."""
    _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, most))


def test_what_was_accepted_before_and_after_the_disk_was_full_is_delivered(
    tmp_path: Path, up: tuple[int, str]
) -> None:
    pid, url = up
    accepted: list[str] = []

    with httpx.Client(base_url=url, timeout=DEADLINE) as client:

        def post() -> httpx.Response:
            answer = client.post("/api/events", json={"type": TYPE})
            if answer.status_code == 202:
                accepted.append(answer.json()["event"]["id"])
            return answer

        def log() -> list[dict[str, Any]]:
            items: list[dict[str, Any]] = client.get(
                "/api/deliveries", params={"event_type": TYPE, "limit": 500}
            ).json()["items"]
            return items

        assert post().status_code == 202
        limit(pid, max(path.stat().st_size for path in tmp_path.iterdir()) + ROOM)
        answers = (post() for _ in range(1000))
        refused = next(answer for answer in answers if answer.status_code != 202)
        assert refused.status_code == 503
        assert refused.headers["content-type"] == "application/problem+json"
        assert str(tmp_path / "sandbox.db") in refused.json()["detail"]
        assert {delivery["event_id"] for delivery in log()} == set(accepted)
        limit(pid, resource.RLIM_INFINITY)
        assert post().status_code == 202
        client.post("/api/clock", json={"advance": "24h"})
        assert {delivery["event_id"] for delivery in log()} == set(accepted)
        assert {delivery["status"] for delivery in log()} == {"delivered"}
    assert len(accepted) > 10
    with closing(sqlite3.connect(tmp_path / "sandbox.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
