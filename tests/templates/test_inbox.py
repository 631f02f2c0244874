"""The inbox of the Python templates: it needs no framework, so it is tried here in processes."""

import json
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from pivotal_sandbox.templates import find, render, write

DEADLINE = 30
EVENTS = 60

# What every script begins with: `event(n)`, and a function for its type that notes each call.
HEAD = """
import json, os, sqlite3, sys, time
import handlers, inbox as module
from event import Event
from inbox import inbox

def event(n):
    body = {"id": f"evt_{n}", "type": "customer.created", "created_at": "2026-01-01T00:00:00.000Z"}
    return Event.parse(json.dumps(body | {"data": {}}).encode())

def wait(condition):
    limit = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < limit, "it never came"
        time.sleep(0.005)

def rows(sql):
    with sqlite3.connect("pivotal.db", timeout=5) as db:
        return db.execute(sql).fetchall()

def left():
    return rows("SELECT count(*) FROM pivotal_event WHERE done_at IS NULL")[0][0]

with sqlite3.connect("pivotal.db", timeout=5) as db:
    db.execute("CREATE TABLE IF NOT EXISTS done (id TEXT)")
"""
NOTE = """
@handlers.on("customer.created")
def note(event, db):
    db.execute("INSERT INTO done VALUES (?)", (event.id,))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project whose inbox is that of all Python templates but Django's and AWS Lambda's."""
    write(render(find("starlette"), project="hooks"), tmp_path / "hooks")
    return tmp_path / "hooks"


def begin(folder: Path, script: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", HEAD + script],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(folder: Path, script: str) -> str:
    """Run a script to its end, and return what it logged."""
    process = begin(folder, script)
    _, logged = process.communicate(timeout=DEADLINE)
    assert process.returncode == 0, logged
    return logged


def done(folder: Path) -> Counter[str]:
    """Return how often each event had its effect."""
    with sqlite3.connect(folder / "pivotal.db", timeout=5) as db:
        return Counter(id for (id,) in db.execute("SELECT id FROM done"))


def test_an_event_is_done_once_however_often_it_comes(folder: Path) -> None:
    run(
        folder,
        NOTE
        + """
assert [inbox.accept(event(1)) for _ in range(3)] == [True, False, False]
wait(lambda: not left())
assert not inbox.accept(event(1))
inbox.stop()
""",
    )
    assert done(folder) == {"evt_1": 1}


def test_a_function_that_fails_leaves_nothing_behind_and_is_tried_again(folder: Path) -> None:
    logged = run(
        folder,
        """
module.AGAIN = 0.05
tries = []

@handlers.on("customer.created")
def fragile(event, db):
    db.execute("INSERT INTO done VALUES (?)", (event.id,))
    tries.append(event.id)
    if tries.count(event.id) < 3 and event.id == "evt_1":
        raise RuntimeError("not today")

inbox.accept(event(1))
inbox.accept(event(2))
wait(lambda: not left())
inbox.stop()
assert tries.count("evt_1") == 3, tries
""",
    )
    assert done(folder) == {"evt_1": 1, "evt_2": 1}
    assert logged.count("evt_1 failed") == 2
    assert "not today" in logged


def test_a_type_without_a_function_is_done_too(folder: Path) -> None:
    run(
        folder,
        """
del handlers.HANDLERS["customer.created"]
inbox.accept(event(1))
wait(lambda: not left())
inbox.stop()
""",
    )
    assert done(folder) == {}


def test_what_was_kept_survives_a_kill_and_is_done_after_the_restart(folder: Path) -> None:
    slow = NOTE.replace("    db.", "    time.sleep(0.02)\n    db.")
    process = begin(
        folder,
        slow + f"for n in range({EVENTS}): inbox.accept(event(n))\nprint('kept', flush=True)\n"
        "wait(lambda: False)",
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "kept\n"
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=DEADLINE)
    before = done(folder)
    assert len(before) < EVENTS
    # The one that was under way is left alone for a minute; here the minute is over at once.
    run(
        folder,
        NOTE + "rows('UPDATE pivotal_event SET due_at = 0')\ninbox.start()\n"
        "wait(lambda: not left())\ninbox.stop()",
    )
    assert done(folder) == Counter({f"evt_{n}": 1 for n in range(EVENTS)})


def test_processes_share_an_inbox_and_each_event_is_done_once(folder: Path) -> None:
    script = NOTE + f"for n in range({EVENTS}): inbox.accept(event(n))\n"
    script += "wait(lambda: not left())\ninbox.stop()"
    processes = [begin(folder, script) for _ in range(3)]
    for process in processes:
        _, logged = process.communicate(timeout=DEADLINE)
        assert process.returncode == 0, logged
    assert done(folder) == Counter({f"evt_{n}": 1 for n in range(EVENTS)})


def test_stopping_waits_for_the_event_under_way_and_leaves_the_others(folder: Path) -> None:
    run(
        folder,
        NOTE.replace("    db.", "    time.sleep(0.2)\n    db.")
        + """
for n in range(3):
    inbox.accept(event(n))
wait(lambda: rows("SELECT count(*) FROM pivotal_event WHERE due_at > unixepoch() + 30")[0][0])
inbox.stop()
assert left() == 2
inbox.accept(event(9))
assert left() == 3
""",
    )
    assert done(folder) == {"evt_0": 1}


def test_what_cannot_be_kept_is_answered_500_and_its_id_stays_free(folder: Path) -> None:
    run(
        folder,
        NOTE
        + """
import base64, hmac
from webhook import receive

os.environ["PIVOTAL_WEBHOOK_SECRET"] = "s"

def signed(n):
    body = event(n).body
    t = str(int(time.time()))
    mac = base64.b64encode(hmac.digest(b"s", t.encode() + b"." + body, "sha256")).decode()
    return [f"v1,t={t},sig={mac}"], body

rows("ALTER TABLE pivotal_event RENAME TO elsewhere")
assert receive(*signed(1)) == 500
rows("ALTER TABLE elsewhere RENAME TO pivotal_event")
assert receive(*signed(1)) == 200
wait(lambda: not left())
inbox.stop()
""",
    )
    assert done(folder) == {"evt_1": 1}


def test_the_probe_is_written_in_development_only(folder: Path) -> None:
    script = NOTE + "inbox.accept(event(1))\nwait(lambda: not left())\ninbox.stop()"
    run(folder, script)
    assert not (folder / "probe.jsonl").exists()
    run(folder, "import pivotal_dev\npivotal_dev.ON = True\n" + script.replace("(1)", "(2)"))
    [line] = (folder / "probe.jsonl").read_text("utf-8").splitlines()
    assert json.loads(line) == {"id": "evt_2", "type": "customer.created"}
