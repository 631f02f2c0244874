"""`demo`: it tells its story, shows where to look, asks nothing, and ends by itself."""

import os
import pty
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable

import pytest
from click.testing import Result

from pivotal_sandbox.cli.commands import demo as module

Run = Callable[..., Result]
COMMAND = [sys.executable, "-m", "pivotal_sandbox", "demo"]


def test_the_story_is_told_plainly_in_a_pipe(run: Run) -> None:
    done = run("demo", "--speed", "100000")
    assert done.exit_code == 0, done.output
    assert "\x1b" not in done.stdout
    lines = done.stdout.splitlines()
    assert lines[0] == "Two minutes of webhooks"
    assert re.fullmatch(r"Look into it while it runs: http://127\.0\.0\.1:\d+", lines[1])
    for said in ("503  retry in", "failed for good after 15 attempts", "delivered (replay)"):
        assert said in done.stdout
    assert "✓ All 7 expectations hold." in done.stdout
    assert lines[-5] == "To try next:"
    assert "check URL" in lines[-1]


def test_at_its_own_speed_it_takes_two_minutes(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses = []

    async def pause(milliseconds: float) -> None:
        pauses.append(milliseconds)

    monkeypatch.setattr(module, "sleep", pause)
    assert run("demo").exit_code == 0
    assert 100_000 < sum(pauses) < 130_000
    assert max(pauses) < 12_000


def test_the_inspector_answers_while_it_runs_and_ctrl_c_ends_it() -> None:
    process = subprocess.Popen(
        [*COMMAND, "--speed", "0.1"],
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        process.stdout.readline()
        url = process.stdout.readline().split()[-1]
        with urllib.request.urlopen(url, timeout=10) as answer:
            assert answer.status == 200
            assert b"<html" in answer.read()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=20)
    finally:
        process.kill()
    assert said == "Stopped.\n"
    assert process.returncode == 0


def test_at_a_terminal_it_has_colour_and_a_bar_for_the_day() -> None:
    main, terminal = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "--speed", "100000"],
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "110"},
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
    )
    os.close(terminal)
    shown = b""
    while True:
        try:
            part = os.read(main, 65536)
        except OSError:  # the other side is closed
            break
        if not part:
            break
        shown += part
    os.close(main)
    assert process.wait(20) == 0
    text = shown.decode()
    assert "╭" in text
    assert "━━━━━" in text
    assert "\x1b[32m" in text
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    assert "Look into it while it runs: http://127.0.0.1:" in plain
    prose = [line for line in plain.splitlines() if line.startswith("  Nothing is lost.")]
    assert prose
    assert all(len(line.rstrip()) <= module.PROSE for line in prose)


@pytest.mark.parametrize("speed", ["0", "-1", "fast"])
def test_a_speed_that_is_none_is_refused(run: Run, speed: str) -> None:
    done = run("demo", "--speed", speed)
    assert done.exit_code == 2
    assert "--speed" in done.stderr


def test_a_port_that_is_taken_is_told(run: Run) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = run("demo", "--port", str(taken.getsockname()[1]))
    assert done.exit_code == 2
    assert "port" in done.stderr
