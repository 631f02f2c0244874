"""`kill -9` at any moment: what was answered 202 is kept, and no attempt is invented."""

import http.client
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

import pytest

from pivotal_sandbox.clock import wall_time

ROOT = Path(__file__).parents[2]
ROUNDS = 50
POSTERS = 4
DEADLINE = 20  # seconds


class Receiver(BaseHTTPRequestHandler):
    """Counts what arrives, by delivery, before it answers."""

    protocol_version = "HTTP/1.1"
    arrived: ClassVar[Counter[str]] = Counter()
    lock: ClassVar[threading.Lock] = threading.Lock()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        with self.lock:
            self.arrived[self.headers["pivotal-delivery-id"]] += 1
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing: a sender that dies is what this is about."""


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Say nothing, likewise."""


@pytest.fixture
def receiver() -> Iterator[str]:
    """The URL of a receiver that answers 200."""
    Receiver.arrived.clear()
    with Server(("127.0.0.1", 0), Receiver) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


class Sandboxes:
    """Starts one after the other on one database."""

    def __init__(self, folder: Path, to: str) -> None:
        self.database, self.ready = folder / "sandbox.db", folder / "ready.json"
        self._starter = subprocess.Popen(
            [sys.executable, "-m", "tests.reliability.starter", self.database, self.ready, to],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
            cwd=ROOT,
        )

    def start(self) -> int:
        """Return the id of a new process."""
        self.ready.unlink(missing_ok=True)
        assert self._starter.stdin
        assert self._starter.stdout
        self._starter.stdin.write("\n")
        return int(self._starter.stdout.readline())

    def url(self) -> str:
        """Return where it answers, once it does."""
        end = wall_time() + DEADLINE
        while not self.ready.exists():
            assert wall_time() < end, "the sandbox did not start"
            threading.Event().wait(0.002)
        return str(json.loads(self.ready.read_text())["url"])

    def kill(self, pid: int) -> None:
        """End the process at once, and wait until its hold of the database is gone."""
        os.kill(pid, signal.SIGKILL)
        end = wall_time() + DEADLINE
        while _lives(pid):
            assert wall_time() < end
            threading.Event().wait(0.001)

    def close(self) -> None:
        self._starter.kill()
        self._starter.communicate()


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def call(connection: http.client.HTTPConnection, method: str, path: str, body: object) -> object:
    """Return the answer's JSON, or None where it is not a success."""
    connection.request(method, path, json.dumps(body), {"content-type": "application/json"})
    answer = connection.getresponse()
    content = answer.read()
    return json.loads(content) if answer.status < 300 else None


def post(url: str, accepted: list[str]) -> None:
    """Post events until nobody answers; note those that were answered 202."""
    with closing(http.client.HTTPConnection(urlsplit(url).netloc, timeout=DEADLINE)) as connection:
        try:
            while True:
                answer = call(connection, "POST", "/api/events", {"type": "customer.updated"})
                if isinstance(answer, dict):
                    accepted.append(answer["event"]["id"])
        except (OSError, http.client.HTTPException):
            return


def undelivered(url: str) -> bool:
    with closing(http.client.HTTPConnection(urlsplit(url).netloc, timeout=DEADLINE)) as connection:
        answer = call(connection, "GET", "/api/deliveries?status=pending&limit=1", None)
        assert isinstance(answer, dict)
        return bool(answer["items"])


def test_what_was_accepted_survives_kill_9_at_any_moment(tmp_path: Path, receiver: str) -> None:
    source = random.Random(9)
    accepted: list[str] = []
    sandboxes = Sandboxes(tmp_path, receiver)
    try:
        for number in range(ROUNDS):
            pid = sandboxes.start()
            if number % 5 == 4:  # while it starts, too
                threading.Event().wait(source.uniform(0, 0.1))
                sandboxes.kill(pid)
                continue
            url = sandboxes.url()
            posters = [threading.Thread(target=post, args=(url, accepted)) for _ in range(POSTERS)]
            for poster in posters:
                poster.start()
            threading.Event().wait(source.uniform(0, 0.15))
            sandboxes.kill(pid)
            for poster in posters:
                poster.join()
        pid = sandboxes.start()
        url = sandboxes.url()
        end = wall_time() + DEADLINE
        while undelivered(url):
            assert wall_time() < end
            threading.Event().wait(0.05)
        sandboxes.kill(pid)
    finally:
        sandboxes.close()

    with closing(sqlite3.connect(sandboxes.database)) as log:
        assert log.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        kept = {id for (id,) in log.execute("SELECT id FROM events")}
        deliveries = log.execute("SELECT event_id, id, status, attempt_count FROM deliveries")
        states = {event: (id, status, count) for event, id, status, count in deliveries}
        attempts = Counter(id for (id,) in log.execute("SELECT delivery_id FROM attempts"))
        interrupted = Counter(
            id
            for (id,) in log.execute("SELECT delivery_id FROM attempts WHERE error = 'interrupted'")
        )
    assert len(accepted) > ROUNDS
    assert set(accepted) - kept == set()
    assert {status for _, status, _ in states.values()} <= {"delivered", "retrying"}
    assert set(accepted) - set(states) == set()
    for id, status, count in states.values():
        # Each request is an attempt; one that a kill interrupted may not have reached the receiver.
        assert count == attempts[id] >= Receiver.arrived[id], id
        assert attempts[id] - interrupted[id] <= Receiver.arrived[id], id
        assert status != "delivered" or Receiver.arrived[id] >= 1
